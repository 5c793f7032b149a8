//! Any value that has a stored form, whether a chat would ever make it or not.

use chinwag_chat::{Ask, Cell, Fingerprint, Head, MemberState, Record, RuleLimits, Settings, State, View};
use chinwag_proto::entry::{ChatChange, Encryption, Founder, History, Notice, WhoMayAdd};
use chinwag_proto::text::Name;
use chinwag_proto::{
    Body, ChatId, ClientMessageId, Content, DeviceId, Entry, GroupId, MemberChange, MembershipChange,
    MessageId, ReactionKey, Role, Seq, Timestamp, UserId,
};
use proptest::option;
use proptest::prelude::*;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![1_u64..300, 1..=i64::MAX as u64, Just(i64::MAX as u64)]
}

fn user() -> impl Strategy<Value = UserId> {
    number().prop_map(|number| UserId::new(number).unwrap())
}

fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![0_u64..300, 0..1_u64 << 53, Just((1 << 53) - 1)].prop_map(|number| Seq::new(number).unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), -1_000_i64..1_000].prop_map(Timestamp::from_ms)
}

pub fn chat() -> impl Strategy<Value = ChatId> {
    prop_oneof![
        (user(), user()).prop_map(|(one, other)| ChatId::direct(one, other)),
        number().prop_map(|number| ChatId::Group(GroupId::new(number).unwrap())),
        user().prop_map(ChatId::Inbox),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    "[a-z\u{e9}\u{1f600} ]{0,127}x".prop_map(|name| name.parse().unwrap())
}

fn key() -> impl Strategy<Value = ReactionKey> {
    "[a-z\u{1f600}]{1,16}".prop_map(|key| key.parse().unwrap())
}

fn client_id() -> impl Strategy<Value = ClientMessageId> {
    "[A-Za-z0-9_-]{1,64}".prop_map(|id| id.parse().unwrap())
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        ".{1,300}".prop_map(|text| Content::text(&text)),
        Just(super::sealed("c2VjcmV0")),
        Just(Content::from_json("{\"text\": \"spaced\", \"type\":\"x\"}".to_owned()).unwrap()),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)]
}

fn encryption() -> impl Strategy<Value = Encryption> {
    prop_oneof![Just(Encryption::None), Just(Encryption::Mls)]
}

fn history() -> impl Strategy<Value = History> {
    prop_oneof![Just(History::Joined), Just(History::All)]
}

fn who() -> impl Strategy<Value = WhoMayAdd> {
    prop_oneof![Just(WhoMayAdd::Admins), Just(WhoMayAdd::Members)]
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![Just(Notice::Welcome), Just(Notice::Invite), Just(Notice::Device)]
}

fn changes() -> impl Strategy<Value = Vec<MemberChange>> {
    let what = prop_oneof![
        Just(MembershipChange::Added),
        Just(MembershipChange::Removed),
        Just(MembershipChange::Left),
        Just(MembershipChange::Role)
    ];
    let change = (user(), what, option::of(role()));
    prop::collection::vec(
        change.prop_map(|(user_id, change, role)| MemberChange { user_id, change, role }),
        0..4,
    )
}

fn chat_change() -> impl Strategy<Value = ChatChange> {
    let founder = (user(), role()).prop_map(|(user_id, role)| Founder { user_id, role });
    let founders = option::of(prop::collection::vec(founder, 0..4));
    (option::of(name()), founders, option::of(encryption()), option::of(history()), option::of(who()))
        .prop_map(|(title, members, encryption, history, who_may_add)| ChatChange {
            title,
            members,
            encryption,
            history,
            who_may_add,
        })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (option::of(content()), option::of(seq()))
            .prop_map(|(content, reply_to)| Body::Message { content, reply_to }),
        (seq(), option::of(content())).prop_map(|(target, content)| Body::Edit { target, content }),
        seq().prop_map(|target| Body::Delete { target }),
        (seq(), key(), any::<bool>()).prop_map(|(target, key, on)| Body::Reaction { target, key, on }),
        changes().prop_map(|changes| Body::Member { changes }),
        chat_change().prop_map(Body::Chat),
        (changes(), content()).prop_map(|(changes, data)| Body::Mls { changes, data }),
        (notice(), content()).prop_map(|(notice, data)| Body::Notice { notice, data }),
        ".{0,20}".prop_map(|kind| Body::Unknown { kind: kind.into() }),
    ]
}

