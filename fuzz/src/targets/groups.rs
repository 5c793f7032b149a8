//! What members and the server hand a client about groups: records, commits, Welcomes, GroupInfos, key
//! packages, envelopes, kept and passed-on epochs.
//!
//! A small group is made anew in each run, so its bytes differ; the ways do not.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chinwag_e2ee::content::{Draft, EpochKey, Header, Kind, Sealer, Target as Of, open, seal};
use chinwag_e2ee::group::data::{Part, Seen};
use chinwag_e2ee::group::{
    Blobs, Chains, Data, EpochRecord, Facts, Group, Key, Links, Me, Provider, Rows, SenderLeaf, Supply,
    Verdict, hand_over, judge_create, key_package,
};
use chinwag_e2ee::identity::{Certificate, Chain, DeviceKeys, RecoveryKey};
use chinwag_proto::{Body, ChatId, Content, DeviceId, Entry, GroupId, MessageId, Seq, Timestamp, UserId};

use super::{kind_of, way};
use crate::{Dice, Target};

pub(super) const DATA: Target = Target { name: "mls_data", check: data, seeds: data_seeds };
pub(super) const COMMIT: Target = Target { name: "mls_commit", check: commit, seeds: commits };
pub(super) const WELCOME: Target = Target { name: "mls_welcome", check: welcome, seeds: welcomes };
pub(super) const GROUP_INFO: Target =
    Target { name: "mls_group_info", check: group_info, seeds: || parts(2) };
pub(super) const PACKAGE: Target = Target { name: "key_package", check: package, seeds: packages };
pub(super) const ENVELOPE: Target = Target { name: "envelope", check: envelope, seeds: envelopes };
pub(super) const EPOCH: Target = Target { name: "epoch_record", check: epoch, seeds: epochs };

/// Two users with a device each, and what the second needs to join what the first has founded.
struct Pair {
    chat: ChatId,
    devices: [(Certificate, DeviceKeys); 2],
    chains: Chains,
    rows: BTreeMap<Key, Vec<u8>>,
    /// The second device's rows once it has joined.
    joined: BTreeMap<Key, Vec<u8>>,
    founding: Entry,
    next: Entry,
    package: Vec<u8>,
    kept: EpochRecord,
    said: (Entry, Content),
    handed: Vec<u8>,
}

thread_local! {
    static PAIR: RefCell<Option<Pair>> = const { RefCell::new(None) };
}

/// Runs on the pair; where it cannot be made, the fault is told.
fn with<T>(run: impl FnOnce(&Pair) -> T) -> T {
    PAIR.with_borrow_mut(|pair| match pair.take().or_else(make) {
        Some(made) => {
            let answer = run(&made);
            *pair = Some(made);
            answer
        }
        None => panic!("the pair cannot be made"),
    })
}

fn rows(rows: &BTreeMap<Key, Vec<u8>>) -> Rows {
    Rows::new(rows.iter().map(|(key, value)| (key.clone(), value.clone())))
}

fn entry(chat: ChatId, at: u64, after: Seq, from: &Certificate, body: Body) -> Option<Entry> {
    let mut entry = Entry {
        v: chinwag_proto::entry::ENTRY_VERSION,
        chat_id: chat,
        seq: Seq::new(at)?,
        n: 0,
        message_id: MessageId::new(at)?,
        sender_id: from.user,
        device_id: from.device,
        client_message_id: format!("i{at}").parse().ok(),
        created_at: Timestamp::from_ms(0),
        after: Some(after),
        digest: None,
        body,
    };
    entry.digest = entry.compute_digest();
    Some(entry)
}

fn person(
    number: u64,
    rng: &mut Dice,
    links: &mut Links,
    chains: &mut Chains,
) -> Option<(Certificate, DeviceKeys)> {
    let (user, device) = (UserId::new(number)?, DeviceId::new(number * 10)?);
    let root = RecoveryKey::generate(rng).root();
    let keys = DeviceKeys::generate(rng);
    let certificate = keys.certificate(user, device, 0);
    let link = Chain::first_link(user, &root, vec![certificate.clone()], 0).ok()?;
    chains.insert(user, Chain::verify(None, user, std::slice::from_ref(&link)).ok()?);
    links.insert(user, vec![link]);
    Some((certificate, keys))
}

