//! Whatever bytes come: shown as unreadable with their cause, never a panic.

use chinwag_e2ee::content::EpochKey;
use chinwag_e2ee::group::{
    Blobs, Data, EpochRecord, Group, Provider, SenderLeaf, hand_over, judge_create, key_package,
};
use chinwag_proto::{Body, Content};
use proptest::prelude::*;

use super::world::{NOW_MS, World, seq};

fn changed(bytes: &[u8], edits: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, xor) in edits {
        let at = at % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= xor;
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), 1..=255_u8), 1..4)
}

#[test]
fn changed_or_arbitrary_records_envelopes_and_packages_never_panic() {
    let mut world = World::new("g.1", 3, 80);
    world.found(&[1, 2]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    let said = world.say(alice, "hello").unwrap();
    world.sync_all();
    let wish = chinwag_e2ee::group::Wish { add_users: vec![super::world::user(3)], ..Default::default() };
    world.stage(alice, &wish, &[3]).unwrap();
    let entry = world.send(alice).unwrap();
    let Body::Mls { data, changes } = &entry.body else { panic!("no record") };
    let Body::Message { content: Some(envelope), .. } = &said.body else { panic!("no message") };
    let package = world.server.packages[&carol][0].clone();
    let epoch = world.devices[&bob].epochs.in_force(said.seq).unwrap().clone();
    let key = EpochKey::new(&epoch.secret);
    let leaf = SenderLeaf::Key(world.devices[&alice].certificate.sign_key);
    let (blobs, chains, chat) = (world.server.blobs.clone(), world.chains(), world.server.chat);
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = (edits(), prop::collection::vec(any::<u8>(), 0..300));
    runner
        .run(&strategy, |(edits, noise)| {
            for json in [data.json(), envelope.json()] {
                for text in [changed(json.as_bytes(), &edits), noise.clone()] {
                    let Ok(text) = String::from_utf8(text) else { continue };
                    let Some(content) = Content::from_json(text) else { continue };
                    let _parsed = Data::parse(&content);
                    let mut forged = entry.clone();
                    forged.body = Body::Mls { changes: changes.clone(), data: content.clone() };
                    let mut group = Group::load(world.devices[&bob].rows()).unwrap().unwrap();
                    let _verdict = group.process(&forged, &blobs);
                    let _judged = judge_create(&forged, &Blobs::new());
                    let device = &world.devices[&carol];
                    let _joined = Group::join(device.rows(), device.me(), chat, &forged, &blobs, &chains);
                    let mut read = said.clone();
                    read.body = Body::Message { content: Some(content.clone()), reply_to: None };
                    let none = chinwag_e2ee::content::Target::None;
                    let _opened = chinwag_e2ee::content::open(&read, &content, &epoch, &key, leaf, none);
                }
            }
            let asked = &world.devices[&carol].certificate;
            let provider = Provider::default();
            prop_assert!(key_package::check(&provider, &changed(&package, &edits), asked, NOW_MS).is_err());
            prop_assert!(key_package::check(&provider, &noise, asked, NOW_MS).is_err());
            prop_assert!(EpochRecord::decode(&noise).is_err());
            let to = (asked, &world.devices[&carol].keys);
            let from = &world.devices[&alice].certificate;
            prop_assert!(hand_over::open(chat, from, to, seq(0), &noise).is_err());
            Ok(())
        })
        .unwrap();
}
