//! `cargo xtask test`: everything that has to hold before a change lands, one step after the other, with a
//! heading, a duration and a line in the table at the end for each.
//!
//! Leaves out what the steps do: [`steps`] has them.

mod command;
mod results;
mod steps;

use std::path::Path;
use std::time::Duration;

use crate::clock::{Stopwatch, shown};
use command::Context;
use steps::{STEPS, Step};

/// How a step ended.
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It could not run for want of something that can be had.
    Skipped(String),
    /// It could not run for want of something that this place cannot have.
    OutOfReach(String),
}

/// Whether this is a run that nobody watches: what is missing is installed, what cannot run fails.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// What was asked for.
pub(crate) struct Options {
    /// The steps to run; all where it is empty.
    only: Vec<&'static Step>,
    list: bool,
    install: bool,
    ci: bool,
}

impl Options {
    /// # Errors
    /// What is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let ci = is_ci();
        let mut options = Self { only: Vec::new(), list: false, install: ci, ci };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--list" => options.list = true,
                "--install" => options.install = true,
                "--only" => {
                    let name = words.next().ok_or("--only needs the name of a step: see --list")?;
                    let step = STEPS.iter().find(|step| step.name == *name);
                    options.only.push(step.ok_or(format!("there is no step `{name}`: see --list"))?);
                }
                other => return Err(format!("`{other}` is not understood: see --help")),
            }
        }
        Ok(options)
    }

    fn includes(&self, step: &Step) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.name == step.name)
    }
}

/// Runs the steps and answers whether all is well.
pub(crate) fn run(root: &Path, options: &Options) -> bool {
    if options.list {
        STEPS.iter().for_each(|step| println!("{:<11} {}", step.name, step.what));
        return true;
    }
    let mut context = Context::new(root, options.install);
    let whole = Stopwatch::start();
    let mut done = Vec::new();
    for step in STEPS.iter().filter(|step| options.includes(step)) {
        println!("\n━━ {}: {}", step.name, step.what);
        let stopwatch = Stopwatch::start();
        let outcome = (step.run)(&mut context);
        let took = stopwatch.elapsed();
        if let Outcome::Skipped(reason) | Outcome::OutOfReach(reason) = &outcome {
            println!("NOT RUN: {reason}");
        }
        println!("━━ {} took {}", step.name, shown(took));
        done.push((step, outcome, took));
    }
    conclude(&done, whole.elapsed(), &context, options)
}

fn conclude(
    done: &[(&Step, Outcome, Duration)],
    whole: Duration,
    context: &Context,
    options: &Options,
) -> bool {
    println!("\n━━ summary");
    let mut well = true;
    for (step, outcome, took) in done {
        let (verdict, reason) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(reason) => ("FAILED", reason.as_str()),
            Outcome::Skipped(reason) => ("NOT RUN", reason.as_str()),
            Outcome::OutOfReach(reason) => ("OUT OF REACH", reason.as_str()),
        };
        let fails = match outcome {
            Outcome::Failed(_) => true,
            Outcome::Skipped(_) => options.ci,
            Outcome::Passed | Outcome::OutOfReach(_) => false,
        };
        well &= !fails;
        println!("{:<11} {verdict:<12} {:>11}  {reason}", step.name, shown(*took));
    }
    println!("{:<11} {:<12} {:>11}", "all", if well { "passed" } else { "FAILED" }, shown(whole));
    if !options.only.is_empty() {
        println!("only some steps were asked for: this is no verdict on the whole");
    }
    if let Some(results) = &context.results {
        print!("{results}");
    }
    well
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let Ok(options) = Options::parse(&["--only", "fmt", "--only", "tidy", "--install"]) else {
            unreachable!("these are options");
        };
        assert!(options.install && !options.list);
        assert_eq!(options.only.iter().map(|step| step.name).collect::<Vec<_>>(), ["fmt", "tidy"]);
        for wrong in [&["--only"][..], &["--only", "nothing"], &["fmt"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    fn verdict(outcome: Outcome, ci: bool) -> bool {
        let options = Options { only: Vec::new(), list: false, install: false, ci };
        let context = Context::new(Path::new("."), false);
        conclude(&[(&STEPS[0], outcome, Duration::ZERO)], Duration::ZERO, &context, &options)
    }

    #[test]
    fn a_failure_fails_and_a_skip_fails_in_ci() {
        assert!(verdict(Outcome::Passed, true));
        assert!(!verdict(Outcome::Failed(String::new()), false));
        assert!(verdict(Outcome::Skipped(String::new()), false));
        assert!(!verdict(Outcome::Skipped(String::new()), true));
        assert!(verdict(Outcome::OutOfReach(String::new()), true));
    }
}
