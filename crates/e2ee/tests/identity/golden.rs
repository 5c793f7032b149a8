//! Formats and derivations byte for byte: who changes one changes a contract between devices.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chinwag_e2ee::backup::{Entry, EpochKey, Head, HistoryKey, Leaf, LeafChange, OwnChain, Peer, Rotation};
use chinwag_e2ee::identity::linking::{Handover, LinkingBudget, NewByCode, NewByQr, OldByCode, scan};
use chinwag_e2ee::identity::{Action, Identity, Link, RecoveryKey, safety_code, safety_number, seal_to};

use crate::chain::profile;
use crate::common::{Dice, Grown, certificates, device, hex, id, root, user};

#[test]
fn the_words_of_bip_39_are_these() {
    let words = format!("{}art", "abandon ".repeat(23));
    let key = RecoveryKey::parse(&words).unwrap();
    assert_eq!(key.qr_text().as_str(), format!("CHINWAG-RECOVERY-1:{}E1D608C7", "0".repeat(64)));
    assert_eq!(key.words().join(" "), words);
    assert_eq!(hex(&key.root().public().0), ROOT_OF_ZEROES);
    assert_eq!(hex(&key.root().seal_key()), SEAL_OF_ZEROES);
}

// Computed apart from this code, with HMAC-SHA256, Ed25519 and X25519 of another library.
const ROOT_OF_ZEROES: &str = "70b9b2a49d588f34a16270511d9b282bb734bdbdada6f5212d18b80bb2b9a1c0";
const SEAL_OF_ZEROES: &str = "338de334dcb4633c01296dac45697cb3660b2c96d2f28b23bc16f3f61914c322";

#[test]
fn all_formats_are_as_they_were() {
    let golden = include_str!("../fixtures/keys.1.txt");
    let now = text();
    assert!(now == golden, "the formats are now\n{now}");
}

fn text() -> String {
    let mut text = String::new();
    let mut line = |name: &str, bytes: &[u8]| writeln!(text, "{name}: {}", hex(bytes)).unwrap();
    chain_lines(&mut line);
    backup_lines(&mut line);
    linking_lines(&mut line);
    text
}

fn chain_lines(line: &mut dyn FnMut(&str, &[u8])) {
    let (phone, laptop, tablet) = (device(1), device(2), device(3));
    line("certificate", &phone.certificate.encode());
    line("certificate hash", &phone.certificate.hash());
    let mut anna = Grown::new(&[&phone]);
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    anna.by(&laptop, Action::Profile(profile("anna", None)));
    anna.by(&laptop, Action::Profile(profile("anna", Some("Anna Ä."))));
    anna.by(&phone, Action::Revoke(laptop.certificate.device));
    anna.by_root(Action::Add(tablet.certificate.clone()));
    let reset = anna.chain.reset_link(&root(2), certificates(&[&tablet, &device(4)]), 40).unwrap();
    anna.push(reset);
    for (index, link) in anna.links.iter().enumerate() {
        line(&format!("link {}", index + 1), &Link::encode(link));
    }
    line("chain head", &anna.chain.head_hash());
    let sealed = seal_to(&phone.certificate.seal_key, b"context", b"secret", &mut Dice::new(1)).unwrap();
    line("sealed box", &sealed);
    let one = Identity { user: user(7), root: root(1).public() };
    let other = Identity { user: user(8), root: root(2).public() };
    line("safety number", safety_number(one, other).as_bytes());
    line("safety code", safety_code(one, other).as_bytes());
}

fn backup_lines(line: &mut dyn FnMut(&str, &[u8])) {
    let (phone, laptop) = (device(1), device(2));
    let anna = Grown::new(&[&phone, &laptop]);
    let mut dice = Dice::new(3);
    let (rotation, key) = Rotation::new(&anna.chain, &[HistoryKey::from_bytes(&[7; 32])], &mut dice).unwrap();
    line("history key id", &HistoryKey::from_bytes(&[7; 32]).id());
    let leaf = Leaf { user: user(7), device: id(1), sign_key: phone.certificate.sign_key };
    let changes = vec![LeafChange { leaf: 0, now: Some(leaf) }, LeafChange { leaf: 1, now: None }];
    let epoch = EpochKey {
        group: [4; 16],
        epoch: 5,
        commit_seq: 6,
        key: [7; 32].into(),
        chain_hash: [8; 32],
        leaf_changes: changes.clone(),
    };
    let peer = Peer { user: user(8), pin: anna.chain.pin(), verified: true, decided_at_ms: -1 };
    let leaves = Entry::Leaves { group: [4; 16], epoch: 5, changes };
    let entries = [epoch.entries().remove(0), leaves, Entry::Peer(peer)];
    let mut own = OwnChain::new(user(7), id(1));
    let mut seen = BTreeMap::from([(id(2), Head { index: 9, hash: [9; 32] })]);
    line("record rotation", &own.rotation(&phone.keys, rotation, &seen, 50).encode());
    for (index, entry) in entries.iter().enumerate() {
        line(&format!("entry {}", index + 1), &entry.encode());
        seen.insert(id(3), Head { index: 1, hash: [3; 32] });
        let record = own.entry(&phone.keys, &key, entry, &seen, 60, &mut dice).unwrap();
        line(&format!("record {}", index + 2), &record.encode());
    }
}

fn linking_lines(line: &mut dyn FnMut(&str, &[u8])) {
    let (phone, laptop, mut dice) = (device(1), device(2), Dice::new(4));
    let anna = Grown::new(&[&phone, &laptop]);
    let origin = "https://chat.example";
    let mut budget = LinkingBudget::default();
    let (new, commit) = NewByCode::start(origin, &laptop.certificate, Some(id(9)), 0, &mut dice).unwrap();
    let (old, answer) =
        OldByCode::start(origin, &phone.certificate, &mut budget, &commit, 0, &mut dice).unwrap();
    let (new, open) = new.answer(&answer, 0).unwrap();
    let grant = old.opened(&open, 0).unwrap().code(new.code(), 0).unwrap();
    let heads = BTreeMap::from([(id(1), Head { index: 3, hash: [3; 32] })]);
    let given = Handover::new(&anna.chain, &heads, vec![HistoryKey::from_bytes(&[8; 32])]);
    let handover = grant.hand_over(&given, 0, &mut dice).unwrap();
    line("linking commit", &commit);
    line("linking answer", &answer);
    line("linking open", &open);
    line("linking code", new.code().as_bytes());
    line("linking handover", &handover);
    let (shows, open) = NewByQr::start(origin, &laptop.certificate, None, 0, &mut dice).unwrap();
    line("linking qr", shows.qr_text().as_bytes());
    line("linking qr open", &open);
    let shown = shows.qr_text();
    let scanned = (shown.as_str(), open.as_slice());
    let grant = scan(origin, &phone.certificate, &mut budget, scanned, 0, &mut dice).unwrap();
    line("linking qr handover", &grant.hand_over(&given, 0, &mut dice).unwrap());
}