pub fn entry() -> impl Strategy<Value = Entry> {
    let header = (any::<u16>(), chat(), seq(), any::<u64>(), number(), number());
    let rest = (option::of(client_id()), time(), option::of(seq()), option::of(any::<[u8; 32]>()), body());
    (header, rest, any::<bool>()).prop_map(
        |(
            (v, chat_id, seq, n, message, sender),
            (client_message_id, created_at, after, digest, body),
            inside,
        )| {
            let named = match chat_id {
                ChatId::Direct(low, high) => Some(if sender < 150 { low } else { high }),
                ChatId::Inbox(owner) => Some(owner),
                ChatId::Group(_) => None,
            };
            Entry {
                v,
                chat_id,
                seq,
                n,
                message_id: MessageId::new(message).unwrap(),
                sender_id: named.filter(|_| inside).unwrap_or(UserId::new(sender).unwrap()),
                device_id: DeviceId::new(message).unwrap(),
                client_message_id,
                created_at,
                after,
                digest,
                body,
            }
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let users = || prop::collection::vec(user(), 0..4);
    prop_oneof![
        (option::of(name()), users(), encryption(), history()).prop_map(
            |(title, members, encryption, history)| Ask::Create { title, members, encryption, history }
        ),
        (content(), option::of(seq())).prop_map(|(content, reply_to)| Ask::Message { content, reply_to }),
        (seq(), content()).prop_map(|(target, content)| Ask::Edit { target, content }),
        seq().prop_map(|target| Ask::Delete { target }),
        (seq(), key(), any::<bool>()).prop_map(|(target, key, on)| Ask::React { target, key, on }),
        users().prop_map(|users| Ask::Add { users }),
        user().prop_map(|user| Ask::Remove { user }),
        (user(), role()).prop_map(|(user, role)| Ask::SetRole { user, role }),
        (option::of(name()), option::of(history()), option::of(who()))
            .prop_map(|(title, history, who_may_add)| Ask::Update { title, history, who_may_add }),
        (changes(), content()).prop_map(|(changes, data)| Ask::Mls { changes, data }),
        (notice(), content()).prop_map(|(notice, data)| Ask::Notice { notice, data }),
    ]
}

pub fn record() -> impl Strategy<Value = Record> {
    let header = (any::<u16>(), chat(), user(), number(), option::of(client_id()), any::<bool>(), number());
    let limits = (any::<u32>(), any::<u32>(), any::<u32>());
    (header, (time(), any::<u128>(), option::of(seq()), limits, ask())).prop_map(
        |((v, chat, sender, device, id, resend, message), (created_at, fingerprint, after, limits, ask))| {
            Record {
                v,
                chat,
                sender,
                device: DeviceId::new(device).unwrap(),
                id,
                resend,
                message_id: MessageId::new(message).unwrap(),
                created_at,
                fingerprint: Fingerprint(fingerprint),
                after,
                limits: RuleLimits {
                    group_members: limits.0,
                    encrypted_group_members: limits.1,
                    reaction_keys: limits.2,
                },
                ask,
            }
        },
    )
}

pub fn head() -> impl Strategy<Value = Head> {
    ((seq(), any::<u64>(), any::<u64>(), any::<u16>()), (seq(), seq(), time(), seq())).prop_map(
        |((seq, n, last_offset, rule_version), (state_seq, mls_seq, last_at, floor))| Head {
            seq,
            n,
            last_offset,
            rule_version,
            state_seq,
            mls_seq,
            last_at,
            floor,
        },
    )
}

pub fn state() -> impl Strategy<Value = State> {
    let since = prop_oneof![Just(None), Just(Seq::new(1)), seq().prop_map(Some)];
    let member = (role(), since, seq(), time()).prop_map(|(role, since, joined, joined_at)| MemberState {
        role,
        since: since.unwrap_or(joined),
        joined,
        joined_at,
    });
    let members = prop::collection::btree_map(user(), member, 0..8);
    let former = prop::collection::btree_map(user(), seq(), 0..8);
    let settings = (option::of(name()), encryption(), history(), who()).prop_map(
        |(title, encryption, history, who_may_add)| Settings { title, encryption, history, who_may_add },
    );
    (members, former, settings).prop_map(|(members, former, settings)| State { members, former, settings })
}

pub fn view() -> impl Strategy<Value = View> {
    let cell =
        (key(), user(), any::<bool>(), seq()).prop_map(|(key, user, on, seq)| Cell { key, user, on, seq });
    let last_edit = option::of((time(), option::of(content())));
    let deleted = option::of((seq(), any::<u64>(), time()));
    let edits = prop::collection::vec(seq(), 0..8);
    (
        edits,
        last_edit,
        deleted,
        prop::collection::vec(cell, 0..8),
        prop::collection::vec((key(), any::<u64>()), 0..4),
    )
        .prop_map(|(edits, last_edit, deleted, cells, keys)| View {
            edits,
            last_edit,
            deleted,
            cells,
            keys,
        })
}
