//! What `cargo test` says, counted over all its programs.
//!
//! Leaves out what failed tests print: it stands above.

use std::fmt;

/// How many tests ended how, and the names of those that somebody has to look at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    passed: usize,
    failed: usize,
    ignored: usize,
    named_failed: Vec<String>,
    named_ignored: Vec<String>,
}

impl Results {
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Takes one line of output.
    pub(crate) fn take(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |what: &str| {
                let mut parts = counts.split(['.', ';']).filter_map(|part| part.trim().strip_suffix(what));
                parts.next().and_then(|number| number.trim().parse::<usize>().ok()).unwrap_or_default()
            };
            self.passed += count("passed");
            self.failed += count("failed");
            self.ignored += count("ignored");
        } else if let Some((name, outcome)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            if outcome.starts_with("FAILED") {
                self.named_failed.push(name.to_owned());
            } else if outcome.starts_with("ignored") {
                self.named_ignored.push(format!("{name} ({outcome})"));
            }
        } else if let Some(reason) = line.strip_prefix("NOT RUN: ") {
            self.named_ignored.push(reason.to_owned());
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.named_failed {
            writeln!(f, "FAILED: {name}")?;
        }
        for name in &self.named_ignored {
            writeln!(f, "NOT RUN: {name}")?;
        }
        writeln!(f, "tests: {} passed, {} failed, {} skipped", self.passed, self.failed, self.ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_programs_are_added_up() {
        let mut results = Results::default();
        let output = "running 3 tests\n\
            test a::one ... ok\n\
            test a::two ... FAILED\n\
            test a::three ... ignored, takes an hour\n\
            NOT RUN: a folder is missing\n\
            test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: ok. 65 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.30s\n";
        output.lines().for_each(|line| results.take(line));
        assert_eq!(
            results.to_string(),
            "FAILED: a::two\nNOT RUN: a::three (ignored, takes an hour)\nNOT RUN: a folder is missing\ntests: 66 passed, 1 failed, 1 skipped\n"
        );
    }
}
