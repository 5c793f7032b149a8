//! The bytes of every format of groups and content, kept to be read for ever.

use std::fmt::Write as _;

use chinwag_e2ee::content::{EpochKey, Header, Kind, entry_hash, seal_reaction};
use chinwag_e2ee::group::data::{Around, Part};
use chinwag_e2ee::group::facts::{Facts, Member};
use chinwag_e2ee::group::{Data, EpochRecord, EpochSecret, Seen, data};
use chinwag_e2ee::identity::{Pin, Position, RootPublic};
use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{Body, DeviceId, MemberChange, MembershipChange, Role};

use super::people::Dice;
use super::world::{Server, seq, user};

const GOLDEN: &str = include_str!("../fixtures/groups.1.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn facts() -> Facts {
    let position = Position { generation: 1, version: 2 };
    let pin = Pin { root: RootPublic([3; 32]), position, head: [4; 32] };
    let member = |number, role| Member { user: user(number), role, pin, since: seq(5) };
    Facts {
        chat: "g.7".parse().unwrap(),
        who_may_add: WhoMayAdd::Members,
        history_from: Some(seq(6)),
        members: vec![member(1, Role::Owner), member(2, Role::Member)],
    }
}

fn epoch() -> EpochRecord {
    let device = DeviceId::new(9).unwrap();
    let leaf = chinwag_e2ee::backup::Leaf { user: user(1), device, sign_key: [5; 32] };
    let change = |leaf, now| chinwag_e2ee::backup::LeafChange { leaf, now };
    EpochRecord {
        group: [1; 16],
        epoch: 2,
        commit: seq(3),
        secret: EpochSecret([4; 32]),
        whole: true,
        changes: vec![change(0, Some(leaf)), change(1, None)],
    }
}

fn header(kind: Kind) -> Header {
    Header {
        group: [1; 16],
        epoch: 2,
        after: seq(3),
        chat: "g.7".parse().unwrap(),
        user: user(1),
        device: DeviceId::new(9).unwrap(),
        id: "m-1".parse().unwrap(),
        kind,
    }
}

fn golden() -> String {
    let mut lines = String::new();
    let mut line = |name: &str, bytes: &str| writeln!(lines, "{name}: {bytes}").unwrap();
    line("facts", &hex(&facts().encode()));
    line("epoch", &hex(&epoch().encode()));
    let key = EpochKey::new(&epoch().secret);
    line("kid", &hex(&key.kid()));
    line("header message", &hex(&header(Kind::Message).encode(&key.kid())));
    let mut data = Data::new(data::Kind::Commit, Seen { seq: seq(2), hash: [6; 32] });
    data.evidence = Some(Part::Inline(vec![1, 2, 3]));
    let changes =
        [MemberChange { user_id: user(2), change: MembershipChange::Added, role: Some(Role::Member) }];
    let around = Around { chat: "g.7".parse().unwrap(), after: seq(3), changes: &changes };
    line("bound", &hex(&data.bound(around)));
    let symbol = "👍".parse().unwrap();
    let mut dice = Dice::new(1);
    let sealed =
        seal_reaction(&key, &key, &header(Kind::Reaction), &[8; 32], &symbol, true, &mut dice).unwrap();
    line("reaction key", sealed.key.as_str());
    line("reaction id", sealed.id.as_str());
    let mut server = Server::new("g.7");
    let (_, device) = super::people::Person::new(1, &mut Dice::new(2));
    let body = Body::Reaction { target: seq(1), key: sealed.key, on: true };
    line("entry hash", &hex(&entry_hash(&server.force(&device.certificate, Some(seq(0)), "m-1", body))));
    lines
}

#[test]
fn formats_are_as_they_were() {
    let now = golden();
    assert_eq!(now, GOLDEN, "\n{now}");
    assert_eq!(Facts::decode(&facts().encode()), Ok(facts()));
    assert_eq!(EpochRecord::decode(&epoch().encode()), Ok(epoch()));
}
