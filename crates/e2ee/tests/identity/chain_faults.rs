//! What a device chain refuses, and what it says.

use chinwag_e2ee::identity::{Action, CHAIN_LINKS_MAX, Chain, ChainError, DEVICES_MAX, Link, Signer};

use crate::chain::profile;
use crate::common::{Grown, certificates, device, device_of, root, user};

/// The fault of a chain with one more link, taken as it is.
fn fault(grown: &Grown, link: &Link) -> ChainError {
    let links: Vec<Link> = grown.links.iter().chain([link]).cloned().collect();
    let fault = Chain::verify(None, user(7), &links).unwrap_err();
    let mut chain = grown.chain.clone();
    assert_eq!(chain.extend(std::slice::from_ref(link)), Err(fault), "both ways say the same");
    fault
}

#[test]
fn nothing_is_no_chain() {
    assert_eq!(Chain::verify(None, user(7), &[]).unwrap_err(), ChainError::Empty);
}

#[test]
fn a_chain_begins_with_its_root() {
    let phone = device(1);
    let mut anna = Grown::new(&[&phone]);
    let mut name = anna.by_root(Action::Profile(profile("anna", None)));
    name.version = 1;
    name.generation = 1;
    name.prev = [0; 32];
    let begun = Chain::verify(None, user(7), std::slice::from_ref(&name)).unwrap_err();
    assert_eq!(begun, ChainError::NotRoot { version: 1 });
    name.signer = Signer::Device(phone.certificate.device);
    name.generation = 0;
    let begun = Chain::verify(None, user(7), &[name]).unwrap_err();
    assert_eq!(begun, ChainError::NotLive { version: 1, device: phone.certificate.device });
}

#[test]
fn a_chain_of_somebody_else_is_refused() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    assert_eq!(Chain::verify(None, user(8), &anna.links).unwrap_err(), ChainError::WrongUser { version: 1 });
    let deviceless = Chain::first_link(user(8), &anna.root, Vec::new(), 1).unwrap();
    let verified = Chain::verify(None, user(7), &[deviceless]);
    assert_eq!(verified.unwrap_err(), ChainError::WrongUser { version: 1 });
    let other = device_of(user(8), 2);
    let made = anna.chain.link_by_device(&phone.keys, Action::Add(other.certificate), 1);
    assert_eq!(made, Err(ChainError::WrongUser { version: 2 }));
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let link = anna.chain.link_by_device(&phone.keys, Action::Add(device(2).certificate), 1).unwrap();
    let bytes = link.encode();
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        if let Ok(link) = Link::decode(&bytes) {
            fault(&anna, &link);
        }
    }
}

#[test]
fn a_signature_of_another_key_is_bad() {
    let (phone, laptop) = (device(1), device(2));
    let anna = Grown::new(&[&phone, &laptop]);
    let mut link =
        anna.chain.link_by_device(&phone.keys, Action::Revoke(laptop.certificate.device), 1).unwrap();
    link.signer = Signer::Device(laptop.certificate.device);
    assert_eq!(fault(&anna, &link), ChainError::BadSignature { version: 2 });
    let mut by_root =
        anna.chain.link_by_root(&anna.root, Action::Revoke(laptop.certificate.device), 1).unwrap();
    by_root.signature = link.signature;
    assert_eq!(fault(&anna, &by_root), ChainError::BadSignature { version: 2 });
    let stranger = device(9);
    let made = anna.chain.link_by_device(&stranger.keys, Action::Revoke(laptop.certificate.device), 1);
    assert_eq!(made, Err(ChainError::BadSignature { version: 2 }));
    let made = anna.chain.link_by_root(&root(5), Action::Revoke(laptop.certificate.device), 1);
    assert_eq!(made, Err(ChainError::BadSignature { version: 2 }));
}

#[test]
fn a_revoked_device_signs_nothing() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone, &laptop]);
    let prepared = Grown::new(&[&phone, &laptop]);
    let late =
        prepared.chain.link_by_device(&laptop.keys, Action::Revoke(phone.certificate.device), 1).unwrap();
    anna.by(&phone, Action::Revoke(laptop.certificate.device));
    let made = anna.chain.link_by_device(&laptop.keys, Action::Revoke(phone.certificate.device), 1);
    assert_eq!(made, Err(ChainError::BadSignature { version: 3 }), "it is no key of a live device");
    let mut forced = late;
    forced.version = 3;
    forced.prev = anna.chain.head_hash();
    let dead = ChainError::NotLive { version: 3, device: laptop.certificate.device };
    assert_eq!(fault(&anna, &forced), dead);
}

#[test]
fn who_is_not_live_cannot_be_revoked() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let made = anna.chain.link_by_device(&phone.keys, Action::Revoke(device(2).certificate.device), 1);
    assert_eq!(made, Err(ChainError::NotLive { version: 2, device: device(2).certificate.device }));
}

