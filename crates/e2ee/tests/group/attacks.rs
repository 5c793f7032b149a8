//! Attacks, each named after the check of the design that it is refused by.

use chinwag_e2ee::content::{Cause, ChainHead, EpochKey, HeadVerdict, Kind};
use chinwag_e2ee::group::data::{Around, Part};
use chinwag_e2ee::group::key_package::{self, KeyPackageError};
use chinwag_e2ee::group::{
    Alarm, Blobs, Data, EpochSecret, Facts, Group, JoinError, Links, Me, Outcome, Provider, Seen, SenderLeaf,
    Verdict, Void, Wish, data, evidence, suite,
};
use chinwag_proto::{Body, Content, DeviceId, Entry, MemberChange, Seq};
use openmls::group::{GroupId, MlsGroup};
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{
    KeyPackageIn, LeafNodeIndex, LeafNodeParameters, OpenMlsProvider as _, ProtocolVersion,
};

use super::world::{Device, NOW_MS, World, user};

/// What a member's own client would never commit.
#[derive(Default)]
pub(crate) struct Evil {
    pub(crate) adds: Vec<Vec<u8>>,
    pub(crate) removes: Vec<u32>,
    pub(crate) facts: Option<Facts>,
    pub(crate) changes: Vec<MemberChange>,
    pub(crate) chains: Links,
    /// The leaf gets this credential instead.
    pub(crate) leaf: Option<openmls::credentials::CredentialWithKey>,
    /// Not bound to the record.
    pub(crate) loose: bool,
}

/// The bytes of an evil commit, signed and bound as they should be unless `loose`.
pub(crate) fn evil(world: &mut World, id: DeviceId, evil: Evil) -> Data {
    let (chat, after) = (world.server.chat, world.server.last_mls);
    let device = &world.devices[&id];
    let provider = Provider::new(device.rows());
    let group = GroupId::from_slice(&device.group().id());
    let mut mls = MlsGroup::load(provider.storage(), &group).unwrap().unwrap();
    let mut data = Data::new(data::Kind::Commit, device.log.seen());
    data.evidence = (!evil.chains.is_empty()).then(|| Part::Inline(evidence::encode(&evil.chains)));
    let around = Around { chat, after, changes: &evil.changes };
    let bound = if evil.loose { [0; 32] } else { data.bound(around) };
    mls.set_aad(bound.to_vec());
    let adds = evil.adds.iter().map(|bytes| {
        let package = KeyPackageIn::tls_deserialize_exact(bytes.as_slice()).unwrap();
        package.validate(provider.crypto(), ProtocolVersion::Mls10).unwrap()
    });
    let mut builder = mls
        .commit_builder()
        .force_self_update(true)
        .propose_adds(adds.collect::<Vec<_>>())
        .propose_removals(evil.removes.into_iter().map(LeafNodeIndex::new));
    if let Some(facts) = &evil.facts {
        builder = builder.propose_group_context_extensions(suite::extensions(facts).unwrap()).unwrap();
    }
    if let Some(leaf) = evil.leaf {
        let parameters = LeafNodeParameters::builder().with_credential_with_key(leaf).build();
        builder = builder.leaf_node_parameters(parameters);
    }
    let bundle = builder
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), &device.me(), |_| true)
        .unwrap()
        .stage_commit(&provider)
        .unwrap();
    let (commit, welcome, info) = bundle.into_messages();
    data.commit = Some(Part::Inline(commit.to_bytes().unwrap()));
    data.welcome = welcome.map(|welcome| Part::Inline(welcome.to_bytes().unwrap()));
    data.group_info = info.map(|info| Part::Inline(info.to_bytes().unwrap()));
    data.sign(around, &device.certificate, &device.keys);
    data
}

/// Has it appended in this device's name, and answers what another makes of it.
pub(crate) fn judge(
    world: &mut World,
    from: DeviceId,
    at: DeviceId,
    data: &Data,
    changes: Vec<MemberChange>,
) -> (Entry, Outcome) {
    let certificate = world.devices[&from].certificate.clone();
    let after = world.server.last_mls;
    let body = Body::Mls { changes, data: data.content().unwrap() };
    let id = format!("e{}", world.server.log.len());
    let entry = world.server.append(&certificate, after, &id, body).unwrap();
    let outcomes = world.sync(at);
    let (_, outcome) = outcomes.into_iter().next_back().unwrap();
    (entry, outcome)
}

