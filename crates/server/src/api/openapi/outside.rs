//! Routes that are part of the contract and served by others: the WebSocket, health, figures.

use chinwag_proto::Code;
use utoipa::openapi::path::{OperationBuilder, PathItem, Paths};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, ResponseBuilder, Type};

use super::super::endpoint::http_method;
use super::add_errors;

/// A route that others serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// `GET`, …
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    status: &'static str,
    says: &'static str,
    media_type: Option<&'static str>,
    errors: &'static [Code],
}

/// All of them. The node's tests hold this table against what it serves.
pub const OUTSIDE: &[Outside] = &[
    Outside {
        method: "GET",
        path: "/ws",
        id: "connect",
        summary: "Opens the WebSocket.",
        description: "Subprotocol `chinwag.v1` (JSON) or `chinwag.v1.cbor`. The first frame is `auth` with the \
                      token; the frames are described in the project's docs/protocol.md.",
        status: "101",
        says: "The connection speaks WebSocket (RFC 6455) from now on.",
        media_type: None,
        errors: &[Code::InvalidRequest, Code::Forbidden, Code::Unavailable],
    },
    Outside {
        method: "GET",
        path: "/healthz",
        id: "health",
        summary: "Whether the process lives.",
        description: "",
        status: "200",
        says: "It does.",
        media_type: None,
        errors: &[],
    },
    Outside {
        method: "GET",
        path: "/readyz",
        id: "readiness",
        summary: "Whether the server takes requests.",
        description: "Every engine answers, and the server does not drain.",
        status: "200",
        says: "It does.",
        media_type: None,
        errors: &[Code::Unavailable],
    },
    Outside {
        method: "GET",
        path: "/metrics",
        id: "metrics",
        summary: "Figures for Prometheus.",
        description: "The operator may ask for a token of its own, or not serve them.",
        status: "200",
        says: "The figures.",
        media_type: Some("text/plain"),
        errors: &[Code::Unauthenticated, Code::NotFound],
    },
];

pub(super) fn add_to(paths: &mut Paths) {
    for route in OUTSIDE {
        let mut response = ResponseBuilder::new().description(route.says);
        if let Some(media_type) = route.media_type {
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            response = response.content(media_type, ContentBuilder::new().schema(Some(text)).build());
        }
        let mut operation = OperationBuilder::new()
            .operation_id(Some(route.id))
            .tag("server")
            .summary(Some(route.summary))
            .description((!route.description.is_empty()).then_some(route.description))
            .response(route.status, response.build())
            .build();
        add_errors(&mut operation, route.errors);
        paths.paths.insert(route.path.to_owned(), PathItem::new(http_method(route.method), operation));
    }
}
