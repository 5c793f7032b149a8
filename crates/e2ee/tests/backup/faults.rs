//! Faults of backup chains, each told apart.

use std::collections::BTreeMap;

use chinwag_e2ee::backup::{BackupChain, BackupError, BackupSet, HEADS_PER_RECORD, Record};
use chinwag_e2ee::identity::Action;

use crate::common::{Grown, device, device_of, id, user};
use crate::writer::{Writer, epoch, head, ids, set};

/// A phone with three records and a laptop with one.
fn pair() -> (Grown, Writer, Writer) {
    let (mut phone, mut laptop) = (Writer::new(device(1)), Writer::new(device(2)));
    let anna = Grown::new(&[&phone.device, &laptop.device]);
    let key = phone.rotates(&anna.chain, &[]);
    phone.writes(&key, &epoch(1, 1, 1));
    phone.writes(&key, &epoch(1, 2, 2));
    laptop.writes(&key, &epoch(1, 1, 1));
    (anna, phone, laptop)
}

fn fault(writer: &Writer, records: &[Vec<u8>]) -> BackupError {
    BackupChain::verify(&writer.device.certificate, records).unwrap_err()
}

#[test]
fn a_whole_chain_is_taken_also_in_parts() {
    let (_, phone, _) = pair();
    let whole = phone.verified();
    assert_eq!((whole.head(), whole.records().len()), (phone.own.head, 3));
    assert_eq!(whole.last_activity_ms(), Some(200));
    let mut parts = BackupChain::verify(&phone.device.certificate, &phone.records[..1]).unwrap();
    let middle = parts.head();
    parts.extend(&phone.records[1..]).unwrap();
    assert_eq!(parts.head(), whole.head());
    let mut after = BackupChain::after(&phone.device.certificate, middle);
    after.extend(&phone.records[1..]).unwrap();
    assert_eq!((after.head(), after.records().len()), (whole.head(), 2));
}

#[test]
fn gaps_reordering_and_forks_are_told_apart() {
    let (_, phone, laptop) = pair();
    let [a, b, c] = [0, 1, 2].map(|index: usize| phone.records[index].clone());
    let gap = BackupError::Gap { expected: 2, found: 3 };
    assert_eq!(fault(&phone, &[a.clone(), c.clone()]), gap);
    assert_eq!(fault(&phone, &[a.clone(), c.clone(), b.clone()]), gap);
    let again = BackupError::Reordered { expected: 3, found: 1 };
    assert_eq!(fault(&phone, &[a.clone(), b.clone(), a.clone()]), again);
    assert_eq!(fault(&phone, std::slice::from_ref(&b)), BackupError::Gap { expected: 1, found: 2 });

    let mut other = Writer::new(device(1));
    other.writes(&chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]), &epoch(2, 1, 1));
    let forked = [other.records[0].clone(), b];
    assert_eq!(fault(&phone, &forked), BackupError::Fork { index: 2 });
    let foreign = [a, laptop.records[0].clone()];
    assert_eq!(fault(&phone, &foreign), BackupError::WrongChain { index: 2 });
    let junk = fault(&phone, &[b"junk".to_vec()]);
    assert!(matches!(junk, BackupError::Malformed { index: 1, .. }));
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let (_, phone, _) = pair();
    let mut signatures = 0;
    for at in 0..phone.records[1].len() {
        let mut records = phone.records[..2].to_vec();
        records[1][at] ^= 1;
        signatures += usize::from(fault(&phone, &records) == BackupError::BadSignature { index: 2 });
    }
    assert!(signatures > 64, "at least in the signature itself: {signatures}");
}

#[test]
fn a_record_that_another_device_signed_is_bad() {
    let (_, phone, _) = pair();
    let mut forged = Writer::new(device(3));
    forged.own = phone.own.clone();
    forged.writes(&chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]), &epoch(2, 1, 1));
    let records = [&phone.records[..], &forged.records[..]].concat();
    assert_eq!(fault(&phone, &records), BackupError::BadSignature { index: 4 });
}

#[test]
fn a_chain_below_a_head_that_another_names_is_rolled_back() {
    let (anna, mut phone, mut laptop) = pair();
    let key = phone.rotates(&anna.chain, &[]);
    laptop.sees(&phone);
    laptop.writes(&key, &epoch(1, 3, 3));
    assert!(set(&anna.chain, &[&phone, &laptop]).is_ok());
    let newest = phone.records.pop();
    let rolled = BackupError::RolledBack { device: id(1), found: 3, named: 4, witness: id(2) };
    assert_eq!(set(&anna.chain, &[&phone, &laptop]).unwrap_err(), rolled);
    let chains = [phone.verified(), laptop.verified()];
    let (usable, faults) = BackupSet::read(&anna.chain, chains).unwrap();
    assert_eq!((faults, usable.heads().len()), (vec![rolled], 2), "shown, and used all the same");
    let gone = BackupError::RolledBack { device: id(1), found: 0, named: 4, witness: id(2) };
    assert_eq!(set(&anna.chain, &[&laptop]).unwrap_err(), gone);

    phone.records.extend(newest);
    let handed = BTreeMap::from([(id(1), phone.own.head), (id(2), head(9, 9))]);
    let short = BackupError::RolledBack { device: id(2), found: 2, named: 9, witness: id(5) };
    let whole = set(&anna.chain, &[&phone, &laptop]).unwrap();
    assert_eq!(whole.hold_against(&handed, id(5)), Err(short));
    assert_eq!(whole.hold_against(&whole.heads(), id(5)), Ok(()));
    assert_eq!(whole.user(), user(7));
    assert_eq!(whole.heads().into_keys().collect::<Vec<_>>(), ids(&[1, 2]));
}

