//! The history key: who gets it, what a change of it does.

use chinwag_e2ee::backup::{HistoryKey, KeyRing, OLD_KEYS_MAX, Recipient, Rotation};
use chinwag_e2ee::canonical::Writer;
use chinwag_e2ee::identity::{Action, SealError, seal_to};

use crate::common::{Dice, Grown, device, id, user};

#[test]
fn every_live_device_and_the_root_open_the_new_key() {
    let (phone, laptop, tablet) = (device(1), device(2), device(3));
    let mut anna = Grown::new(&[&phone, &laptop, &tablet]);
    anna.by(&phone, Action::Revoke(id(3)));
    let (rotation, key) = Rotation::new(&anna.chain, &[], &mut Dice::new(1)).unwrap();
    for who in [
        Recipient::Device(id(1), &phone.keys),
        Recipient::Device(id(2), &laptop.keys),
        Recipient::Root(&anna.root),
    ] {
        assert_eq!(rotation.open(user(7), who).unwrap().id(), key.id());
    }
    for who in [Recipient::Device(id(3), &tablet.keys), Recipient::Device(id(1), &tablet.keys)] {
        assert_eq!(rotation.open(user(7), who).err(), Some(SealError::Closed));
    }
    let who = Recipient::Device(id(1), &phone.keys);
    assert_eq!(rotation.open(user(8), who).err(), Some(SealError::Closed));
    let mut other = rotation.clone();
    other.position.version += 1;
    assert_eq!(other.open(user(7), who).err(), Some(SealError::Closed));
}

#[test]
fn the_new_key_opens_the_old_ones_and_not_the_other_way() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let mut dice = Dice::new(1);
    let (first, old) = Rotation::new(&anna.chain, &[], &mut dice).unwrap();
    let (second, new) = Rotation::new(&anna.chain, std::slice::from_ref(&old), &mut dice).unwrap();
    let opened = second.open_old(user(7), &new).unwrap();
    assert_eq!(opened.iter().map(HistoryKey::id).collect::<Vec<_>>(), [old.id()]);
    assert!(first.open_old(user(7), &old).unwrap().is_empty());
    assert_eq!(second.open_old(user(7), &old).err(), Some(SealError::Closed));
    let mut moved = second.clone();
    moved.boxes.remove(&None);
    assert_eq!(moved.open_old(user(7), &new).err(), Some(SealError::Closed), "bound to its boxes");

    let mut ring = KeyRing::new([new.clone()]);
    assert!(ring.learn(user(7), &second, None) && !ring.learn(user(7), &second, None));
    assert_eq!((ring.len(), ring.is_empty()), (2, false));
    assert_eq!(*ring.get(&new.id()).unwrap().to_bytes(), *new.to_bytes());
    assert_eq!(ring.loose().iter().map(HistoryKey::id).collect::<Vec<_>>(), [new.id()]);
    let mut without = KeyRing::default();
    assert!(!without.learn(user(7), &second, None) && without.is_empty());
    let many = vec![old; OLD_KEYS_MAX + 1];
    let made = Rotation::new(&anna.chain, &many, &mut dice);
    assert_eq!(made.err(), Some(SealError::TooLong));
}

#[test]
fn of_two_rotations_at_once_the_next_seals_both() {
    let (phone, laptop) = (device(1), device(2));
    let anna = Grown::new(&[&phone, &laptop]);
    let (one, first) = Rotation::new(&anna.chain, &[], &mut Dice::new(1)).unwrap();
    let (other, second) = Rotation::new(&anna.chain, &[], &mut Dice::new(2)).unwrap();
    let ring = |rotations: [&Rotation; 2]| {
        let own = Some(Recipient::Device(id(1), &phone.keys));
        let mut ring = KeyRing::default();
        rotations.iter().for_each(|rotation| assert!(ring.learn(user(7), rotation, own)));
        ring
    };
    let a = ring([&one, &other]);
    assert_eq!(a.loose().len(), 2);
    let (third, key) = Rotation::new(&anna.chain, &a.loose(), &mut Dice::new(3)).unwrap();
    let mut fresh = KeyRing::new([key]);
    fresh.learn(user(7), &third, None);
    assert!(fresh.get(&first.id()).is_some() && fresh.get(&second.id()).is_some());
}

#[test]
fn a_rotation_serves_as_long_as_nobody_else_has_its_key() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone, &laptop]);
    let (rotation, _) = Rotation::new(&anna.chain, &[], &mut Dice::new(1)).unwrap();
    assert!(rotation.serves(&anna.chain));
    anna.by(&phone, Action::Add(device(3).certificate));
    assert!(rotation.serves(&anna.chain), "a new device is handed the key");
    anna.by(&phone, Action::Revoke(id(2)));
    assert!(!rotation.serves(&anna.chain));
    let (rotation, _) = Rotation::new(&anna.chain, &[], &mut Dice::new(1)).unwrap();
    assert!(rotation.serves(&anna.chain));
    let link = anna.chain.reset_link(&crate::common::root(2), vec![phone.certificate], 1).unwrap();
    anna.push(link);
    assert!(!rotation.serves(&anna.chain), "the lost recovery key has it");
}

#[test]
fn another_key_under_the_id_of_the_new_one_is_no_key() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let mut dice = Dice::new(1);
    let (mut rotation, key) = Rotation::new(&anna.chain, &[], &mut dice).unwrap();
    let mut context = Writer::new("chinwag history rotation 1");
    context.u64(7).u64(1).u64(1).fixed(&anna.chain.root().0).fixed(&key.id());
    let who = Recipient::Device(id(1), &phone.keys);
    for (bytes, opens) in [(*key.to_bytes(), true), ([9; 32], false)] {
        let seal_key = &phone.certificate.seal_key;
        let sealed = seal_to(seal_key, context.as_slice(), &bytes, &mut dice).unwrap();
        rotation.boxes.insert(Some(id(1)), sealed);
        assert_eq!(rotation.open(user(7), who).is_ok(), opens);
    }
}
