//! Runs the app: the terminal's events, the client's changes and the answers go into the model; its acts are
//! carried out; then the screen is drawn. Between events nothing runs.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use chinwag_client::{Change, Stop, Wish};
use chinwag_client_native::{Changes, Client, Update, WishError, fresh_id};
use chinwag_proto::UserId;
use crossterm::event::{Event, EventStream, KeyEvent, KeyEventKind};
use futures_util::{FutureExt, StreamExt};
use jiff::tz::TimeZone;
use ratatui::Frame;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::calls;
use super::data::{Data, Link, Name, Names};
use super::draw::draw;
use super::enter::{Entry, Start};
use super::model::{Act, Answer, Ask, Input, Model};
use super::screen::Screen;
use super::snapshot::Snapshots;
use super::theme::Theme;
use crate::exit::Failure;

/// Questions under way at once; more are not asked.
const ASKS_MAX: usize = 32;
/// Names looked up at once.
const NAMES_AT_ONCE: usize = 4;
/// Events taken in before the screen is drawn again.
const AT_ONCE: usize = 256;
/// A draft is kept when nothing was typed for this long.
const DRAFT_AFTER: Duration = Duration::from_secs(1);
/// How long the end may take: the disk, and a good-bye to the server.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// What happened at the terminal.
pub(super) enum Happened {
    Key(KeyEvent),
    Paste(String),
    Resized(u16, u16),
    Focus(bool),
    /// It is gone, or the process was told to stop.
    End,
}

/// The terminal with what comes from it.
pub(super) struct Terminal {
    pub(super) theme: Theme,
    screen: Screen,
    events: EventStream,
    signals: [Signal; 3],
}

impl Terminal {
    fn take() -> Result<Self, Failure> {
        let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
        let wrong = |why: io::Error| Failure::runtime(format!("cannot listen to signals: {why}"));
        let [one, two, three] = kinds.map(|kind| signal(kind).map_err(wrong));
        let signals = [one?, two?, three?];
        let variable = |name| std::env::var(name).ok();
        let theme = Theme::from_environment(variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
        Ok(Self { theme, screen: Screen::take()?, events: EventStream::new(), signals })
    }

    /// The next thing that happens. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Happened, Failure> {
        let [terminate, hangup, interrupt] = &mut self.signals;
        loop {
            let event = tokio::select! {
                event = self.events.next() => event,
                _ = terminate.recv() => None,
                _ = hangup.recv() => None,
                _ = interrupt.recv() => None,
            };
            match event {
                Some(Ok(event)) => {
                    if let Some(happened) = happened(event) {
                        return Ok(happened);
                    }
                }
                Some(Err(_)) | None => return Ok(Happened::End),
            }
        }
    }

