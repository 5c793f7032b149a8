//! What a client has on screen, and what of it has changed since it was last told: the open chat, the
//! watched users, marks that have moved. Told once a second (see `pulse`), bounded, no I/O.

use chinwag_ports::Mark;
use chinwag_proto::frame::{CursorMark, Cursors, PresenceStatus, Status};
use chinwag_proto::{ChatId, UserId};

/// Chats whose marks may wait to be told; further ones are left out (`open` and summaries show them).
const CHATS_MAX: usize = 64;
/// Users whose marks of one chat may wait to be told: the largest group that shows marks.
const USERS_MAX: usize = 128;
/// Chats whose last typing notice is remembered, to hold the next against it.
const TYPED_MAX: usize = 8;
/// At most one notice of typing, and one of its end, for each chat in this time.
const TYPING_MS: u64 = 1_000;

/// A watched user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watched {
    user: UserId,
    /// What the client was told last; `None`: nothing, the user is not shown to it.
    told: Option<Status>,
    /// Whether it may have changed since.
    stale: bool,
}

/// The last typing notice for a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Typed {
    chat: ChatId,
    on: bool,
    at_ms: u64,
}

/// What a client has on screen.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// The open chat.
    pub(crate) open: Option<ChatId>,
    watched: Vec<Watched>,
    /// Whether the rights to see the watched users are to be looked at again.
    recheck: bool,
    /// When they were looked at.
    rights_ms: u64,
    cursors: Vec<Cursors>,
    raised: Option<(ChatId, Mark)>,
    typed: Vec<Typed>,
}

impl Screen {
    /// Whether there is nothing to remember.
    pub(crate) fn is_blank(&self) -> bool {
        self.open.is_none()
            && self.watched.is_empty()
            && self.cursors.is_empty()
            && self.raised.is_none()
            && self.typed.is_empty()
    }

    /// Notes that a member's marks have moved.
    pub(crate) fn mark(&mut self, chat: ChatId, mark: &CursorMark) {
        let at = self.cursors.iter().position(|cursors| cursors.chat_id == chat);
        let at = match at {
            Some(at) => at,
            None if self.cursors.len() >= CHATS_MAX => return,
            None => {
                self.cursors.push(Cursors { chat_id: chat, users: Vec::new() });
                self.cursors.len() - 1
            }
        };
        let users = &mut self.cursors[at].users;
        if let Some(told) = users.iter_mut().find(|told| told.user_id == mark.user_id) {
            told.read = told.read.max(mark.read);
            told.delivered = told.delivered.max(mark.delivered);
        } else if users.len() < USERS_MAX {
            users.push(mark.clone());
        }
    }

    /// The marks that have moved since the last call.
    pub(crate) fn take_cursors(&mut self) -> Vec<Cursors> {
        std::mem::take(&mut self.cursors)
    }

    /// Notes the mark that this client itself raises: it is not told of that.
    pub(crate) fn raise(&mut self, chat: ChatId, mark: Mark) {
        let before = self.raised.filter(|(of, _)| *of == chat).map(|(_, mark)| mark).unwrap_or_default();
        self.raised = Some((chat, before.max(mark)));
    }

    /// Whether the client itself raised this mark.
    pub(crate) fn has_raised(&self, chat: ChatId, mark: &CursorMark) -> bool {
        self.raised.is_some_and(|(of, own)| {
            of == chat
                && mark.read.unwrap_or_default() <= own.read
                && mark.delivered.unwrap_or_default() <= own.delivered
        })
    }

    /// Whether a typing notice may go out now; remembers it if so. That the user has stopped goes out at once
    /// after the notice that he types.
    pub(crate) fn types(&mut self, chat: ChatId, on: bool, now_ms: u64) -> bool {
        self.typed.retain(|typed| now_ms < typed.at_ms + TYPING_MS);
        if let Some(typed) = self.typed.iter_mut().find(|typed| typed.chat == chat) {
            let has_stopped = typed.on && !on;
            typed.on &= on;
            return has_stopped;
        }
        if self.typed.len() >= TYPED_MAX {
            self.typed.remove(0);
        }
        self.typed.push(Typed { chat, on, at_ms: now_ms });
        true
    }

