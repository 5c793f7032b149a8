//! What each step runs. The cheap ones come first; the tests last, so that their own closing lines stand right
//! above the summary.

use super::Outcome;
use super::command::{Context, Tool};
use crate::shell::Trouble;
use crate::{tidy, web};

/// One step.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) run: fn(&mut Context) -> Outcome,
}

/// All steps, in their order.
pub(crate) const STEPS: [Step; 10] = [
    Step { name: "fmt", what: "the code is formatted", run: format },
    Step { name: "tidy", what: "the house rules hold", run: hold_rules },
    Step { name: "deny", what: "licences, bans and sources of dependencies", run: deny },
    Step { name: "advisories", what: "no dependency has a known hole", run: advisories },
    Step { name: "machete", what: "no dependency is unused", run: machete },
    Step { name: "clippy", what: "no warning in any target", run: clippy },
    Step { name: "doc", what: "the documentation builds without a warning", run: document },
    Step { name: "build", what: "the program in release", run: build },
    Step { name: "web", what: "the npm package, in Node and in a browser", run: test_web },
    Step { name: "test", what: "all tests of the workspace", run: test },
];

const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
const MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2" };
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

fn format(context: &mut Context) -> Outcome {
    context.cargo(&["fmt", "--all", "--check"])
}

fn hold_rules(context: &mut Context) -> Outcome {
    match tidy::run(context.root()) {
        Ok(true) => Outcome::Passed,
        Ok(false) => Outcome::Failed("the complaints are above".to_owned()),
        Err(reason) => Outcome::Failed(reason),
    }
}

fn deny(context: &mut Context) -> Outcome {
    context.have(&DENY).unwrap_or_else(|| {
        context.cargo(&["deny", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
    })
}

fn advisories(context: &mut Context) -> Outcome {
    if let Some(outcome) = context.have(&DENY) {
        return outcome;
    }
    if !context.can_fetch(ADVISORIES) {
        return Outcome::OutOfReach(format!("{ADVISORIES} cannot be fetched from here"));
    }
    context.cargo(&["deny", "--locked", "check", "advisories"])
}

fn machete(context: &mut Context) -> Outcome {
    context.have(&MACHETE).unwrap_or_else(|| context.cargo(&["machete"]))
}

fn clippy(context: &mut Context) -> Outcome {
    context.cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])
}

fn document(context: &mut Context) -> Outcome {
    let strict = [("RUSTDOCFLAGS", "-D warnings")];
    context.cargo_with(
        &strict,
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--locked", "--quiet"],
    )
}

fn build(context: &mut Context) -> Outcome {
    context.cargo(&["build", "--release", "--locked", "--quiet"])
}

fn test_web(context: &mut Context) -> Outcome {
    match web::test(context.root(), context.installs()) {
        Ok(()) => Outcome::Passed,
        Err(Trouble::Missing(reason)) => Outcome::Skipped(reason),
        Err(Trouble::Failed(reason)) => Outcome::Failed(reason),
    }
}

fn test(context: &mut Context) -> Outcome {
    context.cargo_test(&["test", "--workspace", "--locked", "--no-fail-fast"])
}
