//! Where values come from: default < file < environment < flags; the later wins. Every value remembers
//! its source, and every name that is not known is refused with the nearest one that is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::catalogue;
use super::key::{Form, Key, Outline, Section};

/// The prefix of environment variables.
const PREFIX: &str = "CHINWAG_";

/// How many edits away a name may be and still be suggested.
const NEAR: usize = 3;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said otherwise.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// Values by section and key, each with its source; and all that was wrong with them.
#[derive(Default)]
pub(super) struct Layers {
    values: BTreeMap<(&'static str, &'static str), (Value, Source)>,
    pub(super) problems: Vec<String>,
}

/// Never prints values: some are secrets.
impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(key, (_, source))| (key, source))).finish()
    }
}

impl Layers {
    /// Lays a configuration file over what stands.
    pub(super) fn file(&mut self, path: &Path, text: &str) {
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let before = &text.as_bytes()[..error.span().map_or(0, |span| span.start).min(text.len())];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                let why = error.message().replace('\n', " ");
                self.problems.push(format!("{}:{line}: {why}", path.display()));
                return;
            }
        };
        for (name, value) in table {
            let (Some(outline), Value::Table(keys)) = (section(&name), &value) else {
                let near = nearest(&name, catalogue().iter().map(|outline| outline.name.to_owned()));
                self.problems.push(match section(&name) {
                    Some(_) => format!("{}: `{name}` is a section: write [{name}]", path.display()),
                    None => format!("{}: there is no section [{name}]{near}", path.display()),
                });
                continue;
            };
            for (name, value) in keys {
                match key(outline, name) {
                    Some(key) => self.put(outline, key, value.clone(), Source::File(path.to_owned())),
                    None => {
                        let near = nearest(name, outline.keys.iter().map(|key| key.name.to_owned()));
                        let section = outline.name;
                        self.problems
                            .push(format!("{}: there is no setting {section}.{name}{near}", path.display()));
                    }
                }
            }
        }
    }

    /// Lays environment variables over what stands. An empty one counts as not set; those that name no
    /// setting and resemble none are other programs' business.
    pub(super) fn environment(&mut self, variables: &[(String, String)]) {
        for (name, text) in
            variables.iter().filter(|(name, text)| name.starts_with(PREFIX) && !text.is_empty())
        {
            let mut all =
                catalogue().iter().flat_map(|outline| outline.keys.iter().map(move |key| (outline, key)));
            match all.find(|(outline, key)| outline.variable(key) == *name) {
                Some((outline, key)) => self.text(outline, key, text, Source::Environment(name.clone())),
                None => self.unknown_variable(name),
            }
        }
    }

    fn unknown_variable(&mut self, name: &str) {
        let known =
            catalogue().iter().flat_map(|outline| outline.keys.iter().map(|key| outline.variable(key)));
        let near = nearest(name, known);
        let of_a_section = catalogue().iter().any(|outline| {
            let prefix = format!("{PREFIX}{}_", outline.name.to_ascii_uppercase());
            name.starts_with(&prefix)
        });
        if of_a_section || !near.is_empty() {
            self.problems.push(format!("the environment variable {name} names no setting{near}"));
        }
    }

    /// Lays a flag over what stands; `name` is `section.key`.
    pub(super) fn flag(&mut self, flag: &str, name: &str, text: &str) {
        let found = name.split_once('.').and_then(|(section_name, key_name)| {
            let outline = section(section_name)?;
            Some((outline, key(outline, key_name)?))
        });
        match found {
            Some((outline, key)) => self.text(outline, key, text, Source::Flag(flag.to_owned())),
            None => {
                let known = catalogue().iter().flat_map(|outline| {
                    outline.keys.iter().map(move |key| format!("{}.{}", outline.name, key.name))
                });
                self.problems.push(format!("{flag}: there is no setting {name}{}", nearest(name, known)));
            }
        }
    }

    fn text(&mut self, outline: &Outline, key: &'static Key, text: &str, source: Source) {
        let value = match key.form {
            Form::Text => Value::String(text.to_owned()),
            Form::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
            }
            Form::Number | Form::Flag => {
                let parsed = match key.form {
                    Form::Number => text.trim().replace('_', "").parse().ok().map(Value::Integer),
                    _ => text.trim().parse().ok().map(Value::Boolean),
                };
                let Some(value) = parsed else {
                    let form = if key.form == Form::Number { "a whole number" } else { "true or false" };
                    let (section, name) = (outline.name, key.name);
                    self.problems.push(format!("{section}.{name} ({source}): `{text}` is not {form}"));
                    return;
                };
                value
            }
        };
        self.put(outline, key, value, source);
    }

    fn put(&mut self, outline: &Outline, key: &'static Key, value: Value, source: Source) {
        if let Some(section) = section(outline.name) {
            self.values.insert((section.name, key.name), (value, source));
        }
    }

    /// The section as the layers have it. What is wrong with one key is noted and leaves its default.
    pub(super) fn section<S: Section>(&mut self) -> S {
        let name = S::OUTLINE.name;
        let mut table = Table::new();
        for key in S::OUTLINE.keys {
            let Some((value, source)) = self.values.get(&(name, key.name)) else {
                continue;
            };
            // One key at a time, so that the text of an error names the key that is wrong.
            let alone = Table::from_iter([(key.name.to_owned(), value.clone())]);
            match alone.clone().try_into::<S>() {
                Ok(_) => table.extend(alone),
                Err(error) => {
                    let why = error.message().replace('\n', " ");
                    let problem = format!("{name}.{} ({source}): {why}; it takes: {}", key.name, key.unit);
                    self.problems.push(problem);
                }
            }
        }
        let section = table.try_into::<S>().unwrap_or_default();
        if let Err(invalid) = section.validate() {
            let source = self.source(name, invalid.key);
            self.problems.push(format!("{name}.{} ({source}): {}", invalid.key, invalid.why));
        }
        section
    }

    /// Where the value of a key comes from.
    pub(super) fn source(&self, section: &'static str, key: &'static str) -> Source {
        self.values.get(&(section, key)).map_or(Source::Default, |(_, source)| source.clone())
    }
}

fn section(name: &str) -> Option<&'static Outline> {
    catalogue().iter().find(|outline| outline.name == name)
}

fn key(outline: &'static Outline, name: &str) -> Option<&'static Key> {
    outline.keys.iter().find(|key| key.name == name)
}

/// `; did you mean …?`, where a known name is near.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    known
        .map(|known| (strsim::damerau_levenshtein(name, &known), known))
        .filter(|(distance, _)| *distance <= NEAR)
        .min()
        .map_or_else(String::new, |(_, known)| format!("; did you mean {known}?"))
}
