//! The body, strictly: `application/json`, UTF-8, within its limit, nothing unknown in it; whatever is
//! wrong is named by its field, and no value is repeated.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use chinwag_proto::Code;
use chinwag_proto::frame::parse_error_text;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::super::Api;
use super::super::reply::ApiError;
use super::quoted;

/// The body as `T`, which refuses what it does not know.
pub(in crate::api) struct JsonBody<T>(pub(in crate::api) T);

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        from_json(request, api.services.limits.body_bytes).await.map(Self)
    }
}

/// The same for bodies that carry many keys.
pub(in crate::api) struct KeysBody<T>(pub(in crate::api) T);

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for KeysBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        from_json(request, api.services.limits.keys_body_bytes).await.map(Self)
    }
}

async fn from_json<T: DeserializeOwned>(request: Request, max: usize) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        let detail = "the body has to be JSON, with the header `Content-Type: application/json`";
        return Err(ApiError::new(Code::UnsupportedMediaType, detail));
    }
    parse(&read(&parts.headers, body, max).await?)
}

fn is_json(headers: &HeaderMap) -> bool {
    is_media_type(headers, "application/json")
}

/// Whether the content type is this one, with or without parameters.
pub(in crate::api) fn is_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// The length of the body as its header says it.
pub(in crate::api) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::new(Code::PayloadTooLarge, format!("the body has at most {max} bytes"));
    if announced(headers).is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(why) if why.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(ApiError::invalid("the body did not arrive whole")),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::invalid("the body is not UTF-8"))?;
    // The parser would take a list for an object, its members in their order.
    if text.trim_start().starts_with('[') {
        return Err(ApiError::invalid("the body has to be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        describe(&path, error.inner())
    })?;
    json.end().map_err(|error| describe(".", &error))?;
    Ok(parsed)
}

fn describe(path: &str, error: &serde_json::Error) -> ApiError {
    let text = parse_error_text(error);
    if !error.is_data() {
        return ApiError::invalid(format!("the body is not valid JSON: {text}"));
    }
    // An unknown field is named by the error itself, and is the last part of the path.
    let path = match text.starts_with("unknown field") {
        true => path.rsplit_once('.').map_or("", |(parent, _)| parent),
        false => path,
    };
    ApiError::invalid(if path.is_empty() || path == "." {
        text
    } else {
        format!("`{}`: {text}", quoted(path))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use chinwag_proto::rest::{Login, Register, SendMessage};
    use chinwag_proto::{Content, Limits};

    use super::*;

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        match parse::<T>(json.as_bytes()) {
            Ok(_) => panic!("{} was taken", quoted(json)),
            Err(ApiError(problem)) => problem.detail,
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (json, named) in [
            (r#"{"username":"bob"}"#, "missing field `password`"),
            (
                r#"{"username":7,"password":"12345678"}"#,
                "`username`: invalid type: integer `7`, expected a string",
            ),
            (r#"{"username":"B","password":"12345678"}"#, "`username`: a user name is 3 to 32"),
            (r#"{"username":"bob","password":"12345678","color":1}"#, "unknown field `color`"),
            (r#"{"username":"bob","username":"eve","password":"12345678"}"#, "duplicate field `username`"),
        ] {
            let detail = refused::<Register>(json);
            assert!(detail.starts_with(named), "{json}: {detail}");
        }
        let detail = refused::<Login>(r#"{"username":"bob","password":"x","device":{"name":"d","os":1}}"#);
        assert!(detail.starts_with("`device`: unknown field `os`"), "{detail}");
        let detail = refused::<Login>(r#"{"username":"bob","password":"x","device":{"name":" "}}"#);
        assert!(detail.starts_with("`device.name`: a title or name"), "{detail}");
    }

    #[test]
    fn what_is_no_json_is_said_to_be_none() {
        for json in ["", "{", "[", "[]", "hello", "{\"username\":\"bob\"", "{}{}", "{} x", "\u{0}"] {
            let detail = refused::<Register>(json);
            assert!(detail.contains("JSON") || detail.contains("missing field"), "{json:?}: {detail}");
        }
        assert_eq!(parse::<Register>(b"\"\xff\"").unwrap_err().0.detail, "the body is not UTF-8");
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let refusal = refused::<Register>(&format!("{{\"username\":{deep}}}"));
        assert!(refusal.starts_with("`username`: invalid type: sequence"), "{refusal}");
        let body: SendMessage =
            parse(format!("{{\"receiverId\":\"1\",\"content\":{deep}}}").as_bytes()).unwrap();
        assert!(Content::check(body.content.raw(), &Limits::default()).is_err());
    }

    #[test]
    fn content_passes_through_the_path_finder() {
        let body: SendMessage =
            parse(br#"{"receiverId":"1","content":{"type":"poll","text":"x","n":[1]}}"#).unwrap();
        assert_eq!(body.content.json(), r#"{"type":"poll","text":"x","n":[1]}"#);
    }

    #[test]
    fn no_value_is_repeated() {
        let detail = refused::<Register>(r#"{"username":"bob","password":["hunter22-hunter22"]}"#);
        assert!(!detail.contains("hunter"), "{detail}");
        let detail = refused::<SendMessage>(r#"{"receiverId":"1","content":"x","replyTo":"hunter22"}"#);
        assert!(detail.starts_with("`replyTo`") && !detail.contains("hunter"), "{detail}");
    }

    #[test]
    fn only_json_is_json() {
        let headers = |value: &str| HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;"] {
            assert!(is_json(&headers(good)), "{good}");
        }
        for bad in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", ""] {
            assert!(!is_json(&headers(bad)), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
