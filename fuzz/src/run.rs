//! Runs a target: regressions, seeds, then mutations.

use std::collections::BTreeSet;
use std::path::Path;

use crate::Target;
use crate::dice::Dice;
use crate::mutate::mutated;

/// So many inputs are kept for mutation.
const KEPT_MAX: usize = 4096;

/// How long a run is, and which.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Mutated inputs.
    pub runs: u64,
    /// Determines all of them.
    pub seed: u64,
}

impl Budget {
    /// From `CHINWAG_FUZZ_RUNS` and `CHINWAG_FUZZ_SEED`; without them a short run that is always the same.
    pub fn from_env() -> Self {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
        Self {
            runs: number("CHINWAG_FUZZ_RUNS").unwrap_or(4_000),
            seed: number("CHINWAG_FUZZ_SEED").unwrap_or(1),
        }
    }
}

/// Runs a target and answers how many different ways its inputs went. An input that fails is printed.
///
/// # Panics
/// Where the target does.
pub fn run(target: &Target, budget: Budget) -> usize {
    let mut ways = BTreeSet::new();
    let mut kept = Vec::new();
    for input in regressions(target.name).into_iter().chain((target.seeds)()) {
        ways.insert(check(target, &input));
        kept.push(input);
    }
    let mut dice = Dice::new(budget.seed);
    for _ in 0..budget.runs {
        let Some(input) = dice.pick(&kept).cloned() else { break };
        let other = dice.pick(&kept).cloned().unwrap_or_default();
        let input = mutated(&input, &other, &mut dice);
        if ways.insert(check(target, &input)) && kept.len() < KEPT_MAX {
            kept.push(input);
        }
    }
    ways.len()
}

fn check(target: &Target, input: &[u8]) -> u64 {
    let told = Told { target: target.name, input };
    let way = (target.check)(input);
    std::mem::forget(told);
    way
}

/// Prints the input if the target panics over it.
struct Told<'a> {
    target: &'a str,
    input: &'a [u8],
}

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "the report of a failing input")]
    fn drop(&mut self) {
        let hex: String = self.input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{} fails over {hex}: {}", self.target, String::from_utf8_lossy(self.input));
    }
}

/// Inputs that failed once: `regressions/TARGET/NAME`, in the order of names.
fn regressions(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(target);
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