#[test]
fn a_device_cannot_name_a_root_or_start_a_generation() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let action = Action::Root {
        root: anna.root.public(),
        seal_key: anna.root.seal_key(),
        devices: certificates(&[&phone]),
    };
    let made = anna.chain.link_by_device(&phone.keys, action, 1);
    assert_eq!(made, Err(ChainError::NotRoot { version: 2 }));
    let mut link = anna.chain.link_by_device(&phone.keys, Action::Add(device(2).certificate), 1).unwrap();
    link.generation = 2;
    assert_eq!(fault(&anna, &link), ChainError::WrongGeneration { version: 2 });
}

#[test]
fn neither_id_nor_key_comes_a_second_time() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone, &laptop]);
    anna.by(&phone, Action::Revoke(laptop.certificate.device));
    let again = laptop.certificate.clone();
    let mut same_id = device(3).certificate;
    same_id.device = again.device;
    let mut same_sign = device(3).certificate;
    same_sign.sign_key = again.sign_key;
    let mut same_seal = device(3).certificate;
    same_seal.seal_key = again.seal_key;
    for reused in [again, same_id, same_sign, same_seal] {
        let device = reused.device;
        let expected = Err(ChainError::Reused { version: 3, device });
        let add = Action::Add(reused.clone());
        assert_eq!(anna.chain.link_by_device(&phone.keys, add.clone(), 1), expected);
        assert_eq!(anna.chain.link_by_root(&anna.root, add, 1), expected, "nor by the root");
        assert_eq!(anna.chain.reset_link(&anna.root, vec![reused], 1), expected);
    }
    let twice = anna.chain.reset_link(&anna.root, certificates(&[&phone, &phone]), 1);
    assert_eq!(twice, Err(ChainError::Reused { version: 3, device: phone.certificate.device }));
}

#[test]
fn there_are_at_most_eight_live_devices() {
    let devices: Vec<_> = (1..=9).map(device).collect();
    let mut anna = Grown::new(&devices.iter().take(DEVICES_MAX).collect::<Vec<_>>());
    let ninth = Action::Add(devices[8].certificate.clone());
    let made = anna.chain.link_by_device(&devices[0].keys, ninth.clone(), 1);
    assert_eq!(made, Err(ChainError::TooManyDevices { version: 2 }));
    let all = certificates(&devices.iter().rev().collect::<Vec<_>>());
    let made = anna.chain.reset_link(&anna.root, all, 1);
    assert_eq!(made, Err(ChainError::TooManyDevices { version: 2 }));
    anna.by(&devices[0], Action::Revoke(devices[1].certificate.device));
    anna.by(&devices[0], ninth);
    assert_eq!(anna.live().len(), DEVICES_MAX);
}

#[test]
fn a_missing_link_and_another_past_are_told_apart() {
    let phone = device(1);
    let mut anna = Grown::new(&[&phone]);
    let before = anna.chain.clone();
    anna.by(&phone, Action::Add(device(2).certificate));
    let third = anna.by(&phone, Action::Add(device(3).certificate));
    let mut missing = before.clone();
    let gap = missing.extend(std::slice::from_ref(&third));
    assert_eq!(gap, Err(ChainError::WrongVersion { expected: 2, found: 3 }));

    let mut other = Grown::new(&[&phone]);
    other.by(&phone, Action::Add(device(4).certificate));
    assert_eq!(fault(&other, &third), ChainError::Fork { version: 3 });
    assert_eq!(other.chain.extend(&anna.links), Err(ChainError::Fork { version: 2 }));
}

#[test]
fn a_chain_ends_somewhere() {
    let phone = device(1);
    let anna = Grown::new(&[&phone]);
    let void: Vec<&[u8]> = vec![b"junk"; CHAIN_LINKS_MAX + 1];
    assert_eq!(Chain::read(None, user(7), &void).unwrap_err(), ChainError::TooLong);
    let bytes = anna.links[0].encode();
    let full: Vec<&[u8]> =
        std::iter::once(bytes.as_slice()).chain(vec![&b"junk"[..]; CHAIN_LINKS_MAX - 1]).collect();
    assert_eq!(Chain::read(None, user(7), &full).unwrap().1.len(), CHAIN_LINKS_MAX - 1);
}

#[test]
fn a_link_left_out_doubled_or_swapped_is_noticed_wherever_it_stands() {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    anna.by(&laptop, Action::Profile(profile("anna", None)));
    anna.by_root(Action::Add(device(3).certificate));
    anna.by(&laptop, Action::Revoke(phone.certificate.device));
    let verify = |links: &[Link]| Chain::verify(None, user(7), links).map(|chain| chain.version());
    assert_eq!(verify(&anna.links), Ok(5));
    for at in 0..4 {
        let mut without = anna.links.clone();
        without.remove(at);
        assert!(verify(&without).is_err(), "without {at}");
        let mut doubled = anna.links.clone();
        doubled.insert(at, anna.links[at].clone());
        assert!(verify(&doubled).is_err(), "{at} twice");
        let mut swapped = anna.links.clone();
        swapped.swap(at, at + 1);
        assert!(verify(&swapped).is_err(), "{at} and the next");
    }
}