fn three(seed: u64) -> (World, DeviceId, DeviceId, DeviceId) {
    let mut world = World::new("g.1", 4, seed);
    world.found(&[1, 2, 3]);
    let (alice, bob, carol) = (world.first(1), world.first(2), world.first(3));
    (world, alice, bob, carol)
}

fn void(outcome: &Outcome) -> Void {
    match &outcome.verdict {
        Some(Verdict::Void(void)) => *void,
        other => panic!("not void: {other:?}"),
    }
}

#[test]
fn check_01_a_ghost_device_in_a_commit_is_void_and_reads_nothing() {
    let (mut world, alice, bob, carol) = three(40);
    // The server makes up a device of user 3 and has a member's client add it.
    let (ghost_person, ghost) = super::world::Person::new(3, &mut super::world::Dice::new(999));
    let provider = Provider::new(ghost.rows());
    let package = key_package::make(&provider, ghost.me(), false, NOW_MS).unwrap();
    let chains: Links = [(user(3), ghost_person.links.clone())].into();
    let data = evil(&mut world, bob, Evil { adds: vec![package], chains, ..Evil::default() });
    let (entry, outcome) = judge(&mut world, bob, alice, &data, Vec::new());
    assert_eq!(void(&outcome), Void::Chain);
    world.sync_all();
    assert!(world.device(alice).in_step() && world.device(carol).in_step());
    assert_eq!(world.device(alice).group().leaves().unwrap().len(), 3);
    // It takes its place in the log all the same, and the next commit stands on it.
    assert_eq!(world.device(alice).group().after(), entry.seq);
    world.commit(alice, &Wish::default(), &[]);
    assert!(world.device(carol).in_step() && world.device(bob).in_step());
}

#[test]
fn check_05_a_member_who_promotes_himself_is_void() {
    let (mut world, alice, bob, _) = three(41);
    let mut facts = world.device(bob).group().facts().unwrap();
    facts.members[1].role = chinwag_proto::Role::Owner;
    let data = evil(&mut world, bob, Evil { facts: Some(facts), ..Evil::default() });
    let (_, outcome) = judge(&mut world, bob, alice, &data, Vec::new());
    assert_eq!(void(&outcome), Void::MayNotChange);
}

#[test]
fn check_06_an_external_commit_by_a_stranger_is_void() {
    let (mut world, alice, _, _) = three(42);
    let mallory = world.first(4);
    assert!(world.rejoin(mallory).is_err(), "the library does not even send it");
    assert!(world.device(alice).in_step());
}

#[test]
fn check_06_a_proposal_by_reference_is_void() {
    let (mut world, alice, bob, _) = three(43);
    let device = &world.devices[&bob];
    let provider = Provider::new(device.rows());
    let group = GroupId::from_slice(&device.group().id());
    let mut mls = MlsGroup::load(provider.storage(), &group).unwrap().unwrap();
    let (chat, after) = (world.server.chat, world.server.last_mls);
    let around = Around { chat, after, changes: &[] };
    mls.propose_remove_member(&provider, &device.me(), LeafNodeIndex::new(2)).unwrap();
    let mut data = Data::new(data::Kind::Commit, device.log.seen());
    mls.set_aad(data.bound(around).to_vec());
    let (commit, _, _) = mls.commit_to_pending_proposals(&provider, &device.me()).unwrap();
    data.commit = Some(Part::Inline(commit.to_bytes().unwrap()));
    data.sign(around, &device.certificate, &device.keys);
    let (_, outcome) = judge(&mut world, bob, alice, &data, Vec::new());
    assert_eq!(void(&outcome), Void::Mls);
}

#[test]
fn check_08_a_leaf_that_changes_its_credential_is_void() {
    let (mut world, alice, bob, _) = three(44);
    let mut other = world.device(bob).certificate.clone();
    other.created_at_ms += 1;
    let leaf = Me { certificate: &other, keys: &world.devices[&bob].keys }.credential();
    let data = evil(&mut world, bob, Evil { leaf: Some(leaf), ..Evil::default() });
    let (_, outcome) = judge(&mut world, bob, alice, &data, Vec::new());
    assert_eq!(void(&outcome), Void::LeafChanged);
}

