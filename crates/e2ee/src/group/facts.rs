//! What the members of a group have agreed on: the chat, who is in it with which role, who may add.
//!
//! It stands in a GroupContext extension of every epoch, so that MLS itself makes all agree:
//!
//! ```text
//! "chinwag group 1" ‖ text chat ‖ u8 whoMayAdd (1 admins, 2 members) ‖ option u64 historyFrom
//!   ‖ list of members in the order in which they joined
//! member = u64 user ‖ u8 role (1 member, 2 admin, 3 owner) ‖ root[32] ‖ u64 generation ‖ u64 version
//!   ‖ head[32] ‖ u64 since
//! ```
//!
//! `root`, `generation`, `version` and `head` pin the member's device chain as it was when it was last
//! touched. `since`: the member may have the keys of epochs whose commit stands above this seq. The server's
//! list of members is for display and routing only. Leaves out who may change what (`rules`).

use chinwag_proto::entry::WhoMayAdd;
use chinwag_proto::{ChatId, Role, Seq, UserId};

use crate::canonical::{DecodeError, Reader, Writer};
use crate::identity::{Pin, Position, RootPublic, read_user};

const LABEL: &str = "chinwag group 1";

/// Members of an encrypted chat.
pub const MEMBERS_MAX: usize = 1_000;
/// Devices of all members together.
pub const LEAVES_MAX: usize = 2_048;
/// Bytes of the encoding: 1,000 members take 105 kB.
pub const FACTS_BYTES_MAX: usize = 128 * 1024;
/// A chat id as text: two numbers of at most 19 digits.
const CHAT_BYTES_MAX: usize = 64;

/// A member as the group knows him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What he may do.
    pub role: Role,
    /// His device chain as it was when it was last touched.
    pub pin: Pin,
    /// He may have the keys of epochs whose commit stands above this seq.
    pub since: Seq,
}

/// What the members of a group have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The chat.
    pub chat: ChatId,
    /// Who may add members.
    pub who_may_add: WhoMayAdd,
    /// Who joins may read what follows this seq; `None`: what follows his own joining.
    pub history_from: Option<Seq>,
    /// In the order in which they joined.
    pub members: Vec<Member>,
}

impl Facts {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(LABEL);
        writer.text(&self.chat.to_string());
        writer.u8(match self.who_may_add {
            WhoMayAdd::Admins => 1,
            WhoMayAdd::Members => 2,
        });
        writer.option(self.history_from, |writer, seq| {
            writer.u64(seq.get());
        });
        writer.count(self.members.len());
        for member in &self.members {
            writer.u64(member.user.get()).u8(role_number(member.role)).fixed(&member.pin.root.0);
            writer.u64(member.pin.position.generation).u64(member.pin.position.version);
            writer.fixed(&member.pin.head).u64(member.since.get());
        }
        writer.finish()
    }

    /// From canonical bytes, exactly. No user stands in it twice.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, FACTS_BYTES_MAX)?;
        let chat = reader.text(CHAT_BYTES_MAX, "chat")?;
        let facts = Self {
            chat: chat.parse().map_err(|_| DecodeError::Invalid { field: "chat" })?,
            who_may_add: match reader.u8()? {
                1 => WhoMayAdd::Admins,
                2 => WhoMayAdd::Members,
                _ => return Err(DecodeError::Invalid { field: "whoMayAdd" }),
            },
            history_from: reader.option("historyFrom", read_seq)?,
            members: {
                let count = reader.count(MEMBERS_MAX, "members")?;
                (0..count).map(|_| read_member(&mut reader)).collect::<Result<_, _>>()?
            },
        };
        reader.finish()?;
        let mut users: Vec<_> = facts.members.iter().map(|member| member.user).collect();
        users.sort_unstable();
        users.dedup();
        if users.len() == facts.members.len() {
            Ok(facts)
        } else {
            Err(DecodeError::Invalid { field: "user" })
        }
    }

    /// A member.
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }

    pub(crate) fn member_mut(&mut self, user: UserId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.user == user)
    }

    /// What a user may do; `None` where he is no member.
    pub fn role(&self, user: UserId) -> Option<Role> {
        self.member(user).map(|member| member.role)
    }

    /// Whether a member may add others.
    pub fn may_add(&self, user: UserId) -> bool {
        match self.role(user) {
            Some(role) => role >= Role::Admin || self.who_may_add == WhoMayAdd::Members,
            None => false,
        }
    }

    /// The `since` of a member who is added by a commit upon this one.
    pub fn since_for(&self, after: Seq) -> Seq {
        self.history_from.map_or(after, |from| from.min(after))
    }

    /// Without these members; where no owner is left, the first admin, else the first member, is owner.
    pub(crate) fn without(&self, gone: impl Fn(UserId) -> bool) -> Self {
        let mut next = self.clone();
        next.members.retain(|member| !gone(member.user));
        let had_owner = self.members.iter().any(|member| member.role == Role::Owner);
        let has_owner = next.members.iter().any(|member| member.role == Role::Owner);
        if had_owner && !has_owner {
            let admin = next.members.iter().position(|member| member.role == Role::Admin);
            if let Some(member) = next.members.get_mut(admin.unwrap_or(0)) {
                member.role = Role::Owner;
            }
        }
        next
    }
}

