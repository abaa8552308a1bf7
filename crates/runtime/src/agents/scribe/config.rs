//! Where the endpoint is and what is sent with each request, in the terms of the client library. It owns the check of both.

use super::Secret;
use crate::agent::AgentError;
use async_openai::config::Config;
use reqwest_model::{
    Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use secrecy::ExposeSecret as _;

/// An endpoint.
#[derive(Clone)]
pub(super) struct Endpoint {
    base: String,
    key: Secret,
    headers: HeaderMap,
}

impl Endpoint {
    /// Checks the address and the key.
    pub(super) fn new(url: &str, key: Option<&Secret>) -> Result<Self, AgentError> {
        let wrong = |why: &str| {
            AgentError::new("bad_llm_url", format!("the model's address {why}"))
                .hint("for example TERRARIUM_LLM_URL=http://127.0.0.1:11434/v1")
        };
        let parsed = Url::parse(url).map_err(|_| wrong("is not a URL"))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(wrong("is not an http or https URL"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
            return Err(wrong("has more in it than host and path; a key belongs into TERRARIUM_LLM_KEY"));
        }
        let base = url.trim_end_matches('/').trim_end_matches("/chat/completions").trim_end_matches('/').to_owned();
        let mut headers = HeaderMap::new();
        if let Some(key) = key.map(Secret::expose_secret).filter(|key| !key.is_empty()) {
            let refused =
                |_| AgentError::new("bad_llm_key", "the model's key has characters that cannot be sent in a header");
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(refused)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { base, key: key.cloned().unwrap_or_default(), headers })
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &Secret {
        &self.key
    }
}
