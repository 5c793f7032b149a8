//! The description: it names what the router serves, all of it and nothing else.

use std::collections::BTreeSet;

use chinwag_proto::Code;
use chinwag_server::api::{ApiSettings, OUTSIDE, described};
use serde_json::Value;

use crate::bench::{Server, Setup};

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    found
}

async fn document() -> Value {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.is(200)
}

#[tokio::test]
async fn it_names_every_route_and_no_other() {
    let document = document().await;
    let named: BTreeSet<_> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let mut served: BTreeSet<_> =
        described().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    served.extend(OUTSIDE.iter().map(|route| format!("{} {}", route.method, route.path)));
    assert_eq!(named, served);
}

#[tokio::test]
async fn the_router_serves_what_is_named() {
    let server = Server::start().await;
    for route in described() {
        let path = route.path.replace(['{', '}'], "");
        let answer = server.call(route.method, &path).answer().await;
        assert!(![404, 405].contains(&answer.status.as_u16()), "{answer}");
    }
}

#[tokio::test]
async fn it_is_openapi_3_1_with_the_token_scheme() {
    let document = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    for route in described() {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        assert_eq!(operation["security"].is_array(), route.authenticated, "{} {}", route.method, route.path);
        assert_eq!(
            operation["responses"]["401"].is_object(),
            route.authenticated || route.path == "/users/login"
        );
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document().await;
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_operation_is_told_apart_and_described() {
    let document = document().await;
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: id used twice");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(tags.contains(&operation["tags"][0]), "{name}");
        let path = name.split_once(' ').unwrap().1;
        let in_path: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).map(ToOwned::to_owned).collect();
        let named: BTreeSet<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(named, in_path, "{name}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name}");
            assert!(parameter["schema"].is_object(), "{name}");
        }
    }
}

#[tokio::test]
async fn every_error_code_is_named_at_the_calls_that_answer_it() {
    let document = document().await;
    let schema = &document["components"]["schemas"]["Code"]["enum"];
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(schema, &serde_json::json!(codes));
    for code in Code::ALL.iter().filter(|code| **code != Code::MethodNotAllowed) {
        let named = operations(&document).iter().any(|(_, operation)| {
            let response = &operation["responses"][code.status().to_string()];
            response["description"]
                .as_str()
                .is_some_and(|text| text.contains(&format!("`{}`", code.as_str())))
                && response["content"]["application/problem+json"]["schema"]["$ref"]
                    == "#/components/schemas/Problem"
        });
        assert!(named, "{}", code.as_str());
    }
}

#[tokio::test]
async fn the_page_for_people_shows_every_operation_and_type_and_asks_no_other_host() {
    let server = Server::start().await;
    let answer = server.get("/docs").await;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(!answer.headers["content-security-policy"].to_str().unwrap().contains("unsafe"));
    let page = String::from_utf8(answer.body).unwrap();
    let document = document().await;
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert_eq!(page.matches(&format!("<article id=\"{id}\">")).count(), 1, "{name}");
        assert_eq!(page.matches(&format!("href=\"#{id}\"")).count(), 1, "{name}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert_eq!(page.matches(&format!("id=\"type-{name}\"")).count(), 1, "{name}");
    }
    for forbidden in ["http://", "https://", "<script", "style=", "javascript:", "<img", "<iframe"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for link in links {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{link}"),
            None => assert_eq!(server.get(link).await.status, 200, "{link}"),
        }
    }
    let style = server.get("/docs/style.css").await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert!(!String::from_utf8(style.body).unwrap().contains("url("));
}

#[tokio::test]
async fn an_operator_may_serve_no_description() {
    let settings = ApiSettings { docs: false, ..ApiSettings::default() };
    let server = Server::with(Setup { settings, ..Setup::default() }).await;
    for path in ["/docs", "/openapi.json", "/docs/style.css"] {
        server.get(path).await.refused(Code::NotFound);
    }
    server.person("bob").await.get("/users/me").await.is(200);
}
