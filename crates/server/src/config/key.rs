//! What a setting is: its name, its form, its unit and its meaning, written once, beside its default.
//!
//! The struct's field, the reference page, the environment variable and the texts of errors all come
//! from the one declaration. Where values come from is `layers`' business.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The form of a value, as far as an environment variable or a flag has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text: taken as it stands.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Texts; separated by commas in a variable or flag.
    List,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name within its section.
    pub name: &'static str,
    /// Its form.
    pub form: Form,
    /// Its unit, or the values that it may have.
    pub unit: &'static str,
    /// What it does; lines of Markdown.
    pub meaning: &'static [&'static str],
}

/// A section's name, purpose and keys.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// The section's name.
    pub name: &'static str,
    /// What it is about; lines of Markdown.
    pub about: &'static [&'static str],
    /// Its keys.
    pub keys: &'static [Key],
}

impl Outline {
    /// The environment variable of one of the section's keys.
    pub fn variable(&self, key: &Key) -> String {
        format!("CHINWAG_{}_{}", self.name, key.name).to_ascii_uppercase()
    }
}

/// A value that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The key within its section.
    pub key: &'static str,
    /// What is wrong and what to do about it.
    pub why: String,
}

impl Invalid {
    /// A broken rule.
    pub fn new(key: &'static str, why: impl Into<String>) -> Self {
        Self { key, why: why.into() }
    }
}

/// One section of the settings. All fields have a default and unknown ones are refused.
pub trait Section: Default + Serialize + DeserializeOwned {
    /// Its name, purpose and keys.
    const OUTLINE: Outline;

    /// Rules that a type alone cannot say.
    fn validate(&self) -> Result<(), Invalid>;
}

/// Declares a section: fields with their docs (which become the reference page), types, defaults, forms
/// and units. The section's rules are a function `rules(&Self) -> Result<(), Invalid>` beside it.
macro_rules! section {
    ($(#[doc = $about:literal])+ $type:ident $name:literal {
        $( $(#[doc = $doc:literal])+ $key:ident : $of:ty = $default:expr, $form:ident $unit:literal; )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $type { $( $(#[doc = $doc])+ pub $key: $of, )+ }

        impl Default for $type {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl $crate::config::key::Section for $type {
            const OUTLINE: $crate::config::key::Outline = $crate::config::key::Outline {
                name: $name,
                about: &[$($about),+],
                keys: &[$( $crate::config::key::Key {
                    name: stringify!($key),
                    form: $crate::config::key::Form::$form,
                    unit: $unit,
                    meaning: &[$($doc),+],
                } ),+],
            };

            fn validate(&self) -> Result<(), $crate::config::key::Invalid> {
                rules(self)
            }
        }
    };
}
pub(super) use section;
