//! What other users' devices and the server hand a client about keys: certificates, links, chains, boxes, and
//! texts that a camera read.

use chinwag_e2ee::identity::{
    Certificate, Chain, DeviceKeys, Identity, Link, Opener, RecoveryKey, RootPublic, compare_safety_code,
};
use chinwag_proto::UserId;

use super::{E2EE_KEYS, golden_hex, kind_of, way};
use crate::Target;

pub(super) const CERTIFICATE: Target =
    Target { name: "key_certificate", check: certificate, seeds: || seeds("") };
pub(super) const LINK: Target = Target { name: "key_link", check: link, seeds: || seeds("link ") };
pub(super) const CHAIN: Target = Target { name: "key_chain", check: chain, seeds: chains };
pub(super) const BOX: Target = Target { name: "key_box", check: sealed, seeds: || seeds("") };
pub(super) const TEXT: Target = Target { name: "key_text", check: text, seeds: texts };

fn seeds(prefix: &str) -> Vec<Vec<u8>> {
    let golden = golden_hex(E2EE_KEYS).into_iter().filter(|(name, _)| name.starts_with(prefix));
    golden.map(|(_, bytes)| bytes).collect()
}

/// Whole chains, each link after two bytes of length.
fn chains() -> Vec<Vec<u8>> {
    let links = seeds("link ");
    let chain = |count: usize| {
        links.iter().take(count).fold(Vec::new(), |mut chain, link| {
            chain.extend_from_slice(&u16::try_from(link.len()).unwrap_or(u16::MAX).to_be_bytes());
            chain.extend_from_slice(link);
            chain
        })
    };
    (1..=links.len()).map(chain).collect()
}

fn texts() -> Vec<Vec<u8>> {
    let mut texts = seeds("safety ");
    texts.extend(seeds("linking qr"));
    texts.push(format!("{}art", "abandon ".repeat(23)).into_bytes());
    texts.push(b"CHINWAG-RECOVERY-1:00".to_vec());
    texts
}

fn certificate(input: &[u8]) -> u64 {
    match Certificate::decode(input) {
        Ok(certificate) => {
            assert_eq!(certificate.encode(), input);
            way(certificate.created_at_ms > 0)
        }
        Err(error) => way(kind_of(&error)),
    }
}

fn link(input: &[u8]) -> u64 {
    match Link::decode(input) {
        Ok(link) => {
            assert_eq!(link.encode(), input);
            way((format!("{:?}", link.signer).len(), std::mem::discriminant(&link.action)))
        }
        Err(error) => way(kind_of(&error)),
    }
}

fn chain(mut input: &[u8]) -> u64 {
    let Some(user) = UserId::new(7) else { return 0 };
    let mut links = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (link, rest) = rest.split_at(length);
        links.push(link);
        input = rest;
    }
    match Chain::read(None, user, &links) {
        Ok((chain, void)) => {
            assert_eq!(usize::try_from(chain.version()), Ok(links.len() - void.len()));
            assert!(chain.live().all(|certificate| chain.is_live(certificate)));
            assert!(chain.live().count() <= chinwag_e2ee::identity::DEVICES_MAX);
            assert!(chain.against(&chain.pin()).is_ok());
            let faults: Vec<String> = void.iter().map(|(_, fault)| kind_of(fault)).collect();
            way((chain.version(), chain.generation(), faults))
        }
        Err(error) => way(kind_of(&error)),
    }
}

fn sealed(input: &[u8]) -> u64 {
    let keys = DeviceKeys::from_bytes(&[1; 64]);
    let opened = Opener::Device(&keys).open(b"context", input);
    assert!(opened.is_err(), "sealed to another key");
    way((input.len().min(80), input.first().copied() == Some(20)))
}

fn text(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    let Some(user) = UserId::new(7) else { return 0 };
    let anna = Identity { user, root: RootPublic([1; 32]) };
    let safety = compare_safety_code(text, anna, anna);
    let recovery = RecoveryKey::parse(text);
    if let Ok(key) = &recovery {
        assert!(RecoveryKey::parse(&key.words().join(" ")).is_ok());
    }
    way((safety.map_err(|error| kind_of(&error)), recovery.map(|_| ()).map_err(|error| kind_of(&error))))
}
