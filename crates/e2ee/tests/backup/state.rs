//! What a reader gets out of all chains.

use chinwag_e2ee::backup::{
    BackupChain, BackupSet, CHANGES_PER_ENTRY, Entry, HistoryKey, KEYS_PER_EPOCH, Leaf, LeafChange, Recipient,
};
use chinwag_e2ee::identity::Action;

use crate::common::{Grown, device, id, user};
use crate::writer::{Writer, build, epoch, epoch_key, known, peer, set, state};

fn pair() -> (Grown, Writer, Writer, HistoryKey) {
    let (mut phone, laptop) = (Writer::new(device(1)), Writer::new(device(2)));
    let anna = Grown::new(&[&phone.device, &laptop.device]);
    let key = phone.rotates(&anna.chain, &[]);
    (anna, phone, laptop, key)
}

#[test]
fn all_epochs_of_all_chains_come_together() {
    let (anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &epoch(1, 1, 1));
    phone.writes(&key, &epoch(1, 2, 2));
    laptop.writes(&key, &epoch(1, 2, 2));
    laptop.writes(&key, &epoch(2, 1, 7));
    let all = state(&anna.chain, &[&phone, &laptop], std::slice::from_ref(&key));
    assert_eq!(known(&all), [(1, 1, 1), (1, 2, 1), (2, 1, 1)]);
    assert_eq!((all.locked, all.damaged), (0, 0));
    assert_eq!(*all.epochs[&([2; 16], 1)][0].key.key, [7; 32]);
    assert_eq!(all.groups().len(), 2);
    let turned = state(&anna.chain, &[&laptop, &phone], &[key]);
    assert!(turned.epochs == all.epochs);
}

#[test]
fn the_root_alone_recovers_everything_through_all_rotations() {
    let (mut anna, mut phone, mut laptop, first) = pair();
    phone.writes(&first, &epoch(1, 1, 1));
    laptop.sees(&phone);
    anna.by(&laptop.device, Action::Revoke(id(1)));
    let second = laptop.rotates(&anna.chain, &[first]);
    laptop.writes(&second, &epoch(1, 2, 2));
    let set = set(&anna.chain, &[&phone, &laptop]).unwrap();
    let root = Some(Recipient::Root(&anna.root));
    let all = build(&set, &anna.chain, &[], root);
    assert_eq!(known(&all), [(1, 1, 1), (1, 2, 1)]);
    assert_eq!(all.current_key(&anna.chain).unwrap().id(), second.id());

    let handed = build(&set, &anna.chain, std::slice::from_ref(&second), None);
    assert_eq!(known(&handed), known(&all), "the newest key gives the older ones");
    let own = build(&set, &anna.chain, &[], laptop.opener());
    assert_eq!(known(&own), known(&all));
    let gone = build(&set, &anna.chain, &[], phone.opener());
    assert_eq!((known(&gone), gone.locked), (vec![(1, 1, 1)], 1), "a revoked device has the old key alone");
    let none = build(&set, &anna.chain, &[], None);
    assert_eq!((known(&none), none.locked), (vec![], 2));
}

#[test]
fn a_revocation_asks_for_a_rotation_whoever_revoked() {
    let (mut anna, phone, mut laptop, key) = pair();
    let of = |anna: &Grown, writers: &[&Writer], keys: &[HistoryKey]| {
        state(&anna.chain, writers, keys).needs_rotation(&anna.chain)
    };
    assert!(!of(&anna, &[&phone, &laptop], std::slice::from_ref(&key)));
    assert!(of(&anna, &[&phone, &laptop], &[]), "who has not got the key cannot seal");
    assert!(of(&anna, &[&laptop], &[]), "there is none");
    laptop.sees(&phone);
    anna.by(&laptop.device, Action::Revoke(id(1)));
    assert!(of(&anna, &[&phone, &laptop], std::slice::from_ref(&key)));
    let new = laptop.rotates(&anna.chain, &[key]);
    assert!(!of(&anna, &[&phone, &laptop], &[new]));
}