#[test]
fn a_commit_is_bound_to_its_record_its_place_and_its_sender() {
    let (mut world, alice, bob, carol) = three(45);
    let loose = evil(&mut world, bob, Evil { loose: true, ..Evil::default() });
    assert_eq!(void(&judge(&mut world, bob, alice, &loose, Vec::new()).1), Void::NotBound);
    let good = evil(&mut world, bob, Evil::default());
    let removed =
        MemberChange { user_id: user(4), change: chinwag_proto::MembershipChange::Removed, role: None };
    let outcome = judge(&mut world, bob, alice, &good, vec![removed]).1;
    assert_eq!(void(&outcome), Void::NotBound, "the server adds a change");
    let good = evil(&mut world, bob, Evil::default());
    let outcome = judge(&mut world, carol, alice, &good, Vec::new()).1;
    assert_eq!(void(&outcome), Void::NotTheSender, "the server names another");
    let mut swapped = evil(&mut world, bob, Evil::default());
    swapped.welcome = Some(Part::Inline(vec![1, 2, 3]));
    let outcome = judge(&mut world, bob, alice, &swapped, Vec::new()).1;
    assert_eq!(void(&outcome), Void::NotBound, "the server swaps a part");
    let good = evil(&mut world, bob, Evil::default());
    let (_, outcome) = judge(&mut world, bob, alice, &good, Vec::new());
    assert_eq!(outcome.verdict, Some(Verdict::Counts { own: false }));
}

#[test]
fn check_09_a_key_package_is_the_device_asked_for_unexpired_and_endless_for_mls() {
    let mut world = World::new("g.1", 2, 46);
    let (alice, bob) = (world.first(1), world.first(2));
    let package = world.server.claim(bob).unwrap();
    let last = world.server.packages[&bob].last().unwrap().clone();
    let provider = Provider::default();
    let (right, wrong) = (&world.devices[&bob].certificate, &world.devices[&alice].certificate);
    let check = |bytes: &[u8], certificate, now_ms| {
        key_package::check(&provider, bytes, certificate, now_ms).map(|_| ())
    };
    assert_eq!(check(&package, right, NOW_MS), Ok(()));
    assert_eq!(check(&package, wrong, NOW_MS), Err(KeyPackageError::WrongDevice));
    let (quarter, year) = (NOW_MS + key_package::ONE_TIME_MS, NOW_MS + key_package::LAST_RESORT_MS);
    assert_eq!(check(&package, right, quarter), Err(KeyPackageError::Expired));
    assert_eq!(
        (check(&last, right, quarter), check(&last, right, year)),
        (Ok(()), Err(KeyPackageError::Expired))
    );
    let mut forged = package.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(check(&forged, right, NOW_MS), Err(KeyPackageError::Invalid));
}

fn joining(world: &World, device: &Device, entry: &Entry, blobs: &Blobs) -> Result<(), JoinError> {
    let chat = world.server.chat;
    Group::join(device.rows(), device.me(), chat, entry, blobs, &world.chains()).map(|_| ())
}

#[test]
fn check_07_every_leaf_of_a_welcome_is_a_device_of_a_member() {
    let (mut world, alice, bob, _) = three(47);
    // Bob, an insider, brings a device of his own making under user 3's name into the tree of dave's Welcome.
    let (ghost_person, ghost) = super::world::Person::new(3, &mut super::world::Dice::new(999));
    let package = key_package::make(&Provider::new(ghost.rows()), ghost.me(), false, NOW_MS).unwrap();
    let dave = world.first(4);
    let mut facts = world.device(alice).group().facts().unwrap();
    let pin = world.people[&user(4)].chain().pin();
    let since = world.server.last_mls;
    let role = chinwag_proto::Role::Member;
    facts.members.push(chinwag_e2ee::group::Member { user: user(4), role, pin, since });
    let mut chains = world.links([user(4)]);
    chains.insert(user(3), ghost_person.links);
    let adds = vec![package, world.server.claim(dave).unwrap()];
    let data = evil(&mut world, alice, Evil { adds, facts: Some(facts), chains, ..Evil::default() });
    let (entry, outcome) = judge(&mut world, alice, bob, &data, Vec::new());
    assert_eq!(void(&outcome), Void::Chain);
    let dave = &world.devices[&dave];
    assert_eq!(joining(&world, dave, &entry, &Blobs::new()), Err(JoinError::Void(Void::NotLive)));
}