#[test]
fn another_record_in_a_seen_place_is_a_fork() {
    let (anna, phone, mut laptop) = pair();
    laptop.seen.insert(id(1), head(2, 9));
    laptop.writes(&chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]), &epoch(1, 3, 3));
    let forked = BackupError::Forked { device: id(1), index: 2, witness: id(2) };
    assert_eq!(set(&anna.chain, &[&phone, &laptop]).unwrap_err(), forked);
}

#[test]
fn a_chain_of_no_device_of_the_user_is_refused() {
    let (anna, phone, laptop) = pair();
    let stranger = Writer::new(device(3));
    let unknown = BackupError::UnknownDevice { device: id(3) };
    assert_eq!(set(&anna.chain, &[&phone, &laptop, &stranger]).unwrap_err(), unknown);
    let mut same_id = device(1).certificate;
    same_id.sign_key = device(4).certificate.sign_key;
    let chains = [BackupChain::new(&same_id)];
    let unknown = BackupError::UnknownDevice { device: id(1) };
    assert_eq!(BackupSet::verify(&anna.chain, chains).unwrap_err(), unknown);
    let twice = [phone.verified(), phone.verified()];
    assert_eq!(BackupSet::verify(&anna.chain, twice).unwrap_err(), unknown);
    let ben = device_of(user(8), 1);
    let chains = [BackupChain::new(&ben.certificate)];
    assert_eq!(BackupSet::verify(&anna.chain, chains).unwrap_err(), unknown);
}

#[test]
fn what_a_revoked_device_wrote_unseen_is_cut_off() {
    let (mut anna, phone, mut laptop) = pair();
    laptop.sees(&phone);
    laptop.writes(&chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]), &epoch(1, 3, 3));
    let mut thief = phone;
    thief.writes(&chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]), &epoch(1, 3, 3));
    let unseen = set(&anna.chain, &[&thief, &laptop]).unwrap();
    assert_eq!(unseen.heads()[&id(1)].index, 4, "nothing of a live device is cut off");
    laptop.sees(&thief);
    let link = anna.chain.link_by_device(&laptop.device.keys, Action::Revoke(id(1)), 1).unwrap();
    anna.push(link);
    let key = laptop.rotates(&anna.chain, &[]);
    let before = set(&anna.chain, &[&thief, &laptop]).unwrap();
    assert!(before.cut().is_empty());
    thief.writes(&key, &epoch(1, 9, 9));
    thief.writes(&key, &epoch(1, 10, 9));
    let after = set(&anna.chain, &[&thief, &laptop]).unwrap();
    assert_eq!(after.cut(), &BTreeMap::from([(id(1), 2)]));
    assert_eq!(after.heads(), before.heads());
    let alone = set(&anna.chain, &[&thief]).unwrap();
    assert_eq!(alone.chains().next().unwrap().records().len(), 6, "nobody knows better");
}

#[test]
fn each_record_names_what_is_new_and_not_more() {
    let (_, _, mut laptop) = pair();
    let key = chinwag_e2ee::backup::HistoryKey::from_bytes(&[1; 32]);
    laptop.seen = (10..10 + HEADS_PER_RECORD as u64 + 3).map(|n| (id(n), head(1, 1))).collect();
    laptop.seen.insert(id(2), head(5, 5));
    for _ in 0..3 {
        laptop.writes(&key, &epoch(1, 3, 3));
    }
    laptop.seen.insert(id(10), head(2, 2));
    laptop.writes(&key, &epoch(1, 4, 4));
    let named: Vec<usize> =
        laptop.records[1..].iter().map(|bytes| Record::decode(bytes).unwrap().heads.len()).collect();
    assert_eq!(named, [HEADS_PER_RECORD, 3, 0, 1], "never its own");
}

#[test]
fn a_record_that_names_itself_or_nothing_is_malformed() {
    let (_, phone, _) = pair();
    let record = Record::decode(&phone.records[0]).unwrap();
    for (device, named) in [(1, head(1, 1)), (2, head(0, 0))] {
        let mut other = record.clone();
        other.heads.insert(id(device), named);
        let invalid = chinwag_e2ee::canonical::DecodeError::Invalid { field: "heads" };
        assert_eq!(Record::decode(&other.encode()), Err(invalid));
    }
}