#[test]
fn a_rotation_by_who_is_not_live_does_not_serve() {
    let (mut anna, mut phone, mut laptop, first) = pair();
    let honest = laptop.rotates(&anna.chain, &[first]);
    anna.by(&laptop.device, Action::Revoke(id(1)));
    let planted: Vec<_> = (0..20).map(|_| phone.rotates(&anna.chain, &[])).collect();
    let planted = [planted, vec![honest.clone()]].concat();
    let known = state(&anna.chain, &[&phone, &laptop], &planted);
    assert!(known.needs_rotation(&anna.chain));
    let new = laptop.rotates(&anna.chain, &known.loose_keys(&anna.chain));
    assert_eq!(known.loose_keys(&anna.chain)[0].id(), honest.id(), "a flood does not push it out");
    let keys = [planted, vec![new.clone()]].concat();
    let served = state(&anna.chain, &[&phone, &laptop], &keys);
    assert_eq!(served.current_key(&anna.chain).unwrap().id(), new.id(), "whichever id is greater");
}

#[test]
fn a_rotation_from_a_place_that_is_not_reached_is_passed_over() {
    let (anna, mut phone, laptop, key) = pair();
    let mut ahead = Grown::new(&[&phone.device, &laptop.device]);
    ahead.by(&phone.device, Action::Add(device(9).certificate));
    let planted = phone.rotates(&ahead.chain, &[]);
    let state = state(&anna.chain, &[&phone, &laptop], &[key.clone(), planted]);
    assert_eq!(state.current_key(&anna.chain).unwrap().id(), key.id());
}

#[test]
fn two_keys_of_one_epoch_are_both_kept_up_to_a_limit() {
    let (anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &epoch(1, 1, 1));
    laptop.writes(&key, &epoch(1, 1, 2));
    let both = state(&anna.chain, &[&phone, &laptop], std::slice::from_ref(&key));
    assert_eq!(known(&both), [(1, 1, 2)]);
    assert_eq!(both.changes([1; 16], 1), None, "nobody can tell which");
    for other in 3..30 {
        laptop.writes(&key, &epoch(1, 1, other));
    }
    let many = state(&anna.chain, &[&phone, &laptop], &[key]);
    assert_eq!(known(&many), [(1, 1, KEYS_PER_EPOCH)]);
}

#[test]
fn many_changes_of_leaves_take_several_records() {
    let (anna, mut phone, laptop, key) = pair();
    let leaf = Leaf { user: user(7), device: id(1), sign_key: [1; 32] };
    let change = |leaf_index| LeafChange { leaf: leaf_index, now: Some(leaf.clone()) };
    let mut epoch = epoch_key(1, 1, 1);
    epoch.leaf_changes = (0..2048).map(change).collect();
    let entries = epoch.entries();
    assert_eq!(entries.len(), 2048_usize.div_ceil(CHANGES_PER_ENTRY));
    entries.iter().take(2).for_each(|entry| phone.writes(&key, entry));
    let part = state(&anna.chain, &[&phone, &laptop], std::slice::from_ref(&key));
    assert!(!part.epochs[&([1; 16], 1)][0].is_complete());
    entries.iter().skip(2).for_each(|entry| phone.writes(&key, entry));
    entries.iter().for_each(|entry| phone.writes(&key, entry));
    let whole = state(&anna.chain, &[&phone, &laptop], &[key]);
    let found = &whole.epochs[&([1; 16], 1)];
    assert!(found.len() == 1 && found[0].is_complete());
    assert_eq!(whole.changes([1; 16], 1), Some(epoch.leaf_changes.as_slice()));
}

#[test]
fn changes_without_their_epoch_are_passed_over() {
    let (anna, mut phone, laptop, key) = pair();
    let stray = Entry::Leaves { group: [1; 16], epoch: 1, changes: vec![LeafChange { leaf: 0, now: None }] };
    phone.writes(&key, &stray);
    phone.writes(&key, &epoch(1, 1, 1));
    phone.writes(&key, &stray);
    let state = state(&anna.chain, &[&phone, &laptop], &[key]);
    assert_eq!(state.changes([1; 16], 1), Some(&[][..]));
}

