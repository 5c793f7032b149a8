//! The page for people: the OpenAPI document as HTML, without script.

use std::fmt::Write;

use serde_json::{Map, Value};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    it: &'a Value,
}

/// The whole page.
pub(super) fn page(document: &Value) -> String {
    let operations = operations(document);
    let mut html = String::with_capacity(128 * 1024);
    html.push_str(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Chinwag API</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>\n",
    );
    let info = &document["info"];
    let _ = writeln!(
        html,
        "<header><h1>{} API</h1><p>Version {} · <a href=\"/openapi.json\">openapi.json</a></p><p>{}</p></header>",
        escape(text(&info["title"])),
        escape(text(&info["version"])),
        prose(text(&info["description"])),
    );
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    contents(&mut html, tags, &operations);
    html.push_str("<main>\n");
    for tag in tags {
        let name = text(&tag["name"]);
        let _ =
            writeln!(html, "<section><h2>{}</h2><p>{}</p>", escape(name), prose(text(&tag["description"])));
        for operation in operations.iter().filter(|operation| tag_of(operation.it) == name) {
            article(&mut html, operation);
        }
        html.push_str("</section>\n");
    }
    types(&mut html, &document["components"]["schemas"]);
    html.push_str("</main></body></html>\n");
    html
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(it) = item.get(method) {
                found.push(Operation { method, path, it });
            }
        }
    }
    found
}

fn contents(html: &mut String, tags: &[Value], operations: &[Operation<'_>]) {
    html.push_str("<nav aria-label=\"Contents\"><ul>\n");
    for tag in tags {
        let name = text(&tag["name"]);
        let _ = write!(html, "<li>{}<ul>", escape(name));
        for operation in operations.iter().filter(|operation| tag_of(operation.it) == name) {
            let _ = write!(
                html,
                "<li><a href=\"#{}\">{}</a></li>",
                escape(text(&operation.it["operationId"])),
                prose(text(&operation.it["summary"]).trim_end_matches('.')),
            );
        }
        html.push_str("</ul></li>\n");
    }
    html.push_str("<li><a href=\"#types\">Types</a></li></ul></nav>\n");
}

fn article(html: &mut String, operation: &Operation<'_>) {
    let it = operation.it;
    let _ = writeln!(
        html,
        "<article id=\"{}\"><h3><span class=\"method {}\">{}</span> <code>{}</code></h3><p>{}</p>",
        escape(text(&it["operationId"])),
        operation.method,
        operation.method.to_uppercase(),
        escape(operation.path),
        prose(text(&it["summary"])),
    );
    if !text(&it["description"]).is_empty() {
        let _ = writeln!(html, "<p>{}</p>", prose(text(&it["description"])));
    }
    if it["security"].is_array() {
        html.push_str("<p class=\"token\">Needs a token: <code>Authorization: Bearer TOKEN</code></p>\n");
    }
    parameters(html, &it["parameters"]);
    if let Some(body) = it["requestBody"]["content"].as_object() {
        let _ = writeln!(html, "<h4>Body</h4><p>{}</p>", media(body));
    }
    html.push_str("<h4>Answers</h4><dl>\n");
    for (status, response) in it["responses"].as_object().into_iter().flatten() {
        let body = response["content"].as_object().map(media).unwrap_or_default();
        let said = prose(text(&response["description"]));
        let _ = writeln!(html, "<dt>{}</dt><dd>{said} {body}</dd>", escape(status));
    }
    html.push_str("</dl></article>\n");
}

fn parameters(html: &mut String, parameters: &Value) {
    let Some(parameters) = parameters.as_array().filter(|parameters| !parameters.is_empty()) else {
        return;
    };
    html.push_str("<h4>Parameters</h4><dl>\n");
    for parameter in parameters {
        let optional = if parameter["required"] == true { "" } else { ", optional" };
        let _ = writeln!(
            html,
            "<dt><code>{}</code> <small>in the {}{optional}</small></dt><dd>{}: {}</dd>",
            escape(text(&parameter["name"])),
            escape(text(&parameter["in"])),
            kind(&parameter["schema"]),
            prose(text(&parameter["description"])),
        );
    }
    html.push_str("</dl>\n");
}

fn media(content: &Map<String, Value>) -> String {
    let kinds =
        content.iter().map(|(media_type, it)| format!("{} ({})", kind(&it["schema"]), escape(media_type)));
    kinds.collect::<Vec<_>>().join(" or ")
}

fn types(html: &mut String, schemas: &Value) {
    html.push_str("<section id=\"types\"><h2>types</h2>\n");
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let name = escape(name);
        let said = prose(text(&schema["description"]));
        let _ = writeln!(html, "<article id=\"type-{name}\"><h3><code>{name}</code></h3><p>{said}</p>");
        match schema["properties"].as_object() {
            Some(properties) => fields(html, properties, &schema["required"]),
            None => {
                let _ = writeln!(html, "<p>{}</p>", kind(schema));
            }
        }
        html.push_str("</article>\n");
    }
    html.push_str("</section>\n");
}

fn fields(html: &mut String, properties: &Map<String, Value>, required: &Value) {
    html.push_str("<dl>\n");
    for (name, schema) in properties {
        let is_required = required.as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let optional = if is_required { "" } else { " <small>optional</small>" };
        let _ = writeln!(
            html,
            "<dt><code>{}</code>{optional}</dt><dd>{}: {}</dd>",
            escape(name),
            kind(schema),
            prose(said(schema)),
        );
    }
    html.push_str("</dl>\n");
}

/// What a schema says of itself; that of an optional one stands at its first choice.
fn said(schema: &Value) -> &str {
    match text(&schema["description"]) {
        "" => text(&schema["oneOf"][0]["description"]),
        said => said,
    }
}

/// What a schema is, in a few words; named types are links.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#type-{0}\">{0}</a>", escape(name));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(schemas) = schema[several].as_array() {
            return schemas
                .iter()
                .filter(|schema| schema["type"] != "null")
                .map(kind)
                .collect::<Vec<_>>()
                .join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| format!("<code>{}</code>", escape(text(value))));
        return values.collect::<Vec<_>>().join(" · ");
    }
    match &schema["type"] {
        Value::String(name) => simple(name, schema),
        Value::Array(names) => {
            let names = names.iter().map(text).filter(|name| *name != "null");
            names.map(|name| simple(name, schema)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".to_owned(),
    }
}

fn simple(name: &str, schema: &Value) -> String {
    if name == "array" { format!("list of {}", kind(&schema["items"])) } else { escape(name) }
}

fn tag_of(operation: &Value) -> &str {
    text(&operation["tags"][0])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escaped text in which `code` is marked.
fn prose(text: &str) -> String {
    let parts = escape(text);
    let mut html = String::with_capacity(parts.len() + 32);
    for (number, part) in parts.split('`').enumerate() {
        if number % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(part);
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_html_and_stays_text() {
        assert_eq!(prose("a `b<c>` & \"d\""), "a <code>b&lt;c&gt;</code> &amp; &quot;d&quot;");
    }

    #[test]
    fn a_schema_is_said_in_a_few_words() {
        let list = serde_json::json!({"type": "array", "items": {"$ref": "#/components/schemas/Entry"}});
        assert_eq!(kind(&list), "list of <a href=\"#type-Entry\">Entry</a>");
        let maybe = serde_json::json!({"oneOf": [{"type": "null"}, {"type": "string"}]});
        assert_eq!(kind(&maybe), "string", "that it may be left out is said beside it");
        assert_eq!(kind(&serde_json::json!({})), "any JSON");
    }
}
