//! Linking a device, by code and by QR, and everything that may go wrong on the way.

use std::collections::BTreeMap;

use chinwag_e2ee::backup::{Head, HistoryKey};
use chinwag_e2ee::identity::linking::{
    Grant, HANDOVER_HEADS_MAX, Handover, LinkingBudget, LinkingError, MESSAGE_BYTES_MAX, NewByCode, NewByQr,
    NewShowsCode, OldAwaitsCode, OldByCode, RUN_MS_MAX, RUNS_PER_HOUR, scan,
};
use chinwag_e2ee::identity::{Action, ChainError};

use crate::common::{Device, Dice, Grown, device, device_of, id, user};

const ORIGIN: &str = "https://chat.example";
const NOW: i64 = 1_000_000;

fn fault<T>(result: Result<T, LinkingError>) -> LinkingError {
    result.err().expect("refused")
}

/// A phone that is live and a laptop that is not yet.
struct Pair {
    anna: Grown,
    phone: Device,
    laptop: Device,
    dice: Dice,
    budget: LinkingBudget,
}

impl Pair {
    fn new() -> Self {
        let (phone, laptop) = (device(1), device(2));
        let budget = LinkingBudget::default();
        Self { anna: Grown::new(&[&phone]), phone, laptop, dice: Dice::new(5), budget }
    }

    fn commit(&mut self) -> (NewByCode, Vec<u8>) {
        let replaces = Some(id(9));
        NewByCode::start(ORIGIN, &self.laptop.certificate, replaces, NOW, &mut self.dice).unwrap()
    }

    fn answer(&mut self, message: &[u8]) -> Result<(OldByCode, Vec<u8>), LinkingError> {
        let own = &self.phone.certificate;
        OldByCode::start(ORIGIN, own, &mut self.budget, message, NOW, &mut self.dice)
    }

    /// Both sides up to the code.
    fn until_code(&mut self) -> (NewShowsCode, OldAwaitsCode) {
        let (new, commit) = self.commit();
        let (old, answer) = self.answer(&commit).unwrap();
        let (new, open) = new.answer(&answer, NOW).unwrap();
        (new, old.opened(&open, NOW).unwrap())
    }

    fn shown(&mut self) -> (NewByQr, Vec<u8>) {
        NewByQr::start(ORIGIN, &self.laptop.certificate, None, NOW, &mut self.dice).unwrap()
    }

    fn scan(&mut self, text: &str, message: &[u8]) -> Result<Grant, LinkingError> {
        let own = &self.phone.certificate;
        scan(ORIGIN, own, &mut self.budget, (text, message), NOW, &mut self.dice)
    }

    /// Adds the device to the chain and hands over.
    fn grant(&mut self, grant: Grant) -> Vec<u8> {
        self.anna.by(&self.phone, Action::Add(grant.certificate().clone()));
        let heads = BTreeMap::from([(id(1), Head { index: 3, hash: [3; 32] })]);
        let given = Handover::new(&self.anna.chain, &heads, vec![HistoryKey::from_bytes(&[8; 32])]);
        grant.hand_over(&given, NOW, &mut self.dice).unwrap()
    }

    fn check(&self, given: &Handover) {
        given.check(&self.anna.chain, &self.laptop.certificate).unwrap();
        assert_eq!(given.pin, self.anna.chain.pin());
        assert_eq!(given.heads[&id(1)], Head { index: 3, hash: [3; 32] });
        assert_eq!(*given.history[0].to_bytes(), [8; 32]);
    }
}

#[test]
fn by_code_the_new_device_gets_chain_heads_and_history_key() {
    let mut pair = Pair::new();
    let (new, old) = pair.until_code();
    assert_eq!(new.code().len(), 8);
    assert_eq!(new.old_device(), &pair.phone.certificate);
    let typed = format!("{} {}", &new.code()[..4], &new.code()[4..]);
    let grant = old.code(&typed, NOW).unwrap();
    assert_eq!(grant.certificate(), &pair.laptop.certificate);
    assert_eq!(grant.replaces(), Some(id(9)));
    let handover = pair.grant(grant);
    assert!(handover.len() <= MESSAGE_BYTES_MAX);
    let given = new.handover(&handover, NOW).unwrap();
    pair.check(&given);
}

