//! Any bytes decode to an outcome; what decodes has one spelling.

use chinwag_e2ee::backup::{Entry, Record};
use chinwag_e2ee::identity::linking::{LinkingBudget, NewByCode, NewByQr, OldByCode, scan};
use chinwag_e2ee::identity::{
    Action, Certificate, Chain, Identity, Link, Opener, RecoveryKey, compare_safety_code,
};
use proptest::prelude::*;

use crate::common::{Dice, Grown, device, root, user};

/// Bytes that often get far: a valid encoding with a part replaced.
fn near(valid: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec(any::<u8>(), 0..12);
    (prop::sample::select(valid), any::<prop::sample::Index>(), 0..12_usize, noise).prop_map(
        |(mut bytes, at, cut, noise)| {
            let at = at.index(bytes.len() + 1);
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, noise);
            bytes
        },
    )
}

fn valid() -> Vec<Vec<u8>> {
    let (phone, laptop) = (device(1), device(2));
    let mut anna = Grown::new(&[&phone]);
    anna.by(&phone, Action::Add(laptop.certificate.clone()));
    anna.by(&phone, Action::Profile(crate::chain::profile("anna", Some("Ä"))));
    anna.by_root(Action::Revoke(laptop.certificate.device));
    let mut valid: Vec<Vec<u8>> = anna.links.iter().map(Link::encode).collect();
    valid.push(phone.certificate.encode());
    let golden = include_str!("../fixtures/keys.1.txt");
    let bytes = |hex: &str| {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
    };
    valid.extend(golden.lines().filter_map(|line| line.split_once(": ")).map(|(_, hex)| bytes(hex)));
    valid
}

proptest! {
    #[test]
    fn decoding_is_total_and_exact(bytes in prop_oneof![
        near(valid()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]) {
        if let Ok(certificate) = Certificate::decode(&bytes) {
            prop_assert_eq!(certificate.encode(), bytes.clone());
        }
        if let Ok(link) = Link::decode(&bytes) {
            prop_assert_eq!(link.encode(), bytes.clone());
        }
        if let Ok(record) = Record::decode(&bytes) {
            prop_assert_eq!(record.encode(), bytes.clone());
        }
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(entry.encode().to_vec(), bytes.clone());
        }
        let _void = Chain::read(None, user(7), std::slice::from_ref(&bytes));
        let _closed = Opener::Device(&device(1).keys).open(b"context", &bytes);
    }

    #[test]
    fn linking_messages_are_total(bytes in near(valid())) {
        let (old, new, mut dice) = (device(1).certificate, device(2).certificate, Dice::new(1));
        let mut budget = LinkingBudget::default();
        let (by_code, commit) = NewByCode::start("o", &new, None, 0, &mut dice).unwrap();
        let _any = by_code.answer(&bytes, 0);
        let _any = OldByCode::start("o", &old, &mut budget, &bytes, 0, &mut dice);
        let (answered, _) = OldByCode::start("o", &old, &mut budget, &commit, 0, &mut dice).unwrap();
        prop_assert!(answered.opened(&bytes, 0).is_err());
        let (by_qr, _) = NewByQr::start("o", &new, None, 0, &mut dice).unwrap();
        let text = by_qr.qr_text();
        prop_assert!(scan("o", &old, &mut budget, (&text, &bytes), 0, &mut dice).is_err());
        prop_assert!(by_qr.handover(&bytes, 0).is_err());
    }

    #[test]
    fn any_text_is_a_key_or_a_fault(text in "(CHINWAG-(RECOVERY|SAFETY|LINK)-1:)?[0-9A-Fa-f ]{0,80}|\\PC{0,200}") {
        prop_assert!(RecoveryKey::parse(&text).is_err());
        let anna = Identity { user: user(7), root: root(1).public() };
        prop_assert!(compare_safety_code(&text, anna, anna).is_err());
    }

    #[test]
    fn every_recovery_key_comes_back_from_its_words(seed in any::<u64>()) {
        let key = RecoveryKey::generate(&mut Dice::new(seed));
        let again = RecoveryKey::parse(&key.words().join(" ")).unwrap();
        prop_assert_eq!(again.root().public(), key.root().public());
    }
}