fn make() -> Option<Pair> {
    let mut rng = Dice::new(5);
    let (mut links, mut chains) = (Links::new(), Chains::new());
    let alice = person(1, &mut rng, &mut links, &mut chains)?;
    let bob = person(2, &mut rng, &mut links, &mut chains)?;
    let chat = ChatId::Group(GroupId::new(1)?);
    let provider = Provider::default();
    let me = Me { certificate: &bob.0, keys: &bob.1 };
    let package = key_package::make(&provider, me, false, 0).ok()?;
    let bob_rows: BTreeMap<Key, Vec<u8>> = provider
        .rows()
        .take_changes()
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.to_vec())))
        .collect();
    let packages = vec![(bob.0.clone(), package.clone())];
    let supply = Supply { chains: links, packages, ..Supply::default() };
    let users = [alice.0.user, bob.0.user];
    let me = Me { certificate: &alice.0, keys: &alice.1 };
    let mut group = Group::found(Rows::default(), me, chat, &users, Seq::ZERO, &supply).ok()?;
    let sent = |group: &Group, at| {
        let outgoing = group.outgoing().ok()??;
        let body = Body::Mls { changes: outgoing.changes, data: outgoing.data };
        entry(chat, at, outgoing.after, &alice.0, body)
    };
    let founding = sent(&group, 1)?;
    let kept = group.process(&founding, &Blobs::new()).ok()?.epoch?;
    group.stage(me, &Default::default(), &Supply::default()).ok()?;
    let next = sent(&group, 2)?;
    let you = Me { certificate: &bob.0, keys: &bob.1 };
    let (joined, _) = Group::join(rows(&bob_rows), you, chat, &founding, &Blobs::new(), &chains).ok()?;
    let joined = written_by(&joined, bob_rows.clone());
    let said = say(chat, &alice, &kept, chains.get(&alice.0.user)?, &mut rng)?;
    let mut epochs = chinwag_e2ee::group::Epochs::default();
    epochs.insert(kept.clone());
    let from = (&alice.0, &alice.1);
    let handed = hand_over::seal(chat, from, &bob.0, Seq::ZERO, &epochs, &mut rng).ok()?;
    let devices = [alice, bob];
    Some(Pair { chat, devices, chains, rows: bob_rows, joined, founding, next, package, kept, said, handed })
}

fn written_by(group: &Group, mut onto: BTreeMap<Key, Vec<u8>>) -> BTreeMap<Key, Vec<u8>> {
    for (key, value) in group.take_changes() {
        match value {
            Some(value) => onto.insert(key, value.to_vec()),
            None => onto.remove(&key),
        };
    }
    onto
}

fn say(
    chat: ChatId,
    from: &(Certificate, DeviceKeys),
    kept: &EpochRecord,
    chain: &Chain,
    rng: &mut Dice,
) -> Option<(Entry, Content)> {
    let header = Header {
        group: kept.group,
        epoch: kept.epoch,
        after: kept.commit,
        chat,
        user: from.0.user,
        device: from.0.device,
        id: "i3".parse().ok()?,
        kind: Kind::Message,
    };
    let seen = Seen { seq: Seq::ZERO, hash: [0; 32] };
    let by = Sealer { keys: &from.1, head: chain.pin().into(), seen, other: None };
    let content = Content::text("hello");
    let draft = Draft { content: &content, sent_at_ms: 0, target: None, reply: None };
    let sealed = seal(&EpochKey::new(&kept.secret), &header, &draft, by, rng).ok()?;
    let body = Body::Message { content: Some(sealed.clone()), reply_to: None };
    Some((entry(chat, 3, kept.commit, &from.0, body)?, sealed))
}

