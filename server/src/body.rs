//! Request bodies: read as JSON whatever they call themselves, with an error that says where and what to send instead.

use crate::error::Error;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// All of a body, up to a limit.
pub(crate) async fn whole(body: Body, max: usize) -> Result<Bytes, Error> {
    to_bytes(body, max).await.map_err(|_| Error::LargeBody { max })
}

/// A body that has to be there.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.trim_ascii().is_empty() {
        return Err(Error::UnfitBody { why: "there is no body; a JSON object is wanted".to_owned() });
    }
    // In two steps, so that a text that is no JSON and a JSON that does not fit are told apart.
    let value: Value = serde_json::from_slice(body).map_err(|e| malformed(&e))?;
    serde_json::from_value(value).map_err(|e| Error::UnfitBody { why: e.to_string() })
}

/// A body that may be left out.
pub(crate) fn read_or_nothing(body: &[u8]) -> Result<Option<Value>, Error> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(body).map(Some).map_err(|e| malformed(&e))
}

/// What a JSON value is, with its article.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    let why = if error.to_string().contains("recursion") {
        "the body is nested too deeply; 128 levels are allowed".to_owned()
    } else {
        format!("the body is not JSON: {error}")
    };
    Error::MalformedBody { why }
}
