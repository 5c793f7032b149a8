//! `[docs]`: the description of the API.

use super::key::{Invalid, section};

section! {
    /// The description of the API: `/docs` for people, `/openapi.json` for programs.
    Docs "docs" {
        /// Whether they are served.
        enabled: bool = true, Flag "true, false";
    }
}

fn rules(_: &Docs) -> Result<(), Invalid> {
    Ok(())
}
