//! Strict reading of requests: an object is an object, nothing unknown in it, and what is wrong is named
//! by its field, without the value.
//!
//! What a derived parser would let pass and this does not: a list in the place of an object, its members
//! in their order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Parses a JSON text that has to be one object and nothing after it.
///
/// # Errors
/// What is wrong, for people: the path of the field, no value.
pub fn parse_object<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str::<Object<T>>(json).map(|object| object.0).map_err(|error| explain::<T>(json, &error))
}

/// Parses once more, only to learn where the error is.
fn explain<T: DeserializeOwned>(json: &str, error: &serde_json::Error) -> String {
    if !error.is_data() {
        return format!("not valid JSON: {}", error_text(error));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let Err(error) = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer) else {
        return error_text(error);
    };
    let text = error_text(error.inner());
    let path = error.path().to_string();
    // An unknown field is named by the error itself, and is the last part of the path.
    let path = match text.starts_with("unknown field") {
        true => path.rsplit_once('.').map_or("", |(parent, _)| parent),
        false => &path,
    };
    if path.is_empty() || path == "." { text } else { format!("`{}`: {text}", bounded(path)) }
}

/// What a serde error says, without the values that it quotes and bounded in length.
pub fn error_text(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let (mut quoted, mut escaped) = (false, false);
    let mut plain = String::with_capacity(text.len());
    for c in bounded(text).chars() {
        if c == '"' && !escaped {
            quoted = !quoted;
            plain.push_str(if quoted { "\"…" } else { "\"" });
        } else if !quoted {
            plain.push(c);
        }
        escaped = quoted && c == '\\' && !escaped;
    }
    plain
}

fn bounded(text: &str) -> &str {
    text.char_indices().nth(240).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}

/// Reads a struct from an object alone.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// Reads a member that is a struct from an object alone.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Members<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }
    deserializer.deserialize_map(Members(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: u8,
        #[serde(default)]
        name: String,
        #[serde(default, deserialize_with = "inner")]
        inner: Vec<Point>,
    }

    fn inner<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Point>, D::Error> {
        Vec::<Object<Point>>::deserialize(deserializer)
            .map(|points| points.into_iter().map(|point| point.0).collect())
    }

    fn refused(json: &str) -> String {
        parse_object::<Point>(json).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        assert_eq!(refused(r#"{"x":1,"y":2}"#), "unknown field `y`, expected one of `x`, `name`, `inner`");
        assert_eq!(refused(r#"{"x":"1"}"#), "`x`: invalid type: string \"…\", expected u8");
        assert_eq!(refused(r#"{"name":"a"}"#), "missing field `x`");
        assert_eq!(refused(r#"{"x":1,"x":1}"#), "duplicate field `x`");
        assert_eq!(
            refused(r#"{"x":1,"inner":[{"x":1},{"x":1,"y":2}]}"#).split(',').next(),
            Some("`inner[1]`: unknown field `y`")
        );
        assert_eq!(
            refused(r#"{"x":1,"inner":[{"x":1},{"x":-1}]}"#),
            "`inner[1].x`: invalid value: integer `-1`, expected u8"
        );
    }

    #[test]
    fn a_list_is_no_object() {
        assert_eq!(refused("[1]"), "invalid type: sequence, expected an object");
        assert_eq!(
            refused(r#"{"x":1,"inner":[[1]]}"#),
            "`inner[0]`: invalid type: sequence, expected an object"
        );
    }

    #[test]
    fn what_is_no_json_is_said_to_be_none() {
        for bad in ["", "{", r#"{"x":1} 2"#, r#"{"x":1"#, "{x:1}"] {
            assert!(refused(bad).starts_with("not valid JSON: "), "{bad}");
        }
    }

    #[test]
    fn no_value_is_repeated_and_no_text_is_long() {
        for value in ["secret", "se\\\"secret", "\\\\\\\"secret", "\\u0022secret"] {
            let text = refused(&format!(r#"{{"x":"{value}"}}"#));
            assert!(!text.contains("secret"), "{text}");
        }
        assert!(refused(&format!(r#"{{"x":1,"{}":2}}"#, "y".repeat(100_000))).len() < 1_000);
    }
}
