//! The task that runs an engine: it owns the socket, the store and the timers.
//!
//! One event at a time goes into the engine; the effects are carried out in their order before the next one.
//! What waits for a slow disk is bounded: beyond [`STORE_WAITING_MAX`] neither the socket is read nor a wish
//! taken. `link` is the connection, `calls` the calls over REST, `timers` the timers, `desk` those who wait for an answer.

mod calls;
mod desk;
mod link;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;

use chinwag_client::store::{Load, Op, Row};
use chinwag_client::{Change, Effect, Engine, Event, Now, Seal, Wish, store as rows};
use chinwag_proto::{ChatId, ClientMessageId, DeviceId, UserId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::backoff::dice;
use crate::sdk::shared::Shared;
use crate::store::{Answer, Request, Store, StoreFailed};

pub(crate) use calls::Calls;
pub(crate) use desk::{Desk, Found, Settled};
pub(crate) use link::{Address, Link};
use timers::Timers;

/// Requests that may wait for the store's thread before nothing new is taken in.
const STORE_WAITING_MAX: usize = 1_024;

/// What a program asks of its client.
pub(crate) enum Command {
    /// A wish; answers whether it was taken.
    Wish(Wish, oneshot::Sender<Result<(), chinwag_client::Refusal>>),
    /// A record whose fate is awaited.
    Record { chat: ChatId, id: ClientMessageId, wish: Wish, fate: oneshot::Sender<Settled> },
    /// A wish with a ticket of the desk's; answers with what was found.
    Ask(Box<dyn FnOnce(u64) -> Wish + Send>, oneshot::Sender<Found>),
    /// Rows of the program's own.
    Keep(Vec<Op>),
    /// Answers when everything that was wished before is on disk.
    Flush(oneshot::Sender<()>),
    /// Stop; answers when everything is on disk.
    Close(oneshot::Sender<()>),
}

/// Makes the seal of an engine from its rows in the store (keys that begin with `s/`).
pub type SealMaker = Box<dyn FnOnce(UserId, DeviceId, &[Row]) -> Box<dyn Seal + Send> + Send>;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    store: Store,
    /// Requests that the store has no room for yet.
    to_store: VecDeque<Request>,
    /// The last batch that was given, and the last that is on disk.
    batches: (u64, u64),
    store_failed: bool,
    link: Link,
    calls: Calls,
    timers: Timers,
    desk: Desk,
    begin: Instant,
    /// Those who wait for a batch to be on disk.
    flushes: VecDeque<(u64, oneshot::Sender<()>)>,
    closing: Option<oneshot::Sender<()>>,
}

/// Reads what an engine goes on from, and makes it.
pub(crate) async fn restore(
    store: &mut Store,
    me: UserId,
    device: DeviceId,
    seal: SealMaker,
) -> Result<Engine, StoreFailed> {
    let mut ranges = rows::startup_ranges();
    ranges.push(rows::Range::prefix("s/"));
    let all = load(store, ranges).await?;
    let (sealed, own): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|(key, _)| key.starts_with("s/"));
    Ok(Engine::restore(me, device, seal(me, device, &sealed), &own))
}

