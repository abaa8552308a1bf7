//! Reads wire types out of parsed JSON, field by field. Owns the one way in which events, control frames and summaries
//! are read, on every side; never writes them, which stays with serde.
//!
//! Why not derived: serde reads a tagged or flattened shape through a buffer of its own, and makes a copy of all that code
//! per type. In the browser that was a fifth of the page. Here a type is a list of its fields. Fields it does not know are
//! passed over, so that an older page survives a newer gateway.

use serde_json::{Map, Value};

/// A type that can be read out of parsed JSON.
pub trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`Wrong`], naming the field.
    fn from_json(value: Value) -> Result<Self, Wrong>;
}

/// What was found where something else was expected. In a box, so that each value that is read needs little room for it,
/// which saves the page 1.6 kB; so it is only made where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {}", .0.field, .0.expected)]
pub struct Wrong(Box<What>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct What {
    field: &'static str,
    expected: &'static str,
}

impl Wrong {
    /// Something else than `expected`. Which field it is, is added by the object around it.
    #[must_use]
    #[inline(never)]
    pub fn expected(expected: &'static str) -> Self {
        Self(Box::new(What { field: "", expected }))
    }

    #[inline(never)]
    fn of(mut self, field: &'static str) -> Self {
        self.0.field = field;
        self
    }
}

/// The fields of an object, to be taken one by one.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of `value`.
    ///
    /// # Errors
    /// It is not an object.
    pub fn of(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Wrong::expected("an object")),
        }
    }

    /// Takes a field. One that is not there reads as `null`, which an [`Option`] takes for nothing.
    ///
    /// # Errors
    /// The field is not what a `T` is read from.
    pub fn take<T: FromJson>(&mut self, field: &'static str) -> Result<T, Wrong> {
        T::from_json(self.raw(field)).map_err(|wrong| wrong.of(field))
    }

    fn raw(&mut self, field: &str) -> Value {
        self.0.get_mut(field).map_or(Value::Null, Value::take)
    }
}

impl FromJson for Value {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        Ok(value)
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Wrong::expected("a text")),
        }
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_bool().ok_or_else(|| Wrong::expected("true or false"))
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_u64().ok_or_else(|| Wrong::expected("a whole number"))
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let number = value.as_u64().and_then(|n| n.try_into().ok());
        number.ok_or_else(|| Wrong::expected("a whole number below 2^32"))
    }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_i64().ok_or_else(|| Wrong::expected("a whole number"))
    }
}

impl FromJson for f64 {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_f64().ok_or_else(|| Wrong::expected("a number"))
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let Value::Array(values) = value else { return Err(Wrong::expected("a list")) };
        let mut list = Self::with_capacity(values.len());
        for value in values {
            list.push(T::from_json(value)?);
        }
        Ok(list)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        T::from_json(value).map(Self::new)
    }
}

/// Reads a struct by the names of its fields, as `record!(Gap { agent_id, missed, from_seq, to_seq })`; a field that is
/// left out does not compile. `dropped = 0` says what a field is where it is not there. Gives it `from_fields`, for what stands beside other fields, [`FromJson`], and serde's
/// `Deserialize`.
#[macro_export]
macro_rules! record {
    (@take $fields:ident $field:ident) => { $fields.take(stringify!($field))? };
    (@take $fields:ident $field:ident $default:expr) => { $fields.take::<Option<_>>(stringify!($field))?.unwrap_or($default) };
    ($name:ident { $($field:ident $(= $default:expr)?),* $(,)? }) => {
        impl $name {
            pub(crate) fn from_fields(fields: &mut $crate::read::Fields) -> Result<Self, $crate::read::Wrong> {
                Ok(Self { $($field: $crate::record!(@take fields $field $($default)?)),* })
            }
        }

        impl $crate::read::FromJson for $name {
            fn from_json(value: ::serde_json::Value) -> Result<Self, $crate::read::Wrong> {
                Self::from_fields(&mut $crate::read::Fields::of(value)?)
            }
        }

        $crate::deserialize!($name);
    };
}

/// Gives types that are [`FromJson`] serde's `Deserialize` as well, by the same way of reading.
#[macro_export]
macro_rules! deserialize {
    ($($name:ident),+) => {$(
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::read::FromJson>::from_json(value).map_err(::serde::de::Error::custom)
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgentSummary, Gap};

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = Gap::from_json(serde_json::json!({"agent_id": "host", "missed": "3"})).unwrap_err();
        assert_eq!(wrong.to_string(), "missed: expected a whole number");
        let wrong = serde_json::from_str::<AgentSummary>("[]").unwrap_err();
        assert!(wrong.to_string().contains("expected an object"), "{wrong}");
    }

    #[test]
    fn nothing_and_null_are_the_same_to_an_option_and_to_nothing_else() {
        let mut fields = Fields::of(serde_json::json!({"a": null})).unwrap();
        assert_eq!(fields.take::<Option<u64>>("a"), Ok(None));
        assert_eq!(fields.take::<Option<u64>>("b"), Ok(None));
        assert!(fields.take::<u64>("a").is_err() && fields.take::<Vec<u64>>("b").is_err());
    }
}
