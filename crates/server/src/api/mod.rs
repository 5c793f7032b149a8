//! REST: one file an endpoint, one table of all of them.
//!
//! A row of [`ENDPOINTS`] makes the route, its place in the OpenAPI document and its row in the
//! authorisation test alike. Rules are not here but in `service` and `chinwag-chat`; `/healthz`,
//! `/readyz`, `/metrics`, `/ws` and the web app are served by others and merged in by the node.

mod blobs;
mod blocks;
mod chats;
mod contacts;
mod devices;
mod docs;
mod endpoint;
pub mod extract;
mod fallback;
mod headers;
mod inbox;
mod keys;
mod members;
mod messages;
mod openapi;
mod presence;
mod reply;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::middleware;

pub use endpoint::{Access, Described, ENDPOINTS, Endpoint, described};
pub use extract::ClientAddr;
pub use openapi::{OUTSIDE, Outside};
pub use reply::ApiError;

use crate::service::Services;
use crate::service::accounts::Accounts;
use docs::Documentation;

/// What the operator has set about REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiSettings {
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
    /// Origins (`https://chat.example.org`) whose pages may call this server from a browser. None by
    /// default: the server's own pages need none.
    pub cors_origins: Vec<String>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self { docs: true, cors_origins: Vec::new() }
    }
}

/// What the endpoints stand on.
pub struct Api {
    pub(crate) services: Arc<Services>,
    pub(crate) accounts: Arc<Accounts>,
    settings: ApiSettings,
    documentation: Documentation,
}

impl Api {
    /// Wires the endpoints to the capabilities and writes the documentation.
    pub fn new(services: Arc<Services>, accounts: Arc<Accounts>, settings: ApiSettings) -> Arc<Self> {
        let documentation = Documentation::of(&openapi::document());
        Arc::new(Self { services, accounts, settings, documentation })
    }

    /// The OpenAPI 3.1 document as JSON text.
    pub fn openapi_json(&self) -> &str {
        &self.documentation.json
    }
}

/// All endpoints of REST. Merge it with the routes of others, then hand the whole to
/// [`with_fallback`].
pub fn router(api: &Arc<Api>) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let documentation = endpoint.access == Access::Documentation;
        if !documentation || api.settings.docs {
            router = endpoint.add_to(router);
        }
    }
    router.layer(middleware::map_response(headers::secure)).with_state(Arc::clone(api))
}

/// The outermost layer of the node's router: unknown paths and methods, CORS.
/// Everything that is to be answered so has to be in `router` already.
pub fn with_fallback(router: Router, settings: &ApiSettings) -> Router {
    let cors = headers::Cors::new(&settings.cors_origins);
    router
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(middleware::from_fn_with_state(cors, headers::cors))
}