#[test]
fn by_qr_too() {
    let mut pair = Pair::new();
    let (new, open) = pair.shown();
    let grant = pair.scan(&new.qr_text(), &open).unwrap();
    assert_eq!((grant.certificate(), grant.replaces()), (&pair.laptop.certificate, None));
    let handover = pair.grant(grant);
    let given = new.handover(&handover, NOW).unwrap();
    pair.check(&given);
}

#[test]
fn a_wrong_code_ends_the_run() {
    let mut pair = Pair::new();
    for typed in ["", "0000000", "000000000", "abcdefgh"] {
        pair.budget = LinkingBudget::default();
        let (_, old) = pair.until_code();
        assert_eq!(fault(old.code(typed, NOW)), LinkingError::WrongCode);
    }
    let (new, old) = pair.until_code();
    let other = if new.code().starts_with('0') { "1" } else { "0" };
    let typed = format!("{other}{}", &new.code()[1..]);
    assert_eq!(fault(old.code(&typed, NOW)), LinkingError::WrongCode);
}

#[test]
fn somebody_in_between_makes_the_codes_differ() {
    let mut pair = Pair::new();
    let mut eve = Dice::new(666);
    let stranger = device(3);
    // Eve commits to keys of her own towards the phone, and answers the laptop with a key of her own.
    let (new, _) = pair.commit();
    let (eve_new, eve_commit) = NewByCode::start(ORIGIN, &stranger.certificate, None, NOW, &mut eve).unwrap();
    let (old, answer) = pair.answer(&eve_commit).unwrap();
    let (_, eve_open) = eve_new.answer(&answer, NOW).unwrap();
    let mut other = LinkingBudget::default();
    let own = &pair.phone.certificate;
    let (_, eve_commit) = NewByCode::start(ORIGIN, own, None, NOW, &mut eve).unwrap();
    let (_, eve_answer) = OldByCode::start(ORIGIN, own, &mut other, &eve_commit, NOW, &mut eve).unwrap();
    let (new, _) = new.answer(&eve_answer, NOW).unwrap();
    let old = old.opened(&eve_open, NOW).unwrap();
    assert_eq!(fault(old.code(new.code(), NOW)), LinkingError::WrongCode);
}

#[test]
fn another_origin_gives_another_code() {
    let mut pair = Pair::new();
    let (new, commit) =
        NewByCode::start("https://elsewhere.example", &pair.laptop.certificate, None, NOW, &mut pair.dice)
            .unwrap();
    let (old, answer) = pair.answer(&commit).unwrap();
    let (new, open) = new.answer(&answer, NOW).unwrap();
    let old = old.opened(&open, NOW).unwrap();
    assert_eq!(fault(old.code(new.code(), NOW)), LinkingError::WrongCode);
}

#[test]
fn what_was_committed_to_cannot_be_changed() {
    let mut pair = Pair::new();
    let (new, commit) = pair.commit();
    let (old, answer) = pair.answer(&commit).unwrap();
    let (_, mut open) = new.answer(&answer, NOW).unwrap();
    let last = open.len() - 1;
    open[last] ^= 1;
    assert_eq!(fault(old.opened(&open, NOW)), LinkingError::Commitment);
}

#[test]
fn a_scanned_code_fits_one_device_alone() {
    let mut pair = Pair::new();
    let (new, open) = pair.shown();
    let (_, other) = pair.shown();
    assert_eq!(fault(pair.scan(&new.qr_text(), &other)), LinkingError::Commitment);
    assert_eq!(fault(pair.scan("CHINWAG-SAFETY-1:00", &open)), LinkingError::NotACode);
    assert_eq!(fault(pair.scan(&new.qr_text()[..60], &open)), LinkingError::NotACode);
}

