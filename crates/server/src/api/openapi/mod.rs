//! The OpenAPI 3.1 document, made from the rows of the table: what each handler says of itself, the
//! errors that its row and its form bring, and the routes that others serve beside REST.

mod outside;

use std::collections::BTreeMap;

use chinwag_proto::{Code, Problem};
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::schema::{Components, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

pub use outside::{OUTSIDE, Outside};

use super::endpoint::{Access, ENDPOINTS, Endpoint};

const BEARER: &str = "bearer";

const TAGS: &[(&str, &str)] = &[
    ("users", "Accounts: register, log in, profile."),
    ("devices", "One's own devices: one installation, one log-in."),
    ("contacts", "Contacts, blocks, presence."),
    ("messages", "Send, read, edit, delete, react."),
    ("chats", "The chat list, groups, raw entries, read marks."),
    ("members", "Who belongs to a group, and in which role."),
    ("keys", "What is kept for encrypted chats: key packages, device chains, backups, notices, blobs."),
    ("server", "The WebSocket, health, figures, this description."),
];

/// The whole document.
pub(super) fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    for endpoint in ENDPOINTS {
        let (named, described, _) = (endpoint.routes)();
        schemas.extend(named);
        for (path, mut item) in described.paths {
            for operation in operations(&mut item) {
                complete(operation, endpoint);
            }
            match paths.paths.get_mut(&path) {
                Some(other) => other.merge_operations(item),
                None => {
                    paths.paths.insert(path, item);
                }
            }
        }
    }
    outside::add_to(&mut paths);
    add_problem(&mut schemas);
    let tags = TAGS.iter().map(|&(name, what)| TagBuilder::new().name(name).description(Some(what)).build());
    OpenApiBuilder::new()
        .info(info())
        .paths(paths)
        .components(Some(components(schemas)))
        .tags(Some(tags))
        .build()
}

fn info() -> utoipa::openapi::Info {
    let text = "Every error is a problem document (RFC 9457) with a stable `code`. Times are RFC 3339, UTC, \
                milliseconds. Ids are opaque strings. Unknown members of a request are refused, the member \
                named; clients ignore members of an answer that they do not know. `PUT` and `DELETE` answer \
                204, `PATCH` 200 with the new state, unless said otherwise.";
    let license =
        LicenseBuilder::new().name("Apache-2.0 OR MIT").identifier(Some("Apache-2.0 OR MIT")).build();
    InfoBuilder::new()
        .title("Chinwag")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(text))
        .license(Some(license))
        .build()
}

fn components(schemas: BTreeMap<String, RefOr<Schema>>) -> Components {
    let mut components = Components::new();
    components.schemas = schemas;
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The `token` that `POST /users/login` answers."))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    components
}

fn add_problem(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let mut named = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut named);
    schemas.extend(named);
}

/// Every operation of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    all.into_iter().filter_map(Option::as_mut)
}

/// Adds what follows from the row and from the form: the token, the error answers.
fn complete(operation: &mut Operation, endpoint: &Endpoint) {
    let mut codes = endpoint.errors.to_vec();
    if endpoint.access == Access::User {
        codes.push(Code::Unauthenticated);
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]);
    }
    let has_parameters = operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
    if has_parameters || operation.request_body.is_some() {
        codes.push(Code::InvalidRequest);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]);
    }
    if endpoint.access != Access::Documentation {
        codes.extend([Code::Internal, Code::Unavailable]);
    }
    add_errors(operation, &codes);
}

/// One answer for each status, naming its codes.
fn add_errors(operation: &mut Operation, codes: &[Code]) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for &code in Code::ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let said: Vec<_> =
            codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(said.join(" "))
            .content("application/problem+json", problem)
            .build();
        operation.responses.responses.insert(status.to_string(), RefOr::T(response));
    }
}
