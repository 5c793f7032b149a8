//! The content of a message: refused, or brought into a form that stays.

use chinwag_proto::content::{Content, canonical_json};
use chinwag_proto::{Limits, cbor};
use serde_json::value::RawValue;

use super::{kind_of, way};
use crate::Target;

pub(super) const TARGET: Target = Target { name: "content", check, seeds };

fn seeds() -> Vec<Vec<u8>> {
    [
        r#""hello""#,
        r#"{"type":"poll","text":"Where?","options":["a",{"b":[1,-2,1.5e3,null,true]}],"z":"é\n"}"#,
        r#"{"type":"sealed","text":"","box":"AA=="}"#,
        r#" { "text" : "b" , "type" : "a" } "#,
    ]
    .map(|json| json.as_bytes().to_vec())
    .to_vec()
}

fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    let canonical = canonical_json(text);
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else {
        assert_eq!(canonical, input, "what is no JSON has no other form");
        return way("no JSON");
    };
    let limits = Limits::default();
    match Content::check(raw, &limits) {
        Err(error) => way(kind_of(&error)),
        Ok(content) => {
            assert!(Content::check(content.raw(), &limits) == Ok(content.clone()), "checked twice");
            assert!(Content::from_json(content.json().to_owned()).is_some());
            assert_eq!(content.canonical(), canonical);
            let again = String::from_utf8(canonical).map(|text| canonical_json(&text));
            assert_eq!(again.ok(), Some(content.canonical()), "canonical twice");
            // A page of entries puts it three levels deeper; what a client gets has to be readable.
            let page = format!("{{\"entries\":[{{\"content\":{}}}]}}", content.json());
            assert_eq!(cbor::from_json(&page).and_then(|twin| cbor::to_json(&twin)), Ok(page));
            way((content.is_sealed(), content.fallback().is_empty(), content.json().matches('"').count()))
        }
    }
}
