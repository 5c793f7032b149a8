//! The content of a message: a text, or an object with `type` and a fallback `text`.
//!
//! Content is validated once and then carried as its compact JSON text, never parsed again.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits::Limits;

/// The `type` of object content that is an end-to-end encrypted envelope; the only content that an
/// encrypted chat takes.
pub const SEALED: &str = "sealed";

/// Content nests no deeper, so that a page of entries stays within what JSON and CBOR parsers follow
/// (128 and 100 levels here).
pub const DEPTH_MAX: usize = 64;

/// Why content was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum ContentError {
    /// Neither a string nor an object.
    #[error("content is a string or an object with `type` and `text`")]
    Kind,
    /// An object without string members `type` and `text`.
    #[error("object content needs the string members `type` and `text`")]
    Object,
    /// An empty text.
    #[error("content is empty")]
    Empty,
    /// Nested too deeply.
    #[error("content has more than {DEPTH_MAX} levels")]
    Deep,
    /// Above its limit.
    #[error("content is too large: text up to {text} bytes, an object up to {object} bytes of compact JSON")]
    TooLarge {
        /// The limit of text.
        text: usize,
        /// The limit of objects.
        object: usize,
    },
}

/// Valid content as compact JSON text; cheap to clone.
#[derive(Clone)]
pub struct Content(Arc<RawValue>);

impl Content {
    /// Checks content as a client sent it and brings it into compact form.
    pub fn check(raw: &RawValue, limits: &Limits) -> Result<Self, ContentError> {
        let too_large = ContentError::TooLarge { text: limits.text_bytes, object: limits.object_bytes };
        let value: Value = serde_json::from_str(raw.get()).map_err(|_| ContentError::Kind)?;
        match &value {
            Value::String(text) if text.is_empty() => return Err(ContentError::Empty),
            Value::String(text) if text.len() > limits.text_bytes => return Err(too_large),
            Value::String(_) => {}
            Value::Object(object) => {
                let is_text = |key| object.get(key).is_some_and(Value::is_string);
                if !is_text("type") || !is_text("text") {
                    return Err(ContentError::Object);
                }
                if levels(&value) > DEPTH_MAX {
                    return Err(ContentError::Deep);
                }
            }
            _ => return Err(ContentError::Kind),
        }
        let content = Self::of(&value).ok_or(ContentError::Kind)?;
        if value.is_object() && content.json().len() > limits.object_bytes {
            return Err(too_large);
        }
        Ok(content)
    }

    /// Plain text content, unchecked against the limits.
    pub fn text(text: &str) -> Self {
        Self::of(&Value::String(text.to_owned())).unwrap_or_else(Self::null)
    }

    /// Content that was checked when it was accepted, read back from a store or a server.
    /// `None` when it is no JSON at all.
    pub fn from_json(json: String) -> Option<Self> {
        RawValue::from_string(json).ok().map(|raw| Self(raw.into()))
    }

    /// The compact JSON text.
    pub fn json(&self) -> &str {
        self.0.get()
    }

    /// The JSON text as serde_json splices it into an answer.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// What an old client would show: the text itself, or the object's `text`.
    pub fn fallback(&self) -> String {
        match serde_json::from_str(self.json()) {
            Ok(Value::String(text)) => text,
            Ok(Value::Object(object)) => {
                object.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        }
    }

    /// Whether this is an end-to-end encrypted envelope.
    pub fn is_sealed(&self) -> bool {
        #[derive(Deserialize)]
        struct Peek<'a> {
            #[serde(borrow, rename = "type")]
            kind: std::borrow::Cow<'a, str>,
        }
        self.json().starts_with('{')
            && serde_json::from_str::<Peek<'_>>(self.json()).is_ok_and(|peek| peek.kind == SEALED)
    }

    /// The RFC 8785 form: what idempotency compares and what digests are taken over.
    pub fn canonical(&self) -> Vec<u8> {
        canonical_json(self.json())
    }

    fn of(value: &Value) -> Option<Self> {
        serde_json::value::to_raw_value(value).ok().map(|raw| Self(raw.into()))
    }

    fn null() -> Self {
        Self(RawValue::NULL.to_owned().into())
    }
}

/// How many lists and objects lie within each other; the parser has bounded them.
fn levels(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

/// JSON text in RFC 8785 form; the text itself where it has none (it is no JSON).
pub fn canonical_json(json: &str) -> Vec<u8> {
    serde_json::from_str::<Value>(json)
        .ok()
        .and_then(|value| serde_json_canonicalizer::to_vec(&value).ok())
        .unwrap_or_else(|| json.as_bytes().to_vec())
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for Content {}

/// Prints the length alone: content never reaches a log.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.json().len())
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(raw.into()))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Content {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("type", String::schema())
            .property("text", String::schema())
            .required("type")
            .required("text");
        Schema::OneOf(OneOfBuilder::new().item(String::schema()).item(object).build()).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Content {
    fn name() -> std::borrow::Cow<'static, str> {
        "Content".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<String, ContentError> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        Content::check(&raw, &Limits::default()).map(|content| content.json().to_owned())
    }

    #[test]
    fn text_and_typed_objects_are_content() {
        assert_eq!(check("\"hi\""), Ok("\"hi\"".to_owned()));
        assert_eq!(
            check("{ \"type\": \"poll\",\n \"text\": \"\", \"b\": [1, 2] }"),
            Ok("{\"type\":\"poll\",\"text\":\"\",\"b\":[1,2]}".to_owned())
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for (json, error) in [
            ("\"\"", ContentError::Empty),
            ("null", ContentError::Kind),
            ("3", ContentError::Kind),
            ("[]", ContentError::Kind),
            ("{}", ContentError::Object),
            ("{\"type\":\"a\"}", ContentError::Object),
            ("{\"type\":1,\"text\":\"a\"}", ContentError::Object),
        ] {
            assert_eq!(check(json), Err(error), "{json}");
        }
    }

    #[test]
    fn the_limit_of_text_counts_bytes_not_escapes() {
        let limit = Limits::default().text_bytes;
        assert!(check(&serde_json::to_string(&"\"".repeat(limit)).unwrap()).is_ok());
        assert!(matches!(
            check(&format!("\"{}\"", "x".repeat(limit + 1))),
            Err(ContentError::TooLarge { .. })
        ));
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let nested = |levels: usize| {
            let inner = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
            check(&format!("{{\"type\":\"a\",\"text\":\"b\",\"c\":{inner}}}"))
        };
        assert!(nested(DEPTH_MAX).is_ok());
        assert_eq!(nested(DEPTH_MAX + 1), Err(ContentError::Deep));
        assert_eq!(nested(5_000), Err(ContentError::Kind));
    }

    #[test]
    fn the_order_of_members_and_spaces_do_not_change_the_canonical_form() {
        let one = Content::from_json("{\"text\":\"a\",\"type\":\"b\"}".to_owned()).unwrap();
        let other = Content::from_json("{\"type\":\"b\", \"text\":\"\\u0061\"}".to_owned()).unwrap();
        assert_eq!(one.canonical(), other.canonical());
    }

    #[test]
    fn sealed_content_is_told_by_its_type() {
        assert!(Content::from_json("{\"type\":\"sealed\",\"text\":\"\"}".to_owned()).unwrap().is_sealed());
        assert!(!Content::text("sealed").is_sealed());
    }
}
