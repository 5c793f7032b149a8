//! Sealed content: what fits, what is told, and what is refused.

use chinwag_e2ee::content::{
    Cause, Compared, EpochKey, Kind, LogHash, entry_hash, open_reaction, padded_len, seal_reaction,
};
use chinwag_e2ee::group::{EpochRecord, EpochSecret, Epochs, Seen};
use chinwag_proto::content::ContentError;
use chinwag_proto::{Body, Content, Entry, Limits, ReactionKey};

use super::world::{World, seq};

fn two(seed: u64) -> (World, chinwag_proto::DeviceId, chinwag_proto::DeviceId) {
    let mut world = World::new("g.1", 2, seed);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    (world, alice, bob)
}

fn checked(content: &Content) -> Result<(), ContentError> {
    let raw = serde_json::value::RawValue::from_string(content.json().to_owned()).unwrap();
    Content::check(&raw, &Limits::default()).map(|_| ())
}

#[test]
fn the_longest_text_fits_whatever_it_is_made_of() {
    let (mut world, alice, _) = two(20);
    for text in ["x".repeat(16 * 1024), "\u{1}".repeat(16 * 1024), "é".repeat(8 * 1024)] {
        let content = world.sealed(alice, Kind::Message, &text, None, None);
        assert!(content.is_sealed());
        assert_eq!(checked(&content), Ok(()));
    }
}

#[test]
fn a_large_object_fits_and_a_larger_one_is_refused() {
    let (mut world, alice, _) = two(21);
    let header = world.header(alice, Kind::Message);
    let key = world.key(alice);
    let head = world.people[&world.devices[&alice].user()].chain().pin().into();
    let mut dice = world.dice.clone();
    let device = world.device(alice);
    let by = chinwag_e2ee::content::Sealer { keys: &device.keys, head, seen: device.log.seen(), other: None };
    let mut seal = |bytes: usize| {
        let json = format!(r#"{{"type":"file","text":"{}"}}"#, "x".repeat(bytes - 26));
        let content = Content::from_json(json).unwrap();
        let draft =
            chinwag_e2ee::content::Draft { content: &content, sent_at_ms: 0, target: None, reply: None };
        chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut dice)
    };
    let most = seal(44 * 1024).unwrap();
    assert_eq!(checked(&most), Ok(()));
    assert_eq!(seal(46 * 1024), Err(chinwag_e2ee::content::SealFailure::TooLarge));
}

#[test]
fn the_length_of_an_envelope_tells_little() {
    let (mut world, alice, _) = two(22);
    let lengths: std::collections::BTreeSet<_> = (0..200)
        .map(|len| world.sealed(alice, Kind::Message, &"x".repeat(len), None, None).json().len())
        .collect();
    assert!(lengths.len() <= 200 / 8 + 1, "{lengths:?}");
    assert_eq!(padded_len(padded_len(300)), padded_len(300));
}

#[test]
fn nothing_readable_and_no_key_is_in_an_envelope() {
    let (mut world, alice, _) = two(23);
    let content = world.sealed(alice, Kind::Message, "the word", None, None);
    assert!(!content.json().contains("the word") && content.fallback().is_empty());
    let again = world.sealed(alice, Kind::Message, "the word", None, None);
    assert_ne!(content, again, "a fresh nonce each time");
    assert_eq!(format!("{:?}", EpochSecret([7; 32])), "EpochSecret(***)");
}

#[test]
fn an_edit_names_the_message_it_was_made_for() {
    let (mut world, alice, bob) = two(24);
    let one = world.say(alice, "one").unwrap();
    let two = world.say(alice, "two").unwrap();
    world.sync_all();
    let content = world.sealed(alice, Kind::Edit, "one, better", one.digest, None);
    let (after, from) = (world.device(alice).group().after(), world.device(alice).certificate.clone());
    let id = format!("m{}-{}", alice, world.device(alice).sent + 1);
    let right = Body::Edit { target: one.seq, content: Some(content.clone()) };
    let right = world.server.append(&from, after, &id, right).unwrap();
    assert_eq!(world.read(bob, &right).unwrap().content.fallback(), "one, better");
    let moved = Entry { body: Body::Edit { target: two.seq, content: Some(content) }, ..right };
    assert_eq!(world.read(bob, &moved), Err(Cause::WrongTarget));
}

