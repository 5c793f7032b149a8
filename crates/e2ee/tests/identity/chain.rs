//! What a device chain lets happen.

use chinwag_e2ee::identity::{Action, Chain, ChainError, Link, PinVerdict, Profile, Signer};

use crate::common::{Grown, certificates, device, root, user};

#[test]
fn a_live_device_lets_another_in_and_may_go() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    assert_eq!(anna.live(), [1, 2]);
    anna.by(&laptop, Action::Revoke(phone.certificate.device));
    assert_eq!(anna.live(), [2]);
    assert!(anna.chain.is_live(&laptop.certificate) && !anna.chain.is_live(&phone.certificate));
    assert!(anna.chain.is_revoked(phone.certificate.device));
    assert_eq!(anna.chain.device(phone.certificate.device), Some(&phone.certificate));
    assert_eq!((anna.chain.version(), anna.chain.generation()), (3, 1));
    let again = Chain::verify(Some(anna.root.public()), user(7), &anna.links).unwrap();
    assert_eq!(again.pin(), anna.chain.pin());
}

#[test]
fn a_certificate_that_differs_in_anything_is_not_live() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let mut other = phone.certificate.clone();
    other.created_at_ms += 1;
    assert!(!anna.chain.is_live(&other));
}

#[test]
fn whatever_the_root_signs_starts_a_generation() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    anna.by_root(Action::Add(laptop.certificate.clone()));
    anna.by_root(Action::Revoke(phone.certificate.device));
    assert_eq!((anna.chain.generation(), anna.chain.version(), anna.live()), (3, 3, vec![2]));
    let tablet = device(3);
    let link = anna.chain.reset_link(&anna.root, certificates(&[&laptop, &tablet]), 40).unwrap();
    anna.push(link);
    assert_eq!((anna.chain.generation(), anna.live()), (4, vec![2, 3]));
}

#[test]
fn the_root_beats_a_thief_that_went_on_in_another_fork() {
    let (phone, stolen) = (device(1), device(2));
    let mut honest = Grown::new(&[&phone, &stolen]);
    let mut thief = Grown::new(&[&phone, &stolen]);
    thief.by(&stolen, Action::Revoke(phone.certificate.device));
    thief.by(&stolen, Action::Add(device(9).certificate));
    let seen = thief.chain.pin();

    honest.by_root(Action::Revoke(stolen.certificate.device));
    assert_eq!(honest.chain.against(&seen), Ok(PinVerdict::Superseded), "shorter, yet later");
    let back = thief.chain.against(&honest.chain.pin());
    assert_eq!(back, Err(ChainError::Rollback { generation: 1, version: 3 }));
}

#[test]
fn a_pin_tells_same_from_longer_from_older_from_forked() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    let young = anna.chain.clone();
    assert_eq!(anna.chain.against(&young.pin()), Ok(PinVerdict::Same));
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    assert_eq!(anna.chain.against(&young.pin()), Ok(PinVerdict::Extends));
    let older = ChainError::Rollback { generation: 1, version: 1 };
    assert_eq!(young.against(&anna.chain.pin()), Err(older));

    let mut fork = Grown::new(&[&phone]);
    fork.by(&phone, Action::Add(device(3).certificate));
    assert_eq!(fork.chain.against(&anna.chain.pin()), Err(ChainError::Fork { version: 2 }));
    fork.by(&phone, Action::Add(device(4).certificate));
    assert_eq!(fork.chain.against(&anna.chain.pin()), Err(ChainError::Fork { version: 2 }));
}

#[test]
fn a_reset_is_another_identity_and_forgets_the_name() {
    let phone = device(1);
    let mut anna = Grown::new(&[&phone]);
    anna.by(&phone, Action::Profile(profile("anna", Some("Anna B."))));
    let before = anna.chain.pin();
    let new_root = root(2);
    let tablet = device(3);
    let link = anna.chain.reset_link(&new_root, certificates(&[&tablet]), 50).unwrap();
    anna.push(link);
    assert_eq!((anna.chain.root(), anna.live()), (new_root.public(), vec![3]));
    assert_eq!(anna.chain.root_seal_key(), new_root.seal_key());
    assert_eq!(anna.chain.profile(), None);
    assert!(anna.chain.is_revoked(phone.certificate.device));
    let changed = ChainError::RootChanged { found: new_root.public() };
    assert_eq!(anna.chain.against(&before), Err(changed));
    let verified = Chain::verify(Some(before.root), user(7), &anna.links);
    assert_eq!(verified.unwrap_err(), changed);
}