    /// Whether this client sent that typing notice itself.
    pub(crate) fn has_typed(&self, chat: ChatId, on: bool) -> bool {
        self.typed.iter().any(|typed| typed.chat == chat && typed.on == on)
    }

    /// Forgets what only matters for a moment.
    pub(crate) fn expire(&mut self, now_ms: u64) {
        self.typed.retain(|typed| now_ms < typed.at_ms + TYPING_MS);
        self.raised = None;
    }

    /// Watches these users instead of those before. Whoever calls it looks at all of them and tells.
    pub(crate) fn watch(&mut self, users: &[UserId]) {
        self.watched = users.iter().map(|&user| Watched { user, told: None, stale: false }).collect();
        self.recheck = false;
    }

    /// The watched users.
    pub(crate) fn watched(&self) -> Vec<UserId> {
        self.watched.iter().map(|watched| watched.user).collect()
    }

    /// Notes that a watched user's presence may have changed; with `rights`, also whether he is shown.
    /// `false`: he is not watched.
    pub(crate) fn stir(&mut self, user: UserId, rights: bool) -> bool {
        let Some(watched) = self.watched.iter_mut().find(|watched| watched.user == user) else {
            return false;
        };
        watched.stale = true;
        self.recheck |= rights;
        true
    }

    /// Notes that all watched users have to be looked at again, rights included. `false`: there are none.
    pub(crate) fn stir_all(&mut self) -> bool {
        self.recheck = true;
        self.watched.iter_mut().for_each(|watched| watched.stale = true);
        !self.watched.is_empty()
    }

    /// The rights to see the watched users were looked at.
    pub(crate) fn has_rights(&mut self, now_ms: u64) {
        self.rights_ms = now_ms;
    }

    /// Whether users are watched on rights that were looked at before then.
    pub(crate) fn rights_are_older(&self, than_ms: u64) -> bool {
        !self.watched.is_empty() && self.rights_ms < than_ms
    }

    /// Takes back that these users were looked at.
    pub(crate) fn stir_again(&mut self, users: &[UserId], rights: bool) {
        for &user in users {
            self.stir(user, rights);
        }
    }

    /// Whether a watched user may have changed.
    pub(crate) fn is_stirred(&self) -> bool {
        self.watched.iter().any(|watched| watched.stale)
    }

    /// The users to be looked at now, and whether their rights have to be, too. Without that, those who
    /// are not shown are left out.
    pub(crate) fn take_stirred(&mut self) -> (Vec<UserId>, bool) {
        let rights = std::mem::take(&mut self.recheck);
        let mut users = Vec::new();
        for watched in &mut self.watched {
            if std::mem::take(&mut watched.stale) && (rights || watched.told.is_some()) {
                users.push(watched.user);
            }
        }
        (users, rights)
    }