#[test]
fn check_10_a_welcome_is_for_the_chat_asked_for_and_by_one_who_may_add() {
    let (mut world, alice, bob, _) = three(48);
    let dave = world.first(4);
    let mut facts = world.device(bob).group().facts().unwrap();
    let pin = world.people[&user(4)].chain().pin();
    let since = world.server.last_mls;
    let role = chinwag_proto::Role::Member;
    facts.members.push(chinwag_e2ee::group::Member { user: user(4), role, pin, since });
    let adds = vec![world.server.claim(dave).unwrap()];
    let chains = world.links([user(4)]);
    let data = evil(&mut world, bob, Evil { adds, facts: Some(facts), chains, ..Evil::default() });
    let (entry, outcome) = judge(&mut world, bob, alice, &data, Vec::new());
    assert_eq!(void(&outcome), Void::MayNotAdd);
    let dave = &world.devices[&dave];
    assert_eq!(joining(&world, dave, &entry, &Blobs::new()), Err(JoinError::Inviter));
    let mut elsewhere = entry.clone();
    elsewhere.chat_id = "g.2".parse().unwrap();
    let asked = elsewhere.chat_id;
    let chains = world.chains();
    let joined = Group::join(dave.rows(), dave.me(), asked, &elsewhere, &Blobs::new(), &chains);
    assert_eq!(joined.map(|_| ()), Err(JoinError::WrongChat));
}

#[test]
fn a_join_that_fails_does_not_eat_the_key_package() {
    let (mut world, alice, _, _) = three(49);
    let dave = world.first(4);
    world.sync_all();
    let before = world.devices[&dave].disk.clone();
    world.stage(alice, &Wish { add_users: vec![user(4)], ..Wish::default() }, &[4]).unwrap();
    let entry = world.send(alice).unwrap();
    let mut wrong = entry.clone();
    wrong.sender_id = user(2);
    let blobs = world.server.blobs.clone();
    assert!(joining(&world, &world.devices[&dave], &wrong, &blobs).is_err());
    assert_eq!(world.devices[&dave].disk, before);
    assert_eq!(joining(&world, &world.devices[&dave], &entry, &blobs), Ok(()));
}

#[test]
fn check_11_one_commit_stands_on_each_and_a_late_one_is_void() {
    let (mut world, alice, bob, carol) = three(50);
    world.stage(alice, &Wish::default(), &[]).unwrap();
    world.stage(bob, &Wish::default(), &[]).unwrap();
    let from = world.device(bob).certificate.clone();
    let late = world.device(bob).group().outgoing().unwrap().unwrap();
    world.send(alice).unwrap();
    // A server that means ill takes both.
    let body = Body::Mls { changes: late.changes, data: late.data };
    world.server.force(&from, Some(late.after), "late", body);
    let seen = world.sync(carol);
    let verdicts: Vec<_> = seen.iter().filter_map(|(_, outcome)| outcome.verdict.clone()).collect();
    assert_eq!(verdicts, vec![Verdict::Counts { own: false }, Verdict::Void(Void::NotNext)]);
}

#[test]
fn check_12_a_log_that_was_shown_differently_is_found() {
    let (mut world, alice, bob, _) = three(51);
    let dropped = world.say(alice, "the server hides this from bob").unwrap();
    let mut shown = dropped.clone();
    shown.message_id = chinwag_proto::MessageId::new(77).unwrap();
    world.device(alice).log.push(&dropped);
    world.device(bob).log.push(&shown);
    let said = world.device(alice).log.seen();
    assert_eq!(world.device(bob).log.compare(said), chinwag_e2ee::content::Compared::Differs);
}

#[test]
fn check_12_an_unknown_key_of_a_known_epoch_is_a_fork() {
    let (mut world, alice, bob, _) = three(52);
    let entry = world.say(alice, "hello").unwrap();
    let Body::Message { content: Some(content), .. } = &entry.body else { panic!("no message") };
    let mut other = world.devices[&bob].epochs.in_force(entry.seq).unwrap().clone();
    other.secret = EpochSecret([7; 32]);
    let key = EpochKey::new(&other.secret);
    let leaf = SenderLeaf::Key(world.devices[&alice].certificate.sign_key);
    let target = chinwag_e2ee::content::Target::None;
    let opened = chinwag_e2ee::content::open(&entry, content, &other, &key, leaf, target);
    assert_eq!(opened, Err(Cause::Fork));
}