/// Reads rows before there is a driver.
pub(crate) async fn load(store: &mut Store, ranges: Vec<rows::Range>) -> Result<Vec<Row>, StoreFailed> {
    let ended = || StoreFailed("its thread has ended".to_owned());
    store.requests.send(Request::Load(Load { number: 0, ranges })).await.map_err(|_| ended())?;
    loop {
        match store.answers.recv().await {
            Some(Answer::Loaded { rows, .. }) => return Ok(rows),
            Some(Answer::Stored(_)) => {}
            Some(Answer::Failed(why)) => return Err(why),
            None => return Err(ended()),
        }
    }
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        store: Store,
        link: Link,
        calls: Calls,
    ) -> Self {
        Self {
            shared,
            commands,
            store,
            to_store: VecDeque::new(),
            batches: (0, 0),
            store_failed: false,
            link,
            calls,
            timers: Timers::default(),
            desk: Desk::default(),
            begin: Instant::now(),
            flushes: VecDeque::new(),
            closing: None,
        }
    }

    /// Works until every handle is gone, or one asks to stop; what was given to the store is on disk then.
    pub(crate) async fn run(mut self) {
        self.event(Event::Started);
        while self.closing.is_none() {
            if !self.step().await {
                break;
            }
        }
        self.flush().await;
        self.link.close().await;
        self.store.close().await;
        self.shared.end();
        if let Some(closed) = self.closing.take() {
            // Whoever asked may have gone.
            let _ = closed.send(());
        }
    }

    /// Waits for the next thing that happens. `false`: nobody holds the client any more.
    async fn step(&mut self) -> bool {
        let room = self.to_store.len() < STORE_WAITING_MAX;
        let due = self.timers.next().map(|at_ms| self.begin + std::time::Duration::from_millis(at_ms));
        let requests = self.store.requests.clone();
        tokio::select! {
            answer = self.store.answers.recv(), if !self.store_failed => self.on_answer(answer),
            permit = requests.reserve(), if !self.to_store.is_empty() && !self.store_failed => {
                match (permit, self.to_store.pop_front()) {
                    (Ok(permit), Some(request)) => permit.send(request),
                    // The thread has ended; its last answer says why.
                    _ => self.to_store.clear(),
                }
            }
            event = self.link.next(room) => {
                self.shared.trouble(self.link.trouble());
                if let Some(event) = event {
                    self.event(event);
                }
            }
            answered = self.calls.next(self.batches.1), if room => {
                self.event(answered);
            }
            command = self.commands.recv(), if room => match command {
                Some(command) => self.on_command(command),
                None => return false,
            },
            () = until(due) => self.on_time(),
        }
        true
    }

    fn on_time(&mut self) {
        while let Some(timer) = self.timers.take_due(self.now_ms()) {
            self.event(Event::Fired(timer));
        }
    }

    fn on_answer(&mut self, answer: Option<Answer>) {
        match answer {
            Some(Answer::Stored(number)) => {
                self.batches.1 = number;
                self.answer_flushes();
                self.event(Event::Stored(number));
            }
            Some(Answer::Loaded { number, rows }) => {
                self.event(Event::Loaded { number, rows });
            }
            Some(Answer::Failed(why)) => self.on_store_failed(why),
            None => self.on_store_failed(StoreFailed("its thread has ended".to_owned())),
        }
    }

    fn answer_flushes(&mut self) {
        while let Some((_, done)) = self.flushes.pop_front_if(|(batch, _)| *batch <= self.batches.1) {
            let _ = done.send(());
        }
    }

    fn on_store_failed(&mut self, why: StoreFailed) {
        self.store_failed = true;
        self.to_store.clear();
        self.shared.trouble(Some(why.to_string()));
        self.event(Event::StoreFailed);
        self.flushes.clear();
        self.desk.fail_all();
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Wish(wish, taken) => {
                let refusal = self.event(Event::Wish(wish));
                let _ = taken.send(refusal.map_or(Ok(()), Err));
            }
            Command::Record { chat, id, wish, fate } => {
                self.desk.awaits(chat, id.clone(), fate);
                if let Some(why) = self.event(Event::Wish(wish)) {
                    self.desk.settles(chat, &id, Settled::NotTaken(why));
                }
            }
            Command::Ask(wish, answer) => {
                let ticket = self.desk.asks(answer);
                if self.store_failed {
                    return self.desk.fail_all();
                }
                self.event(Event::Wish(wish(ticket)));
            }
            Command::Keep(ops) => self.store_later(Request::Keep(ops)),
            Command::Flush(done) => {
                self.flushes.push_back((self.batches.0, done));
                self.answer_flushes();
            }
            Command::Close(closed) => self.closing = Some(closed),
        }
    }

    /// Lets the engine take an event in, and carries out what follows; answers why a wish was not taken.
    fn event(&mut self, event: Event) -> Option<chinwag_client::Refusal> {
        let now = Now { ms: self.now_ms(), dice: dice() };
        let effects = self.shared.engine().handle(now, event);
        let mut refusal = None;
        for effect in effects {
            match effect {
                Effect::Connect { url } => self.link.connect(url.as_deref()),
                Effect::Disconnect => self.link.drop_it(),
                Effect::Send(frame) => self.link.send(&frame),
                Effect::Store(batch) => {
                    self.batches.0 = batch.number;
                    self.store_later(Request::Batch(batch));
                }
                Effect::Load(load) => self.store_later(Request::Load(load)),
                Effect::Call { number, call } => self.calls.add(self.batches.0, number, call),
                Effect::SetTimer { timer, at_ms } => self.timers.set(timer, at_ms),
                Effect::Changed(Change::Refused { why, .. }) => refusal = Some(why),
                Effect::Changed(change) => self.on_changed(change),
            }
        }
        refusal
    }

    /// Answers those who wait for just this; all others are told.
    fn on_changed(&mut self, change: Change) {
        match change {
            Change::Settled { chat, id, seq } => {
                self.desk.settles(chat, &id, Settled::Stands(seq));
                self.shared.tell(&Change::Settled { chat, id, seq });
            }
            Change::Failed { chat, id } => {
                if self.desk.is_awaited(chat, &id) {
                    let status = self.shared.engine().record(chat, &id);
                    self.desk.settles(chat, &id, Settled::from_status(status));
                }
                self.shared.tell(&Change::Failed { chat, id });
            }
            Change::Found { ticket, hits } => self.desk.answers(ticket, Found::Hits(hits)),
            Change::Looked { ticket, lines } => self.desk.answers(ticket, Found::Lines(lines)),
            other => self.shared.tell(&other),
        }
    }

    fn store_later(&mut self, request: Request) {
        if !self.store_failed {
            self.to_store.push_back(request);
        }
    }

    /// Waits until everything that was given to the store is on disk.
    async fn flush(&mut self) {
        let requests = self.store.requests.clone();
        while !self.store_failed && (!self.to_store.is_empty() || self.batches.1 < self.batches.0) {
            tokio::select! {
                answer = self.store.answers.recv() => match answer {
                    Some(Answer::Stored(number)) => self.batches.1 = number,
                    Some(Answer::Loaded { .. }) => {}
                    Some(Answer::Failed(_)) | None => self.store_failed = true,
                },
                permit = requests.reserve(), if !self.to_store.is_empty() => {
                    match (permit, self.to_store.pop_front()) {
                        (Ok(permit), Some(request)) => permit.send(request),
                        _ => self.to_store.clear(),
                    }
                }
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Waits for a time, or for ever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