pub(crate) fn role_number(role: Role) -> u8 {
    match role {
        Role::Member => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}

/// A seq, 8 bytes.
pub(crate) fn read_seq(reader: &mut Reader<'_>) -> Result<Seq, DecodeError> {
    Seq::new(reader.u64()?).ok_or(DecodeError::Invalid { field: "seq" })
}

fn read_member(reader: &mut Reader<'_>) -> Result<Member, DecodeError> {
    Ok(Member {
        user: read_user(reader)?,
        role: match reader.u8()? {
            1 => Role::Member,
            2 => Role::Admin,
            3 => Role::Owner,
            _ => return Err(DecodeError::Invalid { field: "role" }),
        },
        pin: Pin {
            root: RootPublic(reader.array()?),
            position: Position { generation: reader.u64()?, version: reader.u64()? },
            head: reader.array()?,
        },
        since: read_seq(reader)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn member(user: u64, role: Role) -> Member {
        let position = Position { generation: 1, version: 2 };
        let pin = Pin { root: RootPublic([7; 32]), position, head: [8; 32] };
        Member { user: UserId::new(user).unwrap(), role, pin, since: Seq::clamped(5) }
    }

    fn facts(members: Vec<Member>) -> Facts {
        let chat = "g.1".parse().unwrap();
        Facts { chat, who_may_add: WhoMayAdd::Admins, history_from: Some(Seq::clamped(3)), members }
    }

    #[test]
    fn facts_have_one_encoding_and_name_no_user_twice() {
        let good = facts(vec![member(2, Role::Owner), member(1, Role::Member)]);
        assert_eq!(Facts::decode(&good.encode()), Ok(good.clone()));
        let twice = facts(vec![member(2, Role::Owner), member(2, Role::Member)]);
        assert_eq!(Facts::decode(&twice.encode()), Err(DecodeError::Invalid { field: "user" }));
        let mut long = good.encode();
        long.push(0);
        assert_eq!(Facts::decode(&long), Err(DecodeError::Trailing { count: 1 }));
    }

    #[test]
    fn the_last_owner_is_followed_by_the_first_admin_else_the_first_member() {
        let user = |number| UserId::new(number).unwrap();
        let all = facts(vec![member(1, Role::Owner), member(2, Role::Member), member(3, Role::Admin)]);
        assert_eq!(all.without(|gone| gone == user(1)).role(user(3)), Some(Role::Owner));
        let some = all.without(|gone| gone == user(3));
        assert_eq!(some.role(user(1)), Some(Role::Owner));
        assert_eq!(some.without(|gone| gone == user(1)).role(user(2)), Some(Role::Owner));
    }

    #[test]
    fn a_thousand_members_fit() {
        let many = (1..=1_000).map(|user| member(user, Role::Member)).collect();
        assert!(Facts::decode(&facts(many).encode()).is_ok());
    }
}