#[test]
fn who_has_not_scanned_cannot_hand_over() {
    let mut pair = Pair::new();
    let (new, _) = pair.shown();
    // Eve scans a code of her own device in place of the one that the laptop shows.
    let (eve_new, eve_open) = pair.shown();
    let grant = pair.scan(&eve_new.qr_text(), &eve_open).unwrap();
    let handover = pair.grant(grant);
    assert_eq!(fault(new.handover(&handover, NOW)), LinkingError::Closed);
}

#[test]
fn a_handover_of_another_run_or_way_does_not_open() {
    let mut pair = Pair::new();
    let (new, old) = pair.until_code();
    let grant = old.code(new.code(), NOW).unwrap();
    let handover = pair.grant(grant);
    let (other, _) = pair.until_code();
    assert_eq!(fault(other.handover(&handover, NOW)), LinkingError::Closed);
    let (shows, _) = pair.shown();
    assert_eq!(fault(shows.handover(&handover, NOW)), LinkingError::Closed);
    let mut changed = handover.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(fault(new.handover(&changed, NOW)), LinkingError::Closed);
}

#[test]
fn devices_of_different_users_do_not_link() {
    let mut pair = Pair::new();
    let ben = device_of(user(8), 5);
    let (_, commit) = NewByCode::start(ORIGIN, &ben.certificate, None, NOW, &mut pair.dice).unwrap();
    assert_eq!(fault(pair.answer(&commit)), LinkingError::WrongUser);
    assert!(pair.budget.starts_ms().is_empty(), "that costs no run");
    let (new, open) = NewByQr::start(ORIGIN, &ben.certificate, None, NOW, &mut pair.dice).unwrap();
    assert_eq!(fault(pair.scan(&new.qr_text(), &open)), LinkingError::WrongUser);

    let (new, _) = pair.commit();
    let (_, commit) = NewByCode::start(ORIGIN, &ben.certificate, None, NOW, &mut pair.dice).unwrap();
    let mut budget = LinkingBudget::default();
    let (_, answer) =
        OldByCode::start(ORIGIN, &ben.certificate, &mut budget, &commit, NOW, &mut pair.dice).unwrap();
    assert_eq!(fault(new.answer(&answer, NOW)), LinkingError::WrongUser);
}

#[test]
fn there_are_five_runs_an_hour() {
    let mut pair = Pair::new();
    let (new, open) = pair.shown();
    let text = new.qr_text();
    for _ in 0..RUNS_PER_HOUR {
        pair.scan(&text, &open).unwrap();
    }
    let at_ms = NOW + 3_600_000;
    assert_eq!(fault(pair.scan(&text, &open)), LinkingError::TooMany { at_ms });
    let (_, commit) = pair.commit();
    assert_eq!(fault(pair.answer(&commit)), LinkingError::TooMany { at_ms }, "both ways together");

    let kept = LinkingBudget::new(pair.budget.starts_ms());
    assert_eq!(kept, pair.budget, "a restart forgets nothing");
    let mut later = kept.clone();
    let own = &pair.phone.certificate;
    let start = |budget: &mut LinkingBudget, now, dice: &mut Dice| {
        OldByCode::start(ORIGIN, own, budget, &commit, now, dice).map(|_| ())
    };
    assert!(start(&mut later, at_ms - 1, &mut pair.dice).is_err());
    assert!(start(&mut later, at_ms, &mut pair.dice).is_ok());
    let mut set_back = kept;
    assert!(start(&mut set_back, NOW - 9_000_000, &mut pair.dice).is_err());
    assert!(start(&mut set_back, NOW - 9_000_000 + 3_600_000, &mut pair.dice).is_ok());
}