#[test]
fn of_pins_the_later_decision_counts_and_heads_never_fall() {
    let first = peer(1, 3, false, 100);
    let further = peer(1, 5, false, 100);
    let verified = peer(1, 4, true, 200);
    let other_root = peer(2, 1, false, 300);
    let merged = first.clone().newer(further.clone());
    assert_eq!(merged, further);
    let merged = verified.clone().newer(further.clone());
    assert_eq!((merged.verified, merged.pin.position.version), (true, 5));
    assert_eq!(merged, further.clone().newer(verified.clone()));
    assert_eq!(merged.clone().newer(other_root.clone()), other_root);
    assert_eq!(other_root.clone().newer(merged), other_root);

    let (anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &Entry::Peer(verified));
    laptop.writes(&key, &Entry::Peer(first));
    laptop.writes(&key, &Entry::Peer(further));
    let state = state(&anna.chain, &[&phone, &laptop], &[key]);
    assert_eq!(state.peers().count(), 1);
    let known = state.peer(user(8)).unwrap();
    assert_eq!((known.verified, known.pin.position.version), (true, 5));
}

#[test]
fn a_record_does_not_open_in_another_place() {
    let (anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &epoch(1, 1, 1));
    // The laptop signs the phone's sealed bytes as its own.
    let mut stolen = chinwag_e2ee::backup::Record::decode(&phone.records[1]).unwrap();
    laptop.writes(&key, &epoch(9, 9, 9));
    let own = chinwag_e2ee::backup::Record::decode(&laptop.records[0]).unwrap();
    stolen.device = own.device;
    stolen.index = own.index;
    stolen.prev = own.prev;
    stolen.heads = own.heads;
    let bytes = stolen.encode();
    let signature = laptop.device.keys.sign(&bytes[..bytes.len() - 64]);
    stolen.signature = signature;
    laptop.records[0] = stolen.encode();
    let state = state(&anna.chain, &[&phone, &laptop], &[key]);
    assert_eq!((known(&state), state.damaged), (vec![(1, 1, 1)], 1));
}

#[test]
fn a_revoked_device_does_not_decide_who_others_are() {
    let (mut anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &Entry::Peer(peer(6, 1, true, i64::MAX)));
    laptop.writes(&key, &Entry::Peer(peer(1, 1, false, 100)));
    let before = state(&anna.chain, &[&phone, &laptop], std::slice::from_ref(&key));
    assert!(before.peer(user(8)).unwrap().verified, "as long as it is live it does");
    anna.by(&laptop.device, Action::Revoke(id(1)));
    let after = state(&anna.chain, &[&phone, &laptop], std::slice::from_ref(&key));
    assert_eq!(after.peer(user(8)).unwrap(), &peer(1, 1, false, 100));
    laptop.records.clear();
    let alone = state(&anna.chain, &[&phone], &[key]);
    assert!(alone.peer(user(8)).unwrap().verified, "nobody else tells");
}

#[test]
fn what_comes_in_parts_is_the_same_as_all_at_once() {
    let (mut anna, mut phone, mut laptop, key) = pair();
    phone.writes(&key, &epoch(1, 1, 1));
    laptop.writes(&key, &epoch(1, 1, 1));
    let first = set(&anna.chain, &[&phone, &laptop]).unwrap();
    let mut parts = build(&first, &anna.chain, &[], laptop.opener());
    let heads = first.heads();
    laptop.sees(&phone);
    anna.by(&laptop.device, Action::Revoke(id(1)));
    let new = laptop.rotates(&anna.chain, &parts.keys.loose());
    laptop.writes(&new, &epoch(1, 2, 2));

    let after = |writer: &Writer| {
        let head = heads[&writer.own.device];
        let mut chain = BackupChain::after(&writer.device.certificate, head);
        chain.extend(&writer.records[head.index as usize..]).unwrap();
        chain
    };
    let news = BackupSet::verify(&anna.chain, [after(&phone), after(&laptop)]).unwrap();
    parts.absorb(&news, &anna.chain, laptop.opener());
    let whole = set(&anna.chain, &[&phone, &laptop]).unwrap();
    let whole = build(&whole, &anna.chain, &[], laptop.opener());
    assert!(parts.epochs == whole.epochs);
    assert_eq!((parts.locked, parts.keys.keys().count()), (0, 2));
    assert!(!parts.needs_rotation(&anna.chain));
}
