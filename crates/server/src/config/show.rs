//! The settings in force, printed: as TOML with the source of each value, or as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::key::Section;
use super::{Config, Loaded, catalogue};

impl Loaded {
    /// A file that gives the same settings (but for secrets, which print `***`), each with its source.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let values = self.config.to_value();
        for outline in catalogue() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{}]", outline.name);
            for key in outline.keys {
                let source = self.layers.source(outline.name, key.name);
                let _ = match &values[outline.name][key.name] {
                    Value::Null => writeln!(text, "# {} is not set", key.name),
                    // A TOML value of the forms used here is spelt as its JSON twin.
                    value => writeln!(text, "{} = {value}  # {source}", key.name),
                };
            }
        }
        text
    }

    /// `{section: {key: {value, source}}}`.
    pub fn to_json(&self) -> Value {
        let values = self.config.to_value();
        let sections = catalogue().iter().map(|outline| {
            let keys = outline.keys.iter().map(|key| {
                let source = self.layers.source(outline.name, key.name).to_string();
                let value = values[outline.name][key.name].clone();
                (key.name.to_owned(), json!({ "value": value, "source": source }))
            });
            (outline.name.to_owned(), Value::Object(keys.collect()))
        });
        Value::Object(sections.collect())
    }
}

impl Config {
    /// `{section: {key: value}}`; secrets are `***`, what is not set is null.
    pub(super) fn to_value(&self) -> Value {
        fn put<S: Section>(sections: &mut Map<String, Value>, section: &S) {
            let value = serde_json::to_value(section).unwrap_or_default();
            sections.insert(S::OUTLINE.name.to_owned(), value);
        }
        let mut sections = Map::new();
        put(&mut sections, &self.server);
        put(&mut sections, &self.storage);
        put(&mut sections, &self.accounts);
        put(&mut sections, &self.limits);
        put(&mut sections, &self.log);
        put(&mut sections, &self.tls);
        put(&mut sections, &self.cors);
        put(&mut sections, &self.metrics);
        put(&mut sections, &self.docs);
        Value::Object(sections)
    }
}
