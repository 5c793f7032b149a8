//! The documentation, served from the binary: the OpenAPI document, and a page for people that is made
//! of it once at start. No other host is asked for anything.

mod html;
pub(super) mod openapi_json;
pub(super) mod page;
pub(super) mod style;

use utoipa::openapi::OpenApi;

/// What the page's styles are.
const STYLE: &str = include_str!("style.css");

/// The documentation as it is served.
pub(super) struct Documentation {
    /// The OpenAPI document.
    pub(super) json: String,
    page: String,
}

impl Documentation {
    pub(super) fn of(document: &OpenApi) -> Self {
        let value = serde_json::to_value(document).unwrap_or_default();
        Self { json: serde_json::to_string(&value).unwrap_or_default(), page: html::page(&value) }
    }
}
