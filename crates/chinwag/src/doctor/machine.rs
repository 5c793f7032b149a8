//! The machine: its clock and its limit of open files.

use chinwag_proto::Timestamp;
use chinwag_server::node::clock::SystemClock;
use rustix::process::{Resource, getrlimit};

use super::Finding;

/// The ids' epoch and end: the clock has to stand between.
const FIRST: &str = "2026-01-01T00:00:00Z";
const LAST: &str = "2095-01-01T00:00:00Z";
/// Below this the server cannot do its own work.
const FILES_MIN: u64 = 256;
/// Below this a busy server meets the limit.
const FILES_USUAL: u64 = 4_096;

pub(super) fn check() -> Vec<Finding> {
    vec![clock(SystemClock.now()), files(getrlimit(Resource::Nofile).maximum)]
}

fn clock(now: Timestamp) -> Finding {
    let bounds = (FIRST.parse::<Timestamp>(), LAST.parse::<Timestamp>());
    match bounds {
        (Ok(first), Ok(last)) if now < first || now > last => Finding::broken(
            "clock",
            format!("it is {now} by this machine's clock"),
            "set the clock, and keep it right with NTP (timedatectl set-ntp true)",
        ),
        _ => Finding::fine("clock", format!("{now}")),
    }
}

/// `None` is without limit.
fn files(most: Option<u64>) -> Finding {
    const MEND: &str = "raise the hard limit of open files: `ulimit -Hn`, or LimitNOFILE= of the service";
    match most {
        None => Finding::fine("open files", "without limit"),
        Some(most) if most < FILES_MIN => Finding::broken("open files", format!("at most {most}"), MEND),
        Some(most) if most < FILES_USUAL => {
            Finding::warning("open files", format!("at most {most}: about so many connections"), MEND)
        }
        Some(most) => Finding::fine("open files", format!("at most {most}: about so many connections")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Health;
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_is_broken() {
        assert_eq!(clock(Timestamp::from_ms(0)).health, Health::Broken);
        assert_eq!(clock("2026-11-24T00:00:00Z".parse().unwrap()).health, Health::Fine);
        assert_eq!(clock("2222-01-01T00:00:00Z".parse().unwrap()).health, Health::Broken);
    }

    #[test]
    fn few_files_are_few_connections() {
        assert_eq!(files(Some(64)).health, Health::Broken);
        assert_eq!(files(Some(1_024)).health, Health::Warning);
        assert_eq!(files(Some(1 << 20)).health, Health::Fine);
        assert_eq!(files(None).health, Health::Fine);
    }
}
