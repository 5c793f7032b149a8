//! What the system knows about a process: CPU time and memory, from /proc (proc(5)).

use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde::Serialize;

use crate::exit::Failure;

/// CPU time of a process since it began, all threads together. Its grain is one tick, usually 10 ms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    pub(super) user: Duration,
    pub(super) system: Duration,
}

impl Cpu {
    pub(super) fn of(pid: u32) -> Result<Self, Failure> {
        let stat = read(pid, "stat")?;
        parse_stat(&stat, clock_ticks_per_second())
            .ok_or_else(|| Failure::runtime("cannot read /proc/PID/stat"))
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }

    pub(super) fn total(self) -> Duration {
        self.user + self.system
    }
}

/// Fields 14 and 15; field 2 is the program's name in parentheses and may hold anything.
fn parse_stat(stat: &str, ticks_per_second: u64) -> Option<Cpu> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let duration =
        |ticks: u64| Duration::from_micros(ticks.saturating_mul(1_000_000) / ticks_per_second.max(1));
    Some(Cpu { user: duration(ticks()?), system: duration(ticks()?) })
}

/// Memory of a process that is in RAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Memory {
    /// All of it, pages of files included (VmRSS).
    pub(super) resident_bytes: u64,
    /// What is not backed by a file: heap and stacks (RssAnon).
    pub(super) anonymous_bytes: u64,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Result<Self, Failure> {
        let status = read(pid, "status")?;
        let find = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
        };
        match (find("VmRSS:"), find("RssAnon:")) {
            (Some(resident_bytes), Some(anonymous_bytes)) => Ok(Self { resident_bytes, anonymous_bytes }),
            _ => Err(Failure::runtime("cannot read /proc/PID/status")),
        }
    }
}

fn read(pid: u32, file: &str) -> Result<String, Failure> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).map_err(|why| {
        Failure::runtime(format!(
            "cannot read {path}: {why}; the bench needs Linux, and the process it measures"
        ))
    })
}

/// How many files this process may have open, after asking for as many as there are.
pub(super) fn raise_descriptor_limit() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Where it is refused, the smaller limit stands.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// What the figures were measured on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    /// Processes that wanted a core in the minute before: above 0, others were at work.
    load_before: f64,
}

impl Machine {
    pub(super) fn look() -> Self {
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = file("/proc/cpuinfo");
        let model = cpuinfo
            .lines()
            .find(|line| line.starts_with("model name"))
            .and_then(|line| line.split_once(": "));
        Self {
            cpu: model.map_or_else(|| "unknown".to_owned(), |(_, model)| model.to_owned()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: file("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let Self { cpu, cores, kernel, load_before } = self;
        format!("{cpu}, {cores} cores, Linux {kernel}, load before the run {load_before}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_name_of_a_program_does_not_move_the_fields() {
        let stat = "7 (a) b) (c) S 1 7 7 0 -1 4194304 121 0 0 0 150 25 0 0 20 0 1 0 607375 3133440 412";
        let cpu = parse_stat(stat, 100).unwrap();
        assert_eq!((cpu.user, cpu.system), (Duration::from_millis(1_500), Duration::from_millis(250)));
        assert!(parse_stat("", 100).is_none());
    }

    #[test]
    fn this_process_has_memory() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.anonymous_bytes > 0 && memory.resident_bytes >= memory.anonymous_bytes);
    }
}
