//! One engine and its screens: JSON in, JSON out.
//!
//! What the engine knows only one of is made here out of what the screens say: the chat on screen is that of
//! the screen used last, the user is at the device when he is at any screen, whose presence is shown is what
//! all of them watch.

use std::collections::BTreeMap;

use chinwag_client::store::startup_ranges;
use chinwag_client::{Change, Effect, Engine, Event, Now, Plain, Seal, Status, Timer, Wish};
use chinwag_proto::{ChatId, DeviceId, ServerFrame, UserId};

use crate::effect::{Stretch, due, name};
use crate::event::Told;
use crate::screen::{Hit, News, Screen, raw};
use crate::shown::{FailureShown, refusal};
use crate::wish::Wanted;

/// Screens at once.
const SCREENS_MAX: usize = 64;

/// Why nothing was done.
#[derive(Debug)]
pub enum CoreError {
    /// Not what is expected: the reason, without any content.
    Input(String),
}

impl std::fmt::Display for CoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input(reason) => write!(f, "not understood: {reason}"),
        }
    }
}

impl std::error::Error for CoreError {}

impl From<serde_json::Error> for CoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Input(format!("{:?} at column {}", error.classify(), error.column()))
    }
}

/// The engine of one device and the screens that show it.
pub struct Core {
    me: UserId,
    engine: Engine,
    screens: BTreeMap<u32, Screen>,
    /// The chat that the engine shows.
    at: Option<ChatId>,
    /// Searches and looks under way: which screen asked, and its own number.
    tickets: BTreeMap<u64, (u32, u64)>,
    numbers: u64,
    /// Those that were ever set, by name.
    timers: BTreeMap<String, Timer>,
}

impl Core {
    /// Without encryption.
    ///
    /// # Errors
    /// [`CoreError::Input`] where an id or the rows cannot be read.
    pub fn plain(user: &str, device: &str, rows: &str) -> Result<Self, CoreError> {
        Self::new(user, device, rows, Box::new(Plain))
    }

