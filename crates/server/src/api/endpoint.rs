//! The table of endpoints: route, description and who may ask, in one row each.

use std::sync::Arc;

use axum::Router;
use chinwag_proto::Code;
use utoipa::openapi::HttpMethod;
use utoipa_axum::router::UtoipaMethodRouter;

use super::{
    Api, blobs, blocks, chats, contacts, devices, docs, inbox, keys, members, messages, presence, users,
};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token.
    Anyone,
    /// Whoever has a valid token.
    User,
    /// Anybody, where the operator serves the documentation.
    Documentation,
}

/// One row of the table.
pub struct Endpoint {
    /// Who may ask.
    pub access: Access,
    /// The error codes that this endpoint can answer beside those that follow from its form.
    pub errors: &'static [Code],
    pub(super) routes: fn() -> UtoipaMethodRouter<Arc<Api>>,
}

/// Makes the row of the handler `handle` beside it.
macro_rules! endpoint {
    ($access:ident $(, $error:ident)* $(,)?) => {
        /// The row of this endpoint.
        pub(in crate::api) const ENDPOINT: $crate::api::Endpoint = $crate::api::Endpoint {
            access: $crate::api::Access::$access,
            errors: &[$(chinwag_proto::Code::$error),*],
            routes: || utoipa_axum::routes!(handle),
        };
    };
}
pub(super) use endpoint;

/// All endpoints, in the order of the documentation.
pub const ENDPOINTS: &[Endpoint] = &[
    users::register::ENDPOINT,
    users::login::ENDPOINT,
    users::logout::ENDPOINT,
    users::me::ENDPOINT,
    users::update_me::ENDPOINT,
    users::erase_me::ENDPOINT,
    users::change_password::ENDPOINT,
    users::find::ENDPOINT,
    users::profile::ENDPOINT,
    devices::list::ENDPOINT,
    devices::rename::ENDPOINT,
    devices::revoke::ENDPOINT,
    contacts::list::ENDPOINT,
    contacts::add::ENDPOINT,
    contacts::remove::ENDPOINT,
    blocks::list::ENDPOINT,
    blocks::add::ENDPOINT,
    blocks::remove::ENDPOINT,
    presence::ENDPOINT,
    messages::send::ENDPOINT,
    messages::list::ENDPOINT,
    messages::edit::ENDPOINT,
    messages::delete::ENDPOINT,
    messages::react::ENDPOINT,
    messages::unreact::ENDPOINT,
    chats::list::ENDPOINT,
    chats::create::ENDPOINT,
    chats::get::ENDPOINT,
    chats::update::ENDPOINT,
    chats::entries::ENDPOINT,
    chats::mark_read::ENDPOINT,
    members::list::ENDPOINT,
    members::add::ENDPOINT,
    members::set_role::ENDPOINT,
    members::remove::ENDPOINT,
    keys::stock::ENDPOINT,
    keys::publish::ENDPOINT,
    keys::claim::ENDPOINT,
    keys::chain::ENDPOINT,
    keys::append_chain::ENDPOINT,
    keys::backups::ENDPOINT,
    keys::append_backup::ENDPOINT,
    keys::backup::ENDPOINT,
    inbox::ENDPOINT,
    blobs::put::ENDPOINT,
    blobs::get::ENDPOINT,
    docs::openapi_json::ENDPOINT,
    docs::page::ENDPOINT,
    docs::style::ENDPOINT,
];

impl Endpoint {
    pub(super) fn add_to(&self, router: Router<Arc<Api>>) -> Router<Arc<Api>> {
        let (_, paths, methods) = (self.routes)();
        match paths.paths.keys().next() {
            Some(path) => router.route(path, methods),
            None => router,
        }
    }
}

/// A route as tests and documents see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Described {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// With `{parameters}`.
    pub path: String,
    /// Whether it asks for a token.
    pub authenticated: bool,
}

/// Every route of the table.
pub fn described() -> Vec<Described> {
    ENDPOINTS
        .iter()
        .flat_map(|endpoint| {
            let (_, paths, _) = (endpoint.routes)();
            paths.paths.into_iter().flat_map(move |(path, item)| {
                methods_of(&item).into_iter().map(move |method| Described {
                    method,
                    path: path.clone(),
                    authenticated: endpoint.access == Access::User,
                })
            })
        })
        .collect()
}

fn methods_of(item: &utoipa::openapi::PathItem) -> Vec<&'static str> {
    let operations = [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    operations.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method).collect()
}

/// The method of a route as utoipa names it.
pub(super) fn http_method(method: &str) -> HttpMethod {
    match method {
        "PUT" => HttpMethod::Put,
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