    /// What the client has to be told of `looked_at`, where `shown` is what it may see of them now. One
    /// who is no longer shown is told once, as offline without a time.
    pub(crate) fn tell(&mut self, looked_at: &[UserId], shown: &[PresenceStatus]) -> Vec<PresenceStatus> {
        let mut news = Vec::new();
        for watched in self.watched.iter_mut().filter(|watched| looked_at.contains(&watched.user)) {
            match shown.iter().find(|status| status.user_id == watched.user) {
                Some(status) if watched.told != Some(status.status) => {
                    watched.told = Some(status.status);
                    news.push(status.clone());
                }
                Some(_) => {}
                None => {
                    let told = watched.told.take();
                    if told.is_some_and(|told| told != Status::Offline) {
                        let user_id = watched.user;
                        news.push(PresenceStatus { user_id, status: Status::Offline, last_seen: None });
                    }
                }
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chinwag_proto::Seq;

    use super::*;

    fn chat() -> ChatId {
        "g.1".parse().unwrap()
    }

    fn user(number: u64) -> UserId {
        UserId::new(number).unwrap()
    }

    fn mark(number: u64, read: u64) -> CursorMark {
        CursorMark { user_id: user(number), read: Some(Seq::clamped(read)), delivered: None }
    }

    fn status(number: u64, status: Status) -> PresenceStatus {
        PresenceStatus { user_id: user(number), status, last_seen: None }
    }

    #[test]
    fn marks_are_merged_by_maximum_and_told_once() {
        let mut screen = Screen::default();
        for (number, read) in [(1, 5), (2, 4), (1, 3), (1, 7)] {
            screen.mark(chat(), &mark(number, read));
        }
        assert_eq!(screen.take_cursors(), [Cursors { chat_id: chat(), users: vec![mark(1, 7), mark(2, 4)] }]);
        assert!(screen.take_cursors().is_empty() && screen.is_blank());
    }

    #[test]
    fn a_client_is_not_told_of_the_mark_it_raised_itself() {
        let mut screen = Screen::default();
        let own = |read| Mark { read: Seq::clamped(read), delivered: Seq::clamped(read) };
        screen.raise(chat(), own(5));
        screen.raise(chat(), own(3));
        assert!(screen.has_raised(chat(), &mark(1, 5)));
        assert!(!screen.has_raised(chat(), &mark(1, 6)));
        assert!(!screen.has_raised("g.2".parse().unwrap(), &mark(1, 5)));
    }

    #[test]
    fn typing_is_told_at_most_once_a_second_for_each_chat() {
        let mut screen = Screen::default();
        assert!(screen.types(chat(), true, 0));
        assert!(!screen.types(chat(), true, 999));
        assert!(screen.types("g.2".parse().unwrap(), true, 999));
        assert!(screen.types(chat(), true, 1_000));
        assert!(screen.types(chat(), false, 1_001), "the end is told at once");
        assert!(!screen.types(chat(), false, 1_002));
        assert!(!screen.types(chat(), true, 1_999));
        assert!(screen.types(chat(), false, 2_000));
        assert!(!screen.types(chat(), false, 2_001));
        screen.expire(3_000);
        assert!(screen.is_blank());
    }

    #[test]
    fn presence_is_told_when_it_has_changed() {
        let mut screen = Screen::default();
        screen.watch(&[user(1), user(2)]);
        let online = [status(1, Status::Online)];
        assert_eq!(screen.tell(&[user(1), user(2)], &online), online);
        assert_eq!(screen.take_stirred(), (vec![], false));
        assert!(screen.stir(user(1), false) && !screen.stir(user(3), false));
        assert_eq!(screen.take_stirred(), (vec![user(1)], false));
        assert_eq!(screen.tell(&[user(1)], &online), []);
        assert_eq!(screen.tell(&[user(1)], &[status(1, Status::Away)]), [status(1, Status::Away)]);
    }

    #[test]
    fn one_who_is_not_shown_is_looked_at_only_when_rights_are() {
        let mut screen = Screen::default();
        screen.watch(&[user(1)]);
        screen.take_stirred();
        screen.stir(user(1), false);
        assert_eq!(screen.take_stirred(), (vec![], false));
        screen.stir_all();
        assert_eq!(screen.take_stirred(), (vec![user(1)], true));
    }

    #[test]
    fn one_who_is_no_longer_shown_goes_offline_once() {
        let mut screen = Screen::default();
        screen.watch(&[user(1)]);
        screen.tell(&[user(1)], &[status(1, Status::Online)]);
        assert_eq!(screen.tell(&[user(1)], &[]), [status(1, Status::Offline)]);
        assert_eq!(screen.tell(&[user(1)], &[]), []);
    }
}