    /// What the driver loads from its store before it makes one: a list of ranges.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn startup_ranges() -> Result<String, CoreError> {
        let ranges: Vec<Stretch> = startup_ranges().into_iter().map(Stretch::from).collect();
        Ok(serde_json::to_string(&ranges)?)
    }

    /// `rows`: a list of pairs of key and value, those of [`chinwag_client::store::startup_ranges`].
    ///
    /// # Errors
    /// [`CoreError::Input`] where an id or the rows cannot be read.
    pub fn new(user: &str, device: &str, rows: &str, seal: Box<dyn Seal + Send>) -> Result<Self, CoreError> {
        let me: UserId = user.parse().map_err(|_| CoreError::Input("the user's id".to_owned()))?;
        let device: DeviceId = device.parse().map_err(|_| CoreError::Input("the device's id".to_owned()))?;
        let rows: Vec<(String, String)> = serde_json::from_str(rows)?;
        Ok(Self {
            me,
            engine: Engine::restore(me, device, seal, &rows),
            screens: BTreeMap::new(),
            at: None,
            tickets: BTreeMap::new(),
            numbers: 0,
            timers: BTreeMap::new(),
        })
    }

    /// An event of the driver's; the effects.
    ///
    /// # Errors
    /// [`CoreError::Input`] where it is none.
    pub fn event(&mut self, now: Now, event: &str) -> Result<String, CoreError> {
        let event = match serde_json::from_str(event)? {
            Told::Started => Event::Started,
            Told::Disconnected { code } => Event::Disconnected { code },
            Told::Fired(name) => match self.timers.get(&name) {
                Some(timer) => Event::Fired(*timer),
                None => return Err(CoreError::Input("a timer that was not set".to_owned())),
            },
            Told::Stored(number) => Event::Stored(number),
            Told::StoreFailed => Event::StoreFailed,
            Told::Loaded { number, rows } => Event::Loaded { number, rows },
        };
        self.run(now, [event])
    }

    /// A frame of the connection; the effects.
    ///
    /// # Errors
    /// [`CoreError::Input`] where it is none: the other side breaks the protocol.
    pub fn frame(&mut self, now: Now, text: &str) -> Result<String, CoreError> {
        let event = match ServerFrame::parse(text)? {
            ServerFrame::Ready(ready) => Event::Connected(ready),
            frame => Event::Frame(Box::new(frame)),
        };
        self.run(now, [event])
    }

    /// A screen begins; beyond 64 none does.
    pub fn attach(&mut self, screen: u32) {
        if self.screens.len() < SCREENS_MAX {
            self.screens.insert(screen, Screen::new(&self.engine));
        }
    }

    /// A screen is gone; the effects.
    ///
    /// # Errors
    /// Where the effects cannot be written.
    pub fn detach(&mut self, now: Now, screen: u32) -> Result<String, CoreError> {
        self.screens.remove(&screen);
        self.tickets.retain(|_, (asked, _)| *asked != screen);
        let mut events = vec![self.activity(), self.watching()];
        if !self.screens.values().any(|screen| screen.open == self.at) {
            let open = self.screens.values().filter(|screen| screen.open.is_some());
            self.at = open.max_by_key(|screen| screen.active).and_then(|screen| screen.open);
            events.push(Event::Wish(Wish::Open(self.at)));
        }
        self.run(now, events)
    }

    /// A wish of a screen; the effects.
    ///
    /// # Errors
    /// [`CoreError::Input`] where it is none.
    pub fn wish(&mut self, now: Now, screen: u32, wish: &str) -> Result<String, CoreError> {
        let wanted: Wanted = serde_json::from_str(wish)?;
        let events = self.events(screen, wanted);
        self.run(now, events)
    }

    fn events(&mut self, number: u32, wanted: Wanted) -> Vec<Event> {
        let Some(screen) = self.screens.get_mut(&number) else { return Vec::new() };
        match wanted {
            Wanted::Record { chat_id, id, again: true, .. } if self.engine.record(chat_id, &id).is_some() => {
                if let Some(Status::Failed(failure)) = self.engine.record(chat_id, &id) {
                    screen.tell(News::Failed { chat_id, id, failure: FailureShown::owned(failure) });
                }
                Vec::new()
            }
            Wanted::Open(chat) => {
                screen.open(chat);
                let quiet = !screen.active && self.another_is_used(number);
                if quiet { Vec::new() } else { self.show(number, true) }
            }
            Wanted::Active(on) => {
                screen.active = on;
                let mut events = if on { self.show(number, false) } else { Vec::new() };
                events.push(self.activity());
                events
            }
            Wanted::Watch(users) => {
                screen.watched = users;
                vec![self.watching()]
            }
            Wanted::Search { ticket, query } => {
                let ticket = self.ticket(number, ticket);
                vec![Event::Wish(Wish::Search { ticket, query })]
            }
            Wanted::Look { ticket, chat_id: chat, from, to } => {
                let ticket = self.ticket(number, ticket);
                vec![Event::Wish(Wish::Look { ticket, chat, from, to })]
            }
            scroll @ (Wanted::At(_) | Wanted::Older | Wanted::Newer | Wanted::Newest) => {
                let mut events = self.show(number, false);
                events.extend(scroll.wish().map(Event::Wish));
                events
            }
            other => other.wish().map(Event::Wish).into_iter().collect(),
        }
    }

    /// Whether the user is at another screen that shows a chat.
    fn another_is_used(&self, number: u32) -> bool {
        self.screens.iter().any(|(other, screen)| *other != number && screen.active && screen.open.is_some())
    }

    /// Has the engine show the chat of a screen, anew if it must.
    fn show(&mut self, number: u32, anew: bool) -> Vec<Event> {
        let Some(screen) = self.screens.get(&number) else { return Vec::new() };
        if !anew && (screen.open.is_none() || screen.open == self.at) {
            return Vec::new();
        }
        self.at = screen.open;
        vec![Event::Wish(Wish::Open(screen.open))]
    }

    fn activity(&self) -> Event {
        Event::Wish(Wish::Active(self.screens.values().any(|screen| screen.active)))
    }

    fn watching(&self) -> Event {
        let mut users: Vec<UserId> = Vec::new();
        for user in self.screens.values().flat_map(|screen| &screen.watched) {
            if !users.contains(user) {
                users.push(*user);
            }
        }
        Event::Wish(Wish::Watch(users))
    }

    fn ticket(&mut self, screen: u32, ticket: u64) -> u64 {
        self.numbers += 1;
        self.tickets.insert(self.numbers, (screen, ticket));
        self.numbers
    }

    /// What is different for a screen since it was asked last; `None` for nothing.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn update(&mut self, screen: u32) -> Result<Option<String>, CoreError> {
        let Some(screen) = self.screens.get_mut(&screen) else { return Ok(None) };
        Ok(screen.update(self.me, &mut self.engine, self.at)?)
    }

    fn run(&mut self, now: Now, events: impl IntoIterator<Item = Event>) -> Result<String, CoreError> {
        let mut dues = Vec::new();
        for event in events {
            for effect in self.engine.handle(now, event) {
                match effect {
                    Effect::Changed(change) => self.changed(change),
                    other => {
                        if let Effect::SetTimer { timer, .. } = other {
                            self.timers.insert(name(timer), timer);
                        }
                        dues.extend(due(other));
                    }
                }
            }
        }
        Ok(serde_json::to_string(&dues)?)
    }

    fn changed(&mut self, change: Change) {
        for screen in self.screens.values_mut() {
            screen.note(&change);
        }
        let news = match change {
            Change::Notify { chat, seq } => News::Notify { chat_id: chat, seq },
            Change::Settled { chat, id, seq } => News::Settled { chat_id: chat, id, seq },
            Change::Failed { chat, id } => {
                let Some(Status::Failed(failure)) = self.engine.record(chat, &id) else { return };
                News::Failed { chat_id: chat, id, failure: FailureShown::owned(failure) }
            }
            Change::Refused { id, why } => News::Refused { id, why: refusal(why) },
            Change::Found { ticket, hits } => {
                let hits = hits.into_iter().map(|(chat_id, seq)| Hit { chat_id, seq }).collect();
                return self.answer(ticket, |ticket| Some(News::Found { ticket, hits }));
            }
            Change::Looked { ticket, lines } => {
                let lines = raw(&lines);
                return self.answer(ticket, |ticket| Some(News::Looked { ticket, lines: lines? }));
            }
            _ => return,
        };
        for screen in self.screens.values_mut() {
            screen.tell(news.clone());
        }
    }

    fn answer(&mut self, ticket: u64, news: impl FnOnce(u64) -> Option<News>) {
        let Some((screen, ticket)) = self.tickets.remove(&ticket) else { return };
        if let (Some(screen), Some(news)) = (self.screens.get_mut(&screen), news(ticket)) {
            screen.tell(news);
        }
    }
}