#[test]
fn the_name_is_signed_and_the_last_one_counts() {
    let phone = device(1);
    let mut anna = Grown::new(&[&phone]);
    assert_eq!(anna.chain.profile(), None);
    anna.by(&phone, Action::Profile(profile("anna", None)));
    anna.by(&phone, Action::Profile(profile("anna", Some("Anna"))));
    assert_eq!(anna.chain.profile(), Some(&profile("anna", Some("Anna"))));
}

#[test]
fn links_that_are_there_already_are_passed_over() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    let mut late = anna.chain.clone();
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    late.extend(&anna.links).unwrap();
    late.extend(&anna.links).unwrap();
    assert_eq!(late.pin(), anna.chain.pin());
}

#[test]
fn extending_takes_all_links_or_none() {
    let (phone, laptop, tablet) = (device(1), device(2), device(3));
    let mut anna = Grown::new(&[&phone]);
    let before = anna.chain.clone();
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    anna.by(&phone, Action::Add(tablet.certificate.clone()));
    anna.links[2].signature[0] ^= 1;
    let mut late = before.clone();
    assert_eq!(late.extend(&anna.links), Err(ChainError::BadSignature { version: 3 }));
    assert_eq!(late.pin(), before.pin());
}

#[test]
fn what_does_not_count_on_the_server_is_void_and_named() {
    let (phone, stranger) = (device(1), device(66));
    let mut anna = Grown::new(&[&phone]);
    let mut kept: Vec<Vec<u8>> = anna.links.iter().map(Link::encode).collect();
    kept.push(b"junk".to_vec());
    let mut forged = anna.chain.link_by_device(&phone.keys, Action::Add(device(2).certificate), 1).unwrap();
    forged.signer = Signer::Device(stranger.certificate.device);
    kept.push(forged.encode());
    let name = anna.by(&phone, Action::Profile(profile("anna", None)));
    kept.push(name.encode());

    let (chain, void) = Chain::read(None, user(7), &kept).unwrap();
    assert_eq!(chain.pin(), anna.chain.pin());
    let faults: Vec<usize> = void.iter().map(|(index, _)| *index).collect();
    assert_eq!(faults, [1, 2]);
    assert!(matches!(void[0].1, ChainError::Malformed { version: 2, .. }));
    assert_eq!(void[1].1, ChainError::NotLive { version: 2, device: stranger.certificate.device });
    assert_eq!(Chain::read(None, user(7), &[b"junk"]).unwrap_err(), ChainError::Empty);
}

#[test]
fn a_strangers_reset_takes_nothing_from_who_is_pinned() {
    let phone = device(1);
    let mut anna = Grown::new(&[&phone]);
    let mut kept: Vec<Vec<u8>> = anna.links.iter().map(Link::encode).collect();
    let stranger = root(66);
    kept.push(anna.chain.reset_link(&stranger, certificates(&[&device(66)]), 1).unwrap().encode());
    kept.push(anna.by(&phone, Action::Profile(profile("anna", None))).encode());

    let own = anna.root.public();
    let (chain, void) = Chain::read(Some(own), user(7), &kept).unwrap();
    assert_eq!(chain.pin(), anna.chain.pin());
    assert_eq!(void, [(1, ChainError::RootChanged { found: stranger.public() })]);

    let (first_contact, void) = Chain::read(None, user(7), &kept).unwrap();
    assert_eq!(first_contact.root(), stranger.public(), "who has no pin sees what the server says");
    assert_eq!(void, [(2, ChainError::WrongVersion { expected: 3, found: 2 })]);
    let decided = Chain::read(Some(stranger.public()), user(7), &kept).unwrap().0;
    assert_eq!(decided.pin(), first_contact.pin(), "whoever decides for the new root reads on");
    let other = Chain::read(Some(root(5).public()), user(7), &kept).unwrap_err();
    assert_eq!(other, ChainError::RootChanged { found: stranger.public() });
}

pub(crate) fn profile(username: &str, display_name: Option<&str>) -> Profile {
    Profile {
        username: username.parse().unwrap(),
        display_name: display_name.map(|name| name.parse().unwrap()),
    }
}
