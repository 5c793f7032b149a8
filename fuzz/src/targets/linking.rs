//! What stands between two devices that are to be linked hands to either of them, at each step.

use chinwag_e2ee::identity::linking::{LinkingBudget, LinkingError, NewByCode, NewByQr, OldByCode, scan};
use chinwag_e2ee::identity::{Certificate, DeviceKeys};
use chinwag_proto::{DeviceId, UserId};

use super::{E2EE_KEYS, golden_hex, kind_of, way};
use crate::{Dice, Target};

pub(super) const TARGET: Target = Target { name: "linking", check, seeds };

const ORIGIN: &str = "https://chat.example";

fn seeds() -> Vec<Vec<u8>> {
    let golden = golden_hex(E2EE_KEYS).into_iter().filter(|(name, _)| name.starts_with("linking "));
    golden.map(|(_, bytes)| bytes).collect()
}

fn certificate(number: u64) -> Option<Certificate> {
    let keys = DeviceKeys::from_bytes(&[u8::try_from(number).ok()?; 64]);
    Some(keys.certificate(UserId::new(7)?, DeviceId::new(number)?, 1))
}

fn check(input: &[u8]) -> u64 {
    steps(input).map_or(0, way)
}

/// How each step takes the input in place of the message that it waits for.
fn steps(input: &[u8]) -> Option<[Result<(), String>; 5]> {
    let (old, new) = (certificate(1)?, certificate(2)?);
    let mut budget = LinkingBudget::default();
    let mut rng = Dice::new(1);
    let told = |error: LinkingError| kind_of(&error);
    let (by_code, commit) = NewByCode::start(ORIGIN, &new, None, 0, &mut rng).ok()?;
    let answered = by_code.answer(input, 0);
    let begun = OldByCode::start(ORIGIN, &old, &mut budget, input, 0, &mut rng);
    let (waits, answer) = OldByCode::start(ORIGIN, &old, &mut budget, &commit, 0, &mut rng).ok()?;
    let opened = waits.opened(input, 0);
    assert!(opened.is_err(), "nothing else opens a commitment");
    let (by_code, _) = NewByCode::start(ORIGIN, &new, None, 0, &mut rng).ok()?;
    let (shows, _) = by_code.answer(&answer, 0).ok()?;
    let handed = shows.handover(input, 0);
    assert!(handed.is_err(), "nobody else hands over");
    let (by_qr, open) = NewByQr::start(ORIGIN, &new, None, 0, &mut rng).ok()?;
    let text = by_qr.qr_text();
    let scanned = scan(ORIGIN, &old, &mut budget, (&text, input), 0, &mut rng);
    assert!(scanned.is_err() || input == open, "nothing else fits the code");
    Some([
        answered.map(|_| ()).map_err(told),
        begun.map(|_| ()).map_err(told),
        opened.map(|_| ()).map_err(told),
        handed.map(|_| ()).map_err(told),
        scanned.map(|_| ()).map_err(told),
    ])
}