fn data_of(entry: &Entry) -> Option<Data> {
    match &entry.body {
        Body::Mls { data, .. } => Data::parse(data),
        _ => None,
    }
}

fn data_seeds() -> Vec<Vec<u8>> {
    let short = r#"{"type":"join","text":"","v":1,"commit":"AAAA","groupInfo":{"hash":"HASH","size":9},
        "seen":{"seq":1,"hash":"HASH"},"gone":["7"],"basedOn":{"group":"AAAA","epoch":1},"signature":"SIG"}"#;
    let short = short.replace("HASH", &"0".repeat(64)).replace("SIG", &"A".repeat(86));
    let kinds = ["create", "commit", "reset"].map(|kind| short.replace("join", kind).into_bytes());
    [short.into_bytes()].into_iter().chain(kinds).collect()
}

fn bytes(part: Option<&Part>) -> Vec<u8> {
    match part {
        Some(Part::Inline(bytes)) => bytes.clone(),
        _ => Vec::new(),
    }
}

/// A part of each record.
fn parts(which: usize) -> Vec<Vec<u8>> {
    with(|pair| {
        let of = |entry: &Entry| {
            let data = data_of(entry);
            let data = data.as_ref();
            bytes(match which {
                0 => data.and_then(|data| data.commit.as_ref()),
                1 => data.and_then(|data| data.welcome.as_ref()),
                _ => data.and_then(|data| data.group_info.as_ref()),
            })
        };
        vec![of(&pair.founding), of(&pair.next), Vec::new()]
    })
}

/// A key package after a byte that says when it is judged, and as whose.
fn packages() -> Vec<Vec<u8>> {
    with(|pair| [0, 1, 2].map(|how| [&[how][..], &pair.package].concat()).to_vec())
}

/// A Welcome after a byte that says who takes it.
fn welcomes() -> Vec<Vec<u8>> {
    let welcome = parts(1).first().cloned().unwrap_or_default();
    [[&[0][..], &welcome].concat(), [&[1][..], &welcome].concat(), vec![0]].to_vec()
}

/// A commit after a byte that says which part of the record it takes the place of.
fn commits() -> Vec<Vec<u8>> {
    let seeds = parts(0);
    let next = seeds.get(1).cloned().unwrap_or_default();
    [0, 1, 2].map(|part| [&[part][..], &next].concat()).to_vec()
}

fn envelopes() -> Vec<Vec<u8>> {
    let odd = br#"{"type":"sealed","text":"","v":1,"group":"","epoch":1,"kid":"","data":""}"#;
    with(|pair| vec![pair.said.1.json().as_bytes().to_vec(), odd.to_vec(), b"\"plain\"".to_vec()])
}

fn epochs() -> Vec<Vec<u8>> {
    let facts = with(|pair| {
        let group = Group::load(rows(&pair.joined)).ok().flatten();
        group.and_then(|group| group.facts().ok()).map(|facts| facts.encode())
    });
    with(|pair| vec![pair.kept.encode().to_vec(), pair.handed.clone(), facts.unwrap_or_default()])
}

fn data(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    let Some(content) = Content::from_json(text.to_owned()) else { return way("no JSON") };
    let Some(data) = Data::parse(&content) else { return way("no data") };
    let Some(again) = data.content() else { return way("no content") };
    assert_eq!(Data::parse(&again).as_ref(), Some(&data));
    way((format!("{:?}", data.kind), data.blobs().len(), data.gone.len()))
}

/// The record with one part changed.
fn forged(entry: &Entry, change: impl FnOnce(&mut Data)) -> Option<Entry> {
    let mut data = data_of(entry)?;
    change(&mut data);
    let mut entry = entry.clone();
    if let Body::Mls { data: content, .. } = &mut entry.body {
        *content = data.content()?;
    }
    Some(entry)
}