#[test]
fn an_answer_names_the_message_it_answers() {
    let (mut world, alice, bob) = two(25);
    let one = world.say(alice, "one").unwrap();
    let two = world.say(alice, "two").unwrap();
    let content = world.sealed(bob, Kind::Message, "yes", None, one.digest);
    let (after, from) = (world.device(bob).group().after(), world.device(bob).certificate.clone());
    let id = format!("m{}-{}", bob, world.device(bob).sent + 1);
    let body = |reply_to| Body::Message { content: Some(content.clone()), reply_to };
    let right = world.server.append(&from, after, &id, body(Some(one.seq))).unwrap();
    assert!(world.read(alice, &right).is_ok());
    for reply_to in [Some(two.seq), None] {
        let moved = Entry { body: body(reply_to), ..right.clone() };
        assert_eq!(world.read(alice, &moved), Err(Cause::WrongTarget));
    }
}

fn react(world: &mut World, who: chinwag_proto::DeviceId, target: &Entry, symbol: &str, on: bool) -> Entry {
    world.sync_all();
    let header = world.header(who, Kind::Reaction);
    let now = world.key(who);
    let device = &world.devices[&who];
    let of_target = EpochKey::new(&device.epochs.in_force(target.seq).unwrap().secret);
    let symbol: ReactionKey = symbol.parse().unwrap();
    let mut dice = world.dice.clone();
    let sealed =
        seal_reaction(&of_target, &now, &header, &target.digest.unwrap(), &symbol, on, &mut dice).unwrap();
    world.dice.next();
    let (after, from) = (device.group().after(), device.certificate.clone());
    let body = Body::Reaction { target: target.seq, key: sealed.key, on };
    world.server.append(&from, after, sealed.id.as_str(), body).unwrap()
}

fn reaction(world: &World, who: chinwag_proto::DeviceId, entry: &Entry) -> Result<String, Cause> {
    let Body::Reaction { target, .. } = &entry.body else { panic!("no reaction") };
    let device = &world.devices[&who];
    let epoch = device.epochs.in_force(entry.seq).unwrap();
    let now = EpochKey::new(&epoch.secret);
    let leaf = device.epochs.sender(epoch.commit, entry.sender_id, entry.device_id);
    let target = world.server.entry(*target);
    let of_target = EpochKey::new(&device.epochs.in_force(target.seq).unwrap().secret);
    open_reaction(entry, epoch, &now, leaf, &of_target, &target.digest.unwrap())
        .map(|symbol| symbol.as_str().to_owned())
}

#[test]
fn a_reaction_is_alike_for_all_and_can_be_taken_back_in_a_later_epoch() {
    let (mut world, alice, bob) = two(26);
    let message = world.say(alice, "well?").unwrap();
    let other = world.say(alice, "and this?").unwrap();
    let one = react(&mut world, alice, &message, "👍", true);
    world.commit(alice, &Default::default(), &[]);
    let same = react(&mut world, bob, &message, "👍", false);
    let elsewhere = react(&mut world, bob, &other, "👍", true);
    let kiss = react(&mut world, bob, &message, "👩🏻‍❤️‍💋‍👨🏿", true);
    world.sync_all();
    let key = |entry: &Entry| match &entry.body {
        Body::Reaction { key, .. } => key.clone(),
        _ => panic!("no reaction"),
    };
    assert_eq!(key(&one), key(&same), "the server counts by it");
    assert_ne!(key(&one), key(&elsewhere), "and learns nothing across messages");
    assert_eq!((key(&one).as_str().len(), key(&kiss).as_str().len()), (64, 64), "nor by length");
    for (entry, symbol) in [(&one, "👍"), (&same, "👍"), (&elsewhere, "👍"), (&kiss, "👩🏻‍❤️‍💋‍👨🏿")]
    {
        assert_eq!(reaction(&world, bob, entry).unwrap(), symbol);
    }
}