#[test]
fn check_13_a_stranger_under_ones_own_name_is_found_and_removed() {
    let mut world = World::new("g.1", 2, 53);
    world.found(&[1, 2]);
    let (alice, bob) = (world.first(1), world.first(2));
    // Whoever stole user 2's root, or a device, has linked one more.
    let thief = world.link(user(2));
    let own = world.people[&user(2)].chain();
    world.commit(alice, &Wish::default(), &[2]);
    let chain = {
        let links = &world.people[&user(2)].links[..1];
        chinwag_e2ee::identity::Chain::verify(None, user(2), links).unwrap()
    };
    let alarms = device_alarms(&world, bob, &chain);
    assert!(matches!(alarms.as_slice(), [Alarm::Stranger(leaf)] if leaf.device == thief), "{alarms:?}");
    assert!(alarms.iter().all(Alarm::stops_sending));
    assert!(device_alarms(&world, bob, &own).is_empty());
    world.people.get_mut(&user(2)).unwrap().revoke(thief);
    world.commit(bob, &Wish::default(), &[2]);
    assert!(!world.device(thief).in_step());
}

fn device_alarms(world: &World, id: DeviceId, own: &chinwag_e2ee::identity::Chain) -> Vec<Alarm> {
    world.devices[&id].group().alarms(own, &[], &Default::default()).unwrap()
}

#[test]
fn check_15_another_root_than_the_pinned_one_stops_sending_but_rejects_nothing() {
    let (world, alice, _, _) = three(54);
    let own = world.people[&user(1)].chain();
    let mut pin = world.people[&user(2)].chain().pin();
    pin.root.0[0] ^= 1;
    let alarms = world.devices[&alice].group().alarms(&own, &[(user(2), pin)], &world.chains()).unwrap();
    assert_eq!(alarms, vec![Alarm::RootChanged(user(2))]);
}

#[test]
fn check_16_plain_content_in_an_encrypted_chat_is_refused() {
    let (mut world, alice, bob, _) = three(55);
    let entry = world.say(alice, "hello").unwrap();
    let body = Body::Message { content: Some(Content::text("in the clear")), reply_to: None };
    assert_eq!(world.read(bob, &Entry { body, ..entry }), Err(Cause::Plain));
}

#[test]
fn check_17_an_envelope_that_was_moved_is_refused() {
    let (mut world, alice, bob, _) = three(56);
    let entry = world.say(alice, "hello").unwrap();
    world.sync_all();
    let moved = |edit: &dyn Fn(&mut Entry)| {
        let mut moved = entry.clone();
        edit(&mut moved);
        world.read(bob, &moved)
    };
    assert!(moved(&|_| {}).is_ok());
    let bobs = world.devices[&bob].user();
    assert_eq!(moved(&|e| (e.sender_id, e.device_id) = (bobs, bob)), Err(Cause::DoesNotOpen));
    assert_eq!(moved(&|e| e.chat_id = "g.2".parse().unwrap()), Err(Cause::DoesNotOpen));
    assert_eq!(moved(&|e| e.after = Some(Seq::ZERO)), Err(Cause::DoesNotOpen));
    assert_eq!(moved(&|e| e.client_message_id = Some("other".parse().unwrap())), Err(Cause::DoesNotOpen));
    let content = |e: &Entry| match &e.body {
        Body::Message { content, .. } => content.clone(),
        _ => None,
    };
    let as_edit = |e: &mut Entry| e.body = Body::Edit { target: Seq::ZERO.next(), content: content(e) };
    assert_eq!(moved(&as_edit), Err(Cause::DoesNotOpen));
}

#[test]
fn check_17_an_envelope_stands_after_what_its_sender_had_seen() {
    let (mut world, alice, bob, _) = three(57);
    let header = world.header(alice, Kind::Message);
    let key = world.key(alice);
    let head = world.people[&user(1)].chain().pin().into();
    let seen = Seen { seq: Seq::new(99).unwrap(), hash: [1; 32] };
    let mut dice = world.dice.clone();
    let device = &world.devices[&alice];
    let by = chinwag_e2ee::content::Sealer { keys: &device.keys, head, seen, other: None };
    let content = Content::text("from the future");
    let draft = chinwag_e2ee::content::Draft { content: &content, sent_at_ms: 0, target: None, reply: None };
    let content = chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut dice).unwrap();
    let (from, after) = (device.certificate.clone(), device.group().after());
    let body = Body::Message { content: Some(content), reply_to: None };
    let entry = world.server.append(&from, after, header.id.as_str(), body).unwrap();
    assert_eq!(world.read(bob, &entry), Err(Cause::SeenAhead));
}

