//! Whatever devices and root do in whatever order, a chain stays what it promises.

use std::collections::BTreeSet;

use chinwag_e2ee::identity::{Action, Chain, DEVICES_MAX, Link, PinVerdict};
use proptest::prelude::*;

use crate::common::{Device, Grown, device, user};

/// Who does what to whom; a device's number is its place among twelve.
#[derive(Clone, Debug)]
struct Deed {
    by: Option<usize>,
    what: u8,
    whom: usize,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (prop::option::weighted(0.8, 0..12_usize), 0..4_u8, 0..12_usize);
    prop::collection::vec(deed.prop_map(|(by, what, whom)| Deed { by, what, whom }), 0..30)
}

fn attempt(anna: &Grown, devices: &[Device], deed: &Deed) -> Option<Link> {
    let whom = &devices[deed.whom];
    let action = match deed.what {
        0 | 1 => Action::Add(whom.certificate.clone()),
        2 => Action::Revoke(whom.certificate.device),
        _ => Action::Profile(crate::chain::profile("anna", None)),
    };
    match deed.by {
        Some(by) => anna.chain.link_by_device(&devices[by].keys, action, 1).ok(),
        None if deed.what == 1 => anna.chain.reset_link(&anna.root, vec![whom.certificate.clone()], 1).ok(),
        None => anna.chain.link_by_root(&anna.root, action, 1).ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn devices_never_come_back_and_places_never_fall(deeds in deeds()) {
        let devices: Vec<Device> = (1..=12).map(device).collect();
        let mut anna = Grown::new(&[&devices[0]]);
        let mut gone = BTreeSet::new();
        for deed in &deeds {
            let before = anna.chain.clone();
            let Some(link) = attempt(&anna, &devices, deed) else { continue };
            anna.push(link);
            let live: BTreeSet<_> = anna.chain.live().map(|certificate| certificate.device).collect();
            prop_assert!(live.len() <= DEVICES_MAX);
            prop_assert!(live.is_disjoint(&gone), "revoked is for ever");
            gone.extend(before.live().map(|c| c.device).filter(|device| !live.contains(device)));
            prop_assert!(gone.iter().all(|device| anna.chain.is_revoked(*device)));
            prop_assert!(anna.chain.position() > before.position());
            prop_assert_eq!(anna.chain.against(&before.pin()), Ok(PinVerdict::Extends));
            prop_assert!(before.against(&anna.chain.pin()).is_err());
        }
        let whole = Chain::verify(Some(anna.root.public()), user(7), &anna.links).unwrap();
        prop_assert_eq!(whole.pin(), anna.chain.pin());
        let kept: Vec<Vec<u8>> = anna.links.iter().map(Link::encode).collect();
        let (read, void) = Chain::read(None, user(7), &kept).unwrap();
        prop_assert_eq!((read.pin(), void.len()), (anna.chain.pin(), 0));
    }

    #[test]
    fn junk_between_the_links_changes_nothing(deeds in deeds(), junk in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let devices: Vec<Device> = (1..=12).map(device).collect();
        let mut anna = Grown::new(&[&devices[0]]);
        for deed in &deeds {
            if let Some(link) = attempt(&anna, &devices, deed) {
                anna.push(link);
            }
        }
        let mut kept: Vec<Vec<u8>> = anna.links.iter().map(Link::encode).collect();
        for (turn, at) in junk.iter().enumerate() {
            // Junk, an old link again, or a link with a bit flipped.
            let source = at.index(kept.len());
            let mut bytes = kept[source].clone();
            match turn % 3 {
                0 => bytes.truncate(9),
                1 => {}
                _ => *bytes.last_mut().unwrap() ^= 1,
            }
            let place = source + 1 + turn % 2;
            kept.insert(place.min(kept.len()), bytes);
        }
        let (read, void) = Chain::read(Some(anna.root.public()), user(7), &kept).unwrap();
        prop_assert_eq!((read.pin(), void.len()), (anna.chain.pin(), junk.len()));
    }
}