#[test]
fn a_run_takes_ten_minutes_at_most() {
    let late = NOW + RUN_MS_MAX + 1;
    let mut pair = Pair::new();
    let (new, commit) = pair.commit();
    let (old, answer) = pair.answer(&commit).unwrap();
    assert_eq!(fault(new.answer(&answer, late)), LinkingError::Expired);
    let (other, _) = pair.commit();
    let (_, open) = other.answer(&answer, NOW).unwrap();
    assert_eq!(fault(old.opened(&open, late)), LinkingError::Expired);
    let (new, old) = pair.until_code();
    let code = new.code().to_owned();
    assert_eq!(fault(old.code(&code, late)), LinkingError::Expired);
    assert_eq!(fault(new.handover(b"", NOW - RUN_MS_MAX - 1)), LinkingError::Expired);
    let (shows, open) = pair.shown();
    let grant = pair.scan(&shows.qr_text(), &open).unwrap();
    let given = Handover::new(&pair.anna.chain, &BTreeMap::new(), Vec::new());
    assert_eq!(fault(grant.hand_over(&given, late, &mut pair.dice)), LinkingError::Expired);
    assert_eq!(fault(shows.handover(b"", late)), LinkingError::Expired);
}

#[test]
fn the_largest_handover_fits_a_message() {
    let mut pair = Pair::new();
    let (new, open) = pair.shown();
    let grant = pair.scan(&new.qr_text(), &open).unwrap();
    let heads = (1..=200).map(|n| (id(n), Head { index: n, hash: [1; 32] })).collect();
    let keys: Vec<_> = (0..40).map(|n| HistoryKey::from_bytes(&[n; 32])).collect();
    let given = Handover::new(&pair.anna.chain, &heads, keys);
    assert_eq!(given.heads.len(), HANDOVER_HEADS_MAX);
    assert!(given.heads.contains_key(&id(1)) && given.heads.contains_key(&id(200)), "live, then longest");
    let message = grant.hand_over(&given, NOW, &mut pair.dice).unwrap();
    assert!(message.len() <= MESSAGE_BYTES_MAX, "{}", message.len());
    assert_eq!(new.handover(&message, NOW).unwrap().history.len(), 16);
    let long = "x".repeat(600);
    let own = &pair.laptop.certificate;
    let begun = NewByCode::start(&long, own, None, NOW, &mut pair.dice);
    assert_eq!(begun.err(), Some(LinkingError::TooLong));
}

#[test]
fn a_chain_that_differs_from_the_handed_over_one_is_refused() {
    let mut pair = Pair::new();
    let before = pair.anna.chain.clone();
    let (new, open) = pair.shown();
    let grant = pair.scan(&new.qr_text(), &open).unwrap();
    let handover = pair.grant(grant);
    let given = new.handover(&handover, NOW).unwrap();
    let own = &pair.laptop.certificate;
    assert_eq!(given.check(&before, own), Err(ChainError::Rollback { generation: 1, version: 1 }));
    let mut fork = Grown::new(&[&pair.phone]);
    fork.by(&pair.phone, Action::Add(device(4).certificate));
    assert_eq!(given.check(&fork.chain, own), Err(ChainError::Fork { version: 2 }));
    pair.anna.by(&pair.phone, Action::Revoke(own.device));
    let gone = ChainError::NotLive { version: 3, device: own.device };
    assert_eq!(given.check(&pair.anna.chain, own), Err(gone));
}

#[test]
fn messages_are_read_strictly() {
    let mut pair = Pair::new();
    let (_, commit) = pair.commit();
    let longer = [&commit[..], &[0]].concat();
    assert!(matches!(fault(pair.answer(&longer)), LinkingError::Malformed(_)));
    let huge = vec![0; MESSAGE_BYTES_MAX + 1];
    assert!(matches!(fault(pair.answer(&huge)), LinkingError::Malformed(_)));
    let (new, commit) = pair.commit();
    assert!(matches!(fault(new.answer(&commit, NOW)), LinkingError::Malformed(_)), "another message");
}

#[test]
fn a_key_of_small_order_is_refused() {
    let mut pair = Pair::new();
    let (new, commit) = pair.commit();
    let (_, mut answer) = pair.answer(&commit).unwrap();
    let at = answer.len() - 32;
    answer[at..].fill(0);
    assert_eq!(fault(new.answer(&answer, NOW)), LinkingError::Key);
}