#[test]
fn check_18_a_replay_cannot_take_another_id_so_it_is_known_by_its_own() {
    let (mut world, alice, bob, _) = three(73);
    let entry = world.say(alice, "once").unwrap();
    world.sync_all();
    let from = world.device(alice).certificate.clone();
    let again = world.server.force(&from, entry.after, "fresh", entry.body.clone());
    assert_eq!(world.read(bob, &again), Err(Cause::DoesNotOpen));
    let id = entry.client_message_id.clone().unwrap();
    let again = world.server.force(&from, entry.after, id.as_str(), entry.body.clone());
    assert_eq!((again.sender_id, &again.client_message_id), (entry.sender_id, &entry.client_message_id));
    world.sync_all();
    world.commit(bob, &Wish::default(), &[]);
    let late = world.server.force(&from, entry.after, id.as_str(), entry.body);
    world.sync_all();
    assert_eq!(world.read(bob, &late), Err(Cause::EndedEpoch));
}

#[test]
fn check_03_an_envelope_tells_of_a_newer_chain_than_the_reader_has() {
    let (mut world, alice, bob, _) = three(74);
    let old = world.people[&user(1)].chain();
    world.link(user(1));
    let entry = world.say(alice, "from a newer chain").unwrap();
    world.sync_all();
    let head = world.read(bob, &entry).unwrap().head;
    assert_eq!(head.against(&old), HeadVerdict::Further);
    assert_eq!(head.against(&world.people[&user(1)].chain()), HeadVerdict::Known);
    let forged = ChainHead { hash: [1; 32], ..head };
    assert_eq!(forged.against(&world.people[&user(1)].chain()), HeadVerdict::Parts);
}

#[test]
fn check_19_content_of_an_ended_epoch_or_by_no_leaf_of_it_is_refused() {
    let (mut world, alice, bob, carol) = three(58);
    let old = world.sealed(carol, Kind::Message, "late", None, None);
    let from = world.device(carol).certificate.clone();
    let id = format!("m{}-{}", carol, world.device(carol).sent + 1);
    let stood = world.device(carol).group().after();
    world.commit(alice, &Wish { remove_users: vec![user(3)], ..Wish::default() }, &[]);
    let body = Body::Message { content: Some(old), reply_to: None };
    assert!(world.server.append(&from, stood, &id, body.clone()).is_err(), "stale_epoch");
    let forced = world.server.force(&from, Some(stood), &id, body);
    world.sync_all();
    assert_eq!(world.read(bob, &forced), Err(Cause::EndedEpoch));
    // With the new key, which she has not: a server that hands it to her, and she signs.
    let key = world.key(alice);
    let mut header = world.header(alice, Kind::Message);
    (header.user, header.device, header.id) = (user(3), carol, "x1".parse().unwrap());
    let head = world.people[&user(3)].chain().pin().into();
    let mut dice = world.dice.clone();
    let device = &world.devices[&carol];
    let seen = Seen { seq: Seq::ZERO, hash: [0; 32] };
    let by = chinwag_e2ee::content::Sealer { keys: &device.keys, head, seen, other: None };
    let content = Content::text("still here");
    let draft = chinwag_e2ee::content::Draft { content: &content, sent_at_ms: 0, target: None, reply: None };
    let content = chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut dice).unwrap();
    let body = Body::Message { content: Some(content), reply_to: None };
    let entry = world.server.force(&from, Some(header.after), "x1", body);
    assert_eq!(world.read(bob, &entry), Err(Cause::NotALeaf));
}

#[test]
fn another_member_cannot_sign_for_a_device() {
    let (mut world, alice, bob, carol) = three(59);
    let header = world.header(alice, Kind::Message);
    let key = world.key(bob);
    let head = world.people[&user(1)].chain().pin().into();
    let mut dice = world.dice.clone();
    let device = &world.devices[&bob];
    let by = chinwag_e2ee::content::Sealer { keys: &device.keys, head, seen: device.log.seen(), other: None };
    let content = Content::text("says alice");
    let draft = chinwag_e2ee::content::Draft { content: &content, sent_at_ms: 0, target: None, reply: None };
    let content = chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut dice).unwrap();
    let from = world.device(alice).certificate.clone();
    let body = Body::Message { content: Some(content), reply_to: None };
    let entry = world.server.append(&from, header.after, header.id.as_str(), body).unwrap();
    assert_eq!(world.read(carol, &entry), Err(Cause::BadSignature));
}
