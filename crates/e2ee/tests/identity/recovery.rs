//! The recovery key: written down, typed in, scanned.

use chinwag_e2ee::identity::{
    KeyError, Opener, RECOVERY_WORDS, RecoveryError, RecoveryKey, SealError, seal_to, verify_signature,
    words_to_confirm,
};

use crate::common::{Dice, Given, device, hex};

fn key() -> RecoveryKey {
    RecoveryKey::generate(&mut Dice::new(1))
}

fn fault(text: &str) -> RecoveryError {
    RecoveryKey::parse(text).err().expect("refused")
}

#[test]
fn words_and_code_give_the_same_root_again() {
    let root = key().root().public();
    let words = key().words();
    assert_eq!(words.len(), RECOVERY_WORDS);
    for text in [
        words.join(" "),
        words.join("\n").to_uppercase(),
        format!("  {}\t", words.join("  \u{a0} ")),
        words.iter().enumerate().map(|(i, word)| format!("{}. {word},\n", i + 1)).collect(),
        key().qr_text().to_string(),
        key().qr_text().to_lowercase(),
        format!(" {} ", key().qr_text().replace(':', ": ")),
    ] {
        assert_eq!(RecoveryKey::parse(&text).ok().map(|key| key.root().public()), Some(root), "{text}");
    }
}

#[test]
fn a_wrong_word_is_named_and_a_swapped_one_noticed() {
    let words = key().words();
    let mut wrong: Vec<_> = words.clone();
    wrong[6] = "chinwag";
    assert_eq!(fault(&wrong.join(" ")), RecoveryError::Word { position: 7 });
    let mut swapped = words.clone();
    swapped.swap(0, 1);
    assert_eq!(fault(&swapped.join(" ")), RecoveryError::Checksum);
    assert_eq!(fault(&words[1..].join(" ")), RecoveryError::Count { found: 23 });
    assert_eq!(fault(&[words.clone(), words].concat().join(" ")), RecoveryError::Count { found: 48 });
    assert_eq!(fault(""), RecoveryError::Count { found: 0 });
    assert_eq!(fault(&"a".repeat(5000)), RecoveryError::Damaged);
}

#[test]
fn a_damaged_code_is_noticed() {
    let code = key().qr_text().to_string();
    for at in code.find(':').unwrap() + 1..code.len() {
        let other = if code.as_bytes()[at] == b'0' { "1" } else { "0" };
        let mut damaged = code.clone();
        damaged.replace_range(at..=at, other);
        assert_eq!(fault(&damaged), RecoveryError::Damaged);
    }
    assert_eq!(fault(&code[..code.len() - 1]), RecoveryError::Damaged);
    assert_eq!(fault(&code[..20]), RecoveryError::Damaged);
}

#[test]
fn some_words_are_asked_for_each_position_as_likely() {
    let mut dice = Dice::new(4);
    let mut asked = [0; RECOVERY_WORDS];
    for _ in 0..800 {
        let positions = words_to_confirm(3, &mut dice);
        assert_eq!(positions.len(), 3);
        assert!(positions.is_sorted_by(|a, b| a < b));
        positions.iter().for_each(|position| asked[position - 1] += 1);
    }
    assert!(asked.iter().all(|times| (60..=150).contains(times)), "about 100 each: {asked:?}");
    assert_eq!(words_to_confirm(99, &mut dice).len(), RECOVERY_WORDS);
    assert!(words_to_confirm(0, &mut dice).is_empty());
}

#[test]
fn bytes_that_would_favour_a_position_are_thrown_away() {
    // 24 positions go ten times into 240; of 23, eleven times into 253.
    let mut given = Given(vec![240, 255, 239, 253, 252]);
    let positions = words_to_confirm(22, &mut given);
    assert!(given.0.is_empty(), "each was looked at");
    assert_eq!(positions, (1..=22).collect::<Vec<_>>(), "239 takes the 24th, 252 the 23rd");
}

#[test]
fn a_typed_word_confirms_its_position_alone() {
    let words = key().words();
    assert!(key().confirms(3, &format!(" {} ", words[2].to_uppercase())));
    assert!(!key().confirms(4, words[2]));
    assert!(!key().confirms(0, words[0]) && !key().confirms(25, words[23]));
}

#[test]
fn what_is_sealed_opens_for_its_key_and_context_alone() {
    let (phone, laptop, root) = (device(1), device(2), key().root());
    let mut dice = Dice::new(9);
    let sealed = seal_to(&phone.certificate.seal_key, b"context", b"secret", &mut dice).unwrap();
    assert_eq!(Opener::Device(&phone.keys).open(b"context", &sealed).unwrap().as_slice(), b"secret");
    assert_eq!(Opener::Device(&phone.keys).open(b"other", &sealed).err(), Some(SealError::Closed));
    assert_eq!(Opener::Device(&laptop.keys).open(b"context", &sealed).err(), Some(SealError::Closed));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(Opener::Device(&phone.keys).open(b"context", &changed).is_err(), "byte {at}");
    }
    let sealed = seal_to(&root.seal_key(), b"context", b"secret", &mut dice).unwrap();
    assert_eq!(Opener::Root(&root).open(b"context", &sealed).unwrap().as_slice(), b"secret");
    let long = vec![0; chinwag_e2ee::identity::SEALED_BYTES_MAX + 1];
    assert_eq!(seal_to(&root.seal_key(), b"", &long, &mut dice), Err(SealError::TooLong));
}

#[test]
fn secrets_come_back_from_their_bytes() {
    let phone = device(1);
    let again = chinwag_e2ee::identity::DeviceKeys::from_bytes(&phone.keys.to_bytes());
    assert_eq!(hex(&again.sign_key()), hex(&phone.certificate.sign_key));
    assert_eq!(hex(&again.seal_key()), hex(&phone.certificate.seal_key));
    assert_eq!(phone.keys.sign_seed().as_slice(), &phone.keys.to_bytes()[..32]);
}

#[test]
fn a_key_under_which_anything_is_signed_is_refused() {
    // The neutral point as key and as R, with s = 0: the plain equation holds for every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(verify_signature(&neutral, b"anything", &signature), Err(KeyError::Signature));
    let no_point = [2; 32];
    assert_eq!(verify_signature(&no_point, b"anything", &signature), Err(KeyError::Key));
    let phone = device(1);
    let signature = phone.keys.sign(b"this");
    assert_eq!(verify_signature(&phone.certificate.sign_key, b"this", &signature), Ok(()));
}