    /// What has happened already. The stream wakes whoever polled it first, so it is polled as this task.
    async fn next_now(&mut self) -> Option<Happened> {
        loop {
            let event = poll_fn(|task| Poll::Ready(self.events.poll_next_unpin(task))).await;
            match event {
                Poll::Pending => return None,
                Poll::Ready(Some(Ok(event))) => {
                    if let Some(happened) = happened(event) {
                        return Some(happened);
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => return Some(Happened::End),
            }
        }
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Failure> {
        self.screen.draw(draw).map_err(gone)
    }

    pub(super) fn suspend(&mut self) -> Result<(), Failure> {
        self.screen.suspend().map_err(gone)
    }

    pub(super) fn repaint(&mut self) -> Result<(), Failure> {
        self.screen.repaint().map_err(gone)
    }
}

fn gone(why: io::Error) -> Failure {
    Failure::runtime(format!("the terminal cannot be written: {why}"))
}

fn happened(event: Event) -> Option<Happened> {
    Some(match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => return None,
        Event::Key(key) => Happened::Key(key),
        Event::Paste(text) => Happened::Paste(text),
        Event::Resize(width, height) => Happened::Resized(width, height),
        Event::FocusGained => Happened::Focus(true),
        Event::FocusLost => Happened::Focus(false),
        Event::Mouse(_) => return None,
    })
}

/// The whole app, from the log-in to the end.
pub(super) async fn app(start: Start) -> Result<(), Failure> {
    let mut terminal = Terminal::take()?;
    let mut why = None;
    while let Some(entry) = start.enter(&mut terminal, why.take()).await? {
        let who = entry.who.clone();
        let mut app = App::new(&mut terminal, entry, start.profiles.names(&who));
        let end = app.work().await;
        start.profiles.keep_names(&who, &app.data.names);
        let client = app.client.clone();
        drop(app);
        // What is not on disk by then is not lost without the user knowing: it never left the outbox.
        let _ = tokio::time::timeout(CLOSE_MAX, client.close()).await;
        drop(client);
        match end? {
            End::Quit => return Ok(()),
            End::Dead => why = Some("This device was logged out; log in again to go on".to_owned()),
            End::LoggedOut => {
                let forgotten = start.profiles.forget(&who);
                forgotten.map_err(|why| {
                    Failure::runtime(format!("logged out; what is kept cannot be deleted: {why}"))
                })?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// How the work ended.
enum End {
    Quit,
    /// The log-in is worth nothing any more.
    Dead,
    /// The user has logged out.
    LoggedOut,
}

struct App<'a> {
    terminal: &'a mut Terminal,
    client: Client,
    changes: Changes,
    snapshots: Snapshots,
    data: Data,
    model: Model,
    asks: JoinSet<Answer>,
    names: JoinSet<(UserId, Result<Name, u64>)>,
    looked_up: BTreeSet<UserId>,
    names_after: Instant,
    typed_at: Instant,
}

impl<'a> App<'a> {
    fn new(terminal: &'a mut Terminal, entry: Entry, names: Names) -> Self {
        let Entry { client, begin, .. } = entry;
        let changes = client.changes();
        let snapshots = Snapshots { client: client.clone(), zone: TimeZone::system(), begin };
        let data = snapshots.take(names);
        let ids = Box::new(|| {
            loop {
                // Without random numbers nothing at all works; it comes back in a moment at boot.
                if let Ok(id) = fresh_id() {
                    break id;
                }
            }
        });
        let model = Model::new(terminal.theme, terminal.screen.size(), ids);
        let now = Instant::now();
        Self {
            terminal,
            client,
            changes,
            snapshots,
            data,
            model,
            asks: JoinSet::new(),
            names: JoinSet::new(),
            looked_up: BTreeSet::new(),
            names_after: now,
            typed_at: now,
        }
    }

    async fn work(&mut self) -> Result<End, Failure> {
        let mut end = self.input(Input::Changed).await?;
        loop {
            if let Some(end) = end {
                return Ok(end);
            }
            self.look_up_names();
            let (model, data) = (&self.model, &self.data);
            self.terminal.draw(|frame| draw(model, data, frame))?;
            end = self.step().await?;
            if end.is_none() && self.data.link == Link::Stopped(Stop::LoggedOut) {
                end = Some(End::Dead);
            }
        }
    }

    /// Waits for the next thing that happens and takes in all that has happened until then.
    async fn step(&mut self) -> Result<Option<End>, Failure> {
        let draft = self.typed_at + DRAFT_AFTER;
        let tick = Instant::now()
            + if matches!(self.data.link, Link::Waiting(1..)) {
                Duration::from_secs(1)
            } else {
                Duration::from_secs(60)
            };
        tokio::select! {
            happened = self.terminal.next() => {
                let mut next = Some(happened?);
                for _ in 0..AT_ONCE {
                    let Some(happened) = next.take() else { break };
                    if let Some(end) = self.happened(happened).await? {
                        return Ok(Some(end));
                    }
                    next = self.terminal.next_now().await;
                }
                if let Some(left) = next {
                    return self.happened(left).await;
                }
                return Ok(None);
            }
            update = self.changes.next() => {
                let Some(update) = update else { return self.ended() };
                let mut next = Some(update);
                for _ in 0..AT_ONCE {
                    let Some(update) = next.take() else { break };
                    if let Some(end) = self.updated(update).await? {
                        return Ok(Some(end));
                    }
                    next = self.changes.next().now_or_never().flatten();
                }
            }
            Some(answer) = self.asks.join_next() => {
                if let Ok(answer) = answer {
                    self.refresh();
                    return self.input(Input::Answer(answer)).await;
                }
            }
            Some(named) = self.names.join_next() => {
                if let Ok((user, named)) = named {
                    self.named(user, named);
                }
                return Ok(None);
            }
            () = sleep_until(self.names_after), if self.names_after > Instant::now() => return Ok(None),
            () = sleep_until(draft), if self.model.is_unsaved() => return self.input(Input::Idle).await,
            () = sleep_until(tick) => {}
        }
        self.refresh();
        self.input(Input::Changed).await
    }

    fn ended(&self) -> Result<Option<End>, Failure> {
        let why = self.client.trouble().unwrap_or_else(|| "the client has stopped".to_owned());
        Err(Failure::runtime(why))
    }

    fn refresh(&mut self) {
        let names = std::mem::take(&mut self.data.names);
        self.data = self.snapshots.take(names);
    }

    async fn happened(&mut self, happened: Happened) -> Result<Option<End>, Failure> {
        let input = match happened {
            Happened::Key(key) => {
                self.typed_at = Instant::now();
                Input::Key(key)
            }
            Happened::Paste(text) => {
                self.typed_at = Instant::now();
                Input::Paste(text)
            }
            Happened::Resized(width, height) => Input::Resize(width, height),
            Happened::Focus(on) => Input::Focus(on),
            Happened::End => {
                self.input(Input::Idle).await?;
                return Ok(Some(End::Quit));
            }
        };
        self.input(input).await
    }

    /// A change that is more than a reason to look again.
    async fn updated(&mut self, update: Update) -> Result<Option<End>, Failure> {
        match update {
            Update::Changed(Change::Failed { chat, .. }) => self.input(Input::Failed(chat)).await,
            Update::Changed(Change::Notify { chat, .. }) => {
                if self.model.wants_bell(chat) {
                    use io::Write;
                    // Where it cannot be heard, it can still be seen.
                    let _ = io::stdout().write_all(b"\x07").and_then(|()| io::stdout().flush());
                }
                Ok(None)
            }
            Update::Changed(_) | Update::Everything => Ok(None),
        }
    }

    /// Lets the model take an input in, and carries out what follows.
    async fn input(&mut self, input: Input) -> Result<Option<End>, Failure> {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let acts = self.model.on(input, &self.data);
            let wished = acts.iter().any(|act| matches!(act, Act::Wish(_)));
            for act in acts {
                match act {
                    Act::Wish(wish) => inputs.extend(self.wish(wish).await?),
                    Act::Ask(ask) => self.ask(ask),
                    Act::Quit => return Ok(Some(End::Quit)),
                    Act::Suspend => {
                        self.terminal.suspend()?;
                        let (width, height) = self.terminal.screen.size();
                        inputs.push(Input::Resize(width, height));
                    }
                    Act::Repaint => self.terminal.repaint()?,
                    Act::LogOut => {
                        // A server that is away forgets the token in its own time.
                        let _ = tokio::time::timeout(CLOSE_MAX, self.client.rest().logout()).await;
                        return Ok(Some(End::LoggedOut));
                    }
                }
            }
            if wished {
                self.refresh();
            }
        }
        Ok(None)
    }

    async fn wish(&mut self, wish: Wish) -> Result<Option<Input>, Failure> {
        let id = if let Wish::Record { id, .. } = &wish { Some(id.clone()) } else { None };
        match self.client.wish(wish).await {
            Ok(()) => Ok(None),
            Err(WishError::Refused(why)) => Ok(id.map(|id| Input::Refused(id, why))),
            Err(WishError::Ended(_)) => self.ended().map(|_| None),
        }
    }

    fn ask(&mut self, ask: Ask) {
        if self.asks.len() < ASKS_MAX {
            let client = self.client.clone();
            self.asks.spawn(async move { calls::answer(&client, ask).await });
        }
    }

    fn look_up_names(&mut self) {
        if self.names_after > Instant::now() || self.data.link != Link::Online {
            return;
        }
        for user in self.model.wanted_names(&self.data) {
            if self.names.len() >= NAMES_AT_ONCE {
                return;
            }
            if self.looked_up.insert(user) {
                self.names.spawn(calls::name(self.client.rest().clone(), user));
            }
        }
    }

    fn named(&mut self, user: UserId, named: Result<Name, u64>) {
        match named {
            Ok(name) => {
                self.data.names.0.insert(user, name);
            }
            Err(later_ms) => self.names_after = Instant::now() + Duration::from_millis(later_ms),
        }
        self.looked_up.remove(&user);
    }
}