fn commit(input: &[u8]) -> u64 {
    let Some((which, rest)) = input.split_first() else { return way("empty") };
    with(|pair| {
        let part = Some(Part::Inline(rest.to_vec()));
        let entry = forged(&pair.next, |data| match which % 3 {
            0 => data.commit = part,
            1 => data.welcome = part,
            _ => data.evidence = part,
        });
        let group = Group::load(rows(&pair.joined)).ok().flatten();
        let (Some(entry), Some(mut group)) = (entry, group) else { return way("no group") };
        let Ok(outcome) = group.process(&entry, &Blobs::new()) else { panic!("nothing was decided") };
        let real = bytes(data_of(&pair.next).and_then(|data| data.commit).as_ref());
        let counts = matches!(outcome.verdict, Some(Verdict::Counts { .. }));
        assert_eq!(counts, which % 3 == 0 && real == rest);
        way(format!("{:?}", outcome.verdict))
    })
}

fn welcome(input: &[u8]) -> u64 {
    let Some((who, rest)) = input.split_first() else { return way("empty") };
    with(|pair| {
        let part = Part::Inline(rest.to_vec());
        let Some(entry) = forged(&pair.founding, |data| data.welcome = Some(part)) else {
            return way("none");
        };
        let [(alice, alices), (bob, bobs)] = &pair.devices;
        let (me, own) = match who % 2 {
            0 => (Me { certificate: bob, keys: bobs }, rows(&pair.rows)),
            _ => (Me { certificate: alice, keys: alices }, Rows::default()),
        };
        match Group::join(own, me, pair.chat, &entry, &Blobs::new(), &pair.chains) {
            Ok(_) => {
                let real = data_of(&pair.founding).and_then(|data| data.welcome);
                assert!(who % 2 == 0 && bytes(real.as_ref()) == rest);
                way("joined")
            }
            Err(error) => way(kind_of(&error)),
        }
    })
}

fn group_info(input: &[u8]) -> u64 {
    with(|pair| {
        let part = Part::Inline(input.to_vec());
        let Some(entry) = forged(&pair.founding, |data| data.group_info = Some(part)) else {
            return way("none");
        };
        match judge_create(&entry, &Blobs::new()) {
            Ok(_) => way("counts"),
            Err(void) => way(void),
        }
    })
}

fn package(input: &[u8]) -> u64 {
    let Some((how, rest)) = input.split_first() else { return way("empty") };
    with(|pair| {
        let [(alice, _), (bob, _)] = &pair.devices;
        let (asked_for, now_ms) = match how % 3 {
            0 => (bob, 0),
            1 => (bob, key_package::ONE_TIME_MS),
            _ => (alice, 0),
        };
        match key_package::check(&Provider::default(), rest, asked_for, now_ms) {
            Ok(_) => {
                assert!(how % 3 == 0 && rest == pair.package);
                way("good")
            }
            Err(error) => way(kind_of(&error)),
        }
    })
}

fn envelope(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return way("not UTF-8") };
    let Some(content) = Content::from_json(text.to_owned()) else { return way("no JSON") };
    with(|pair| {
        let [(alice, _), _] = &pair.devices;
        let leaf = SenderLeaf::Key(alice.sign_key);
        let key = EpochKey::new(&pair.kept.secret);
        let mut entry = pair.said.0.clone();
        entry.body = Body::Message { content: Some(content.clone()), reply_to: None };
        match open(&entry, &content, &pair.kept, &key, leaf, Of::None) {
            Ok(opened) => way(opened.plain.content.fallback()),
            Err(cause) => way(cause),
        }
    })
}

fn epoch(input: &[u8]) -> u64 {
    if let Ok(facts) = Facts::decode(input) {
        assert_eq!(facts.encode(), input);
        return way("facts");
    }
    let handed = with(|pair| {
        let [(alice, _), (bob, keys)] = &pair.devices;
        hand_over::open(pair.chat, alice, (bob, keys), Seq::ZERO, input).map(|records| records.len()).ok()
    });
    match EpochRecord::decode(input) {
        Ok(record) => {
            assert_eq!(record.encode().as_slice(), input);
            way((record.whole, record.changes.len()))
        }
        Err(error) => way((kind_of(&error), handed)),
    }
}