#[test]
fn a_reaction_that_the_server_makes_up_or_moves_is_refused() {
    let (mut world, alice, bob) = two(27);
    let message = world.say(alice, "well?").unwrap();
    let other = world.say(alice, "and this?").unwrap();
    let one = react(&mut world, alice, &message, "👍", true);
    world.sync_all();
    let forged = Entry { sender_id: super::world::user(2), device_id: bob, ..one.clone() };
    assert_eq!(reaction(&world, bob, &forged), Err(Cause::BadSignature));
    let Body::Reaction { key, .. } = one.body.clone() else { panic!("no reaction") };
    let off =
        Entry { body: Body::Reaction { target: message.seq, key: key.clone(), on: false }, ..one.clone() };
    assert_eq!(reaction(&world, bob, &off), Err(Cause::BadSignature));
    let moved = Entry { body: Body::Reaction { target: other.seq, key, on: true }, ..one.clone() };
    assert_eq!(reaction(&world, bob, &moved), Err(Cause::BadSignature));
    let plain = Body::Reaction { target: message.seq, key: "👍".parse().unwrap(), on: true };
    assert_eq!(reaction(&world, bob, &Entry { body: plain, ..one }), Err(Cause::BadSignature));
}

#[test]
fn the_log_has_one_hash_before_and_after_a_deletion() {
    let (mut world, alice, _) = two(28);
    let entry = world.say(alice, "soon gone").unwrap();
    assert_eq!(entry_hash(&entry), entry_hash(&entry.wiped()));
    let mut log = LogHash::from_the_start();
    assert!(world.server.log.iter().all(|entry| log.push(entry)));
    let mut wiped = LogHash::from_the_start();
    assert!(world.server.log.iter().all(|entry| wiped.push(&entry.wiped())));
    assert_eq!(log.seen(), wiped.seen());
    let mut changed = entry;
    changed.body = Body::Message { content: Some(Content::text("something else")), reply_to: None };
    let mut log = LogHash::from_later(changed.seq.prev());
    assert!(!log.push(&changed), "the digest is of the content");
}

#[test]
fn a_newcomer_takes_the_hash_from_the_first_who_tells_and_compares_from_there() {
    let (mut world, alice, _) = two(29);
    for text in ["a", "b", "c"] {
        world.say(alice, text).unwrap();
    }
    let mut whole = LogHash::from_the_start();
    let mut late = LogHash::from_later(seq(2));
    world.server.log.iter().for_each(|entry| {
        whole.push(entry);
    });
    world.server.log[2..].iter().for_each(|entry| {
        late.push(entry);
    });
    assert_eq!(late.seen(), Seen { seq: seq(0), hash: [0; 32] }, "it says nothing until it knows");
    let mut at_three = LogHash::from_the_start();
    world.server.log[..3].iter().for_each(|entry| {
        at_three.push(entry);
    });
    assert_eq!(late.compare(at_three.seen()), Compared::Taken);
    assert_eq!(late.seen(), whole.seen());
    assert_eq!(late.compare(whole.seen()), Compared::Same);
    let fork = Seen { hash: [9; 32], ..whole.seen() };
    assert_eq!(late.compare(fork), Compared::Differs);
    assert_eq!(late.compare(Seen { seq: seq(99), hash: [9; 32] }), Compared::Unknown);
}

#[test]
fn an_epoch_record_survives_the_backup() {
    let (world, alice, bob) = two(30);
    for id in [alice, bob] {
        for record in world.devices[&id].epochs.records() {
            assert_eq!(EpochRecord::decode(&record.encode()).as_ref(), Ok(record));
            let kept = record.to_backup([3; 32]);
            assert_eq!(EpochRecord::from_backup(&kept).as_ref(), Some(record));
        }
    }
    assert!(Epochs::default().in_force(seq(9)).is_none());
}

#[test]
fn check_12_an_envelope_of_a_direct_chat_tells_of_another_chat() {
    let (mut world, alice, bob) = two(31);
    let header = world.header(alice, Kind::Message);
    let key = world.key(alice);
    let head = world.people[&world.devices[&alice].user()].chain().pin().into();
    let mut dice = world.dice.clone();
    let device = &world.devices[&alice];
    let seen = Seen { seq: seq(41), hash: [4; 32] };
    let other = Some(chinwag_e2ee::content::OtherChat { chat: "g.9".parse().unwrap(), seen });
    let by = chinwag_e2ee::content::Sealer { keys: &device.keys, head, seen: device.log.seen(), other };
    let content = Content::text("and there?");
    let draft = chinwag_e2ee::content::Draft { content: &content, sent_at_ms: 7, target: None, reply: None };
    let content = chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut dice).unwrap();
    let from = device.certificate.clone();
    let body = Body::Message { content: Some(content), reply_to: None };
    let entry = world.server.append(&from, header.after, header.id.as_str(), body).unwrap();
    let plain = world.read(bob, &entry).unwrap();
    assert_eq!((plain.other, plain.sent_at_ms), (other, 7));
}
