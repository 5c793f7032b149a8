//! A device that is connected, over WebSocket: `phone.sends("hi").to(&bob).await`, `phone.sees("hi").await`.
//!
//! Frames that were not waited for are kept, and every entry and acknowledgment is noted in the order in
//! which it came. Whatever the test is about, a live entry that stands at or below one that the connection
//! was given before, live or on a page, fails it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use chinwag_client_native::{ClientError, Socket};
use chinwag_proto::frame::{Ack, ErrorFrame, HeadsAnswer, Page, Ready, Resync};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, Code, DeviceId, Entry, Seq, ServerFrame, UserId};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::DEADLINE;
use crate::person::{Addressee, Person, text_of};

/// Makes every message without an id of the test's choosing one of its own.
static SENT: AtomicU64 = AtomicU64::new(0);

/// A device with an open connection.
pub struct Phone {
    /// Whose it is.
    pub owner: Person,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The server's greeting.
    pub ready: Ready,
    socket: Socket,
    kept: VecDeque<ServerFrame>,
    order: Vec<(ChatId, u64)>,
    given: BTreeMap<ChatId, u64>,
    requests: u64,
}

impl Phone {
    pub(crate) async fn connect(owner: &Person) -> Self {
        Self::try_connect(owner).await.unwrap_or_else(|why| panic!("{} cannot connect: {why}", owner.name))
    }

    /// Connects, or says why not.
    pub async fn try_connect(owner: &Person) -> Result<Self, ClientError> {
        let (socket, ready) = Socket::connect(&owner.server.ws_address(), &owner.token).await?;
        assert_eq!((ready.user_id, ready.device_id), (owner.id, owner.device));
        Ok(Self {
            owner: owner.clone(),
            user: owner.id,
            device: owner.device,
            ready,
            socket,
            kept: VecDeque::new(),
            order: Vec::new(),
            given: BTreeMap::new(),
            requests: 0,
        })
    }

    /// Breaks the connection without a word and connects again.
    pub async fn breaks_and_comes_back(self) -> Self {
        let owner = self.owner.clone();
        drop(self);
        owner.connects().await
    }

    /// Writes any text as a frame.
    pub async fn writes_text(&mut self, text: impl Into<String>) {
        self.socket.send_text(text.into()).await.expect("the connection stands");
    }

    /// Writes a request with an id of its own and does not wait; answers the id.
    pub async fn writes(&mut self, mut frame: Value) -> RequestId {
        self.requests += 1;
        frame["id"] = json!(self.requests);
        self.writes_text(frame.to_string()).await;
        RequestId::Number(self.requests)
    }

    /// Writes a frame that carries no id.
    pub async fn tells(&mut self, frame: Value) {
        self.writes_text(frame.to_string()).await;
    }

    /// Begins the sentence of a message.
    pub fn sends<'a>(&'a mut self, text: &'a str) -> Saying<'a> {
        Saying { by: self, text, id: None, resend: false }
    }

    /// Asks for something that is acknowledged.
    pub async fn asks(&mut self, frame: Value) -> Ack {
        let id = self.writes(frame).await;
        self.ack(&id).await
    }

    /// Asks for something that is refused with this code.
    pub async fn is_refused(&mut self, code: Code, frame: Value) -> ErrorFrame {
        let id = self.writes(frame.clone()).await;
        let error = self.hears("a refusal", |heard| match heard {
            ServerFrame::Error(error) if error.id.as_ref() == Some(&id) => Some(error.clone()),
            ServerFrame::Ack(ack) if ack.id == id => panic!("{frame} was accepted instead of {code:?}"),
            _ => None,
        });
        let error = error.await;
        assert_eq!(error.code, code, "{frame}: {}", error.detail);
        error
    }

    /// The acknowledgment of a request.
    pub async fn ack(&mut self, id: &RequestId) -> Ack {
        self.hears("an acknowledgment", |frame| match frame {
            ServerFrame::Ack(ack) if ack.id == *id => Some(ack.clone()),
            ServerFrame::Error(error) if error.id.as_ref() == Some(id) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    /// Waits for a live message with this text.
    pub async fn sees(&mut self, text: &str) -> Entry {
        let what = format!("the message {text:?}");
        self.hears(&what, |frame| match frame {
            ServerFrame::Entry(entry) if text_of(entry).as_deref() == Some(text) => Some(entry.clone()),
            _ => None,
        })
        .await
    }

    /// The next live entry of a chat.
    pub async fn sees_in(&mut self, chat: ChatId) -> Entry {
        self.hears("an entry", |frame| match frame {
            ServerFrame::Entry(entry) if entry.chat_id == chat => Some(entry.clone()),
            _ => None,
        })
        .await
    }

    /// The next `resync`.
    pub async fn is_told_to_resync(&mut self) -> Resync {
        self.hears("a resync", |frame| match frame {
            ServerFrame::Resync(resync) => Some(resync.clone()),
            _ => None,
        })
        .await
    }

    /// Asks for one page of entries after a seq.
    pub async fn syncs(&mut self, chat: ChatId, after: u64, limit: u64) -> Page {
        let id = self.writes(json!({"type": "sync", "chatId": chat, "after": after, "limit": limit})).await;
        self.hears("a page", |frame| match frame {
            ServerFrame::Entries(page) if page.id == id => Some(page.clone()),
            ServerFrame::Error(error) if error.id.as_ref() == Some(&id) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    /// Asks for pages until one is complete; answers all entries.
    pub async fn syncs_all(&mut self, chat: ChatId, after: u64, limit: u64) -> Vec<Entry> {
        let (mut entries, mut after) = (Vec::new(), after);
        loop {
            let page = self.syncs(chat, after, limit).await;
            assert!(page.entries.len() as u64 <= limit, "a page of at most {limit}");
            after = page.to.get();
            entries.extend(page.entries);
            if page.complete {
                return entries;
            }
        }
    }

    /// Asks which chats have moved on since these seqs.
    pub async fn compares_heads(&mut self, known: &[(ChatId, u64)]) -> HeadsAnswer {
        let chats: serde_json::Map<_, _> =
            known.iter().map(|(chat, seq)| (chat.to_string(), json!(seq))).collect();
        let id = self.writes(json!({"type": "heads", "chats": chats})).await;
        self.hears("heads", |frame| match frame {
            ServerFrame::Heads(heads) if heads.id == id => Some(heads.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a frame of some kind, among those kept and those that come.
    pub async fn hears<T>(&mut self, what: &str, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
        if let Some((at, found)) =
            self.kept.iter().enumerate().find_map(|(at, frame)| Some((at, wanted(frame)?)))
        {
            self.kept.remove(at);
            return found;
        }
        let name = self.owner.name.clone();
        let hearing = async {
            loop {
                let frame = self.next().await.unwrap_or_else(|why| panic!("{name} waits for {what}: {why}"));
                if let Some(found) = wanted(&frame) {
                    return found;
                }
                self.kept.push_back(frame);
            }
        };
        timeout(DEADLINE, hearing).await.unwrap_or_else(|_| panic!("{name} never hears {what}"))
    }

    async fn next(&mut self) -> Result<ServerFrame, ClientError> {
        let frame = self.socket.next().await?;
        match &frame {
            ServerFrame::Entry(entry) => self.takes_live(entry.chat_id, entry.seq),
            ServerFrame::Ack(ack) if !ack.duplicate => self.takes_live(ack.chat_id, ack.seq),
            ServerFrame::Entries(page) if !page.entries.is_empty() => {
                let given = self.given.entry(page.chat_id).or_default();
                *given = page.to.get().max(*given);
            }
            _ => {}
        }
        Ok(frame)
    }

    fn takes_live(&mut self, chat: ChatId, seq: Seq) {
        self.order.push((chat, seq.get()));
        let before = self.given.insert(chat, seq.get()).unwrap_or(0);
        assert!(before < seq.get(), "{}: {seq} of {chat} comes live behind {before}", self.owner.name);
    }

    /// Everything that was written before the server answers to this, but for what was waited for.
    pub async fn everything(&mut self) -> Vec<ServerFrame> {
        let id = self.writes(json!({"type": "ping"})).await;
        self.hears("a pong", |frame| match frame {
            ServerFrame::Pong(pong) if pong.id == id => Some(()),
            _ => None,
        })
        .await;
        self.kept.drain(..).collect()
    }

    /// The seqs of a chat's live entries and acknowledgments, in the order in which they came.
    pub async fn order_in(&mut self, chat: ChatId) -> Vec<u64> {
        let kept = self.everything().await;
        self.kept.extend(kept);
        self.order.iter().filter(|(of, _)| *of == chat).map(|(_, seq)| *seq).collect()
    }

    /// Waits until a seq of a chat has come live.
    pub async fn reaches(&mut self, chat: ChatId, seq: Seq) {
        let reaching = async {
            while !self.order.contains(&(chat, seq.get())) {
                let frame = self.next().await.expect("the connection stands");
                self.kept.push_back(frame);
            }
        };
        timeout(DEADLINE, reaching).await.unwrap_or_else(|_| panic!("{seq} of {chat} never comes"));
    }

    /// Waits until the server closes; answers the code (0: none).
    pub async fn is_closed(&mut self) -> u16 {
        let closing = async {
            loop {
                match self.next().await {
                    Ok(frame) => self.kept.push_back(frame),
                    Err(ClientError::Closed { code, .. }) => return code,
                    Err(_) => return 0,
                }
            }
        };
        timeout(DEADLINE, closing)
            .await
            .unwrap_or_else(|_| panic!("{}'s connection stays open", self.owner.name))
    }
}

/// A message that is about to be sent over WebSocket.
pub struct Saying<'a> {
    by: &'a mut Phone,
    text: &'a str,
    id: Option<&'a str>,
    resend: bool,
}

impl<'a> Saying<'a> {
    /// With this `clientMessageId`.
    #[must_use]
    pub fn as_id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    /// Marked as sent again.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.resend = true;
        self
    }

    fn frame(&self, to: &impl Addressee) -> Value {
        let fresh = || format!("{}-{}", self.by.device, SENT.fetch_add(1, Ordering::Relaxed));
        let id = self.id.map_or_else(fresh, ToOwned::to_owned);
        let mut frame =
            json!({"type": "send", "to": to.receiver(), "clientMessageId": id, "content": self.text});
        if self.resend {
            frame["resend"] = json!(true);
        }
        frame
    }

    /// Sends it and waits for the acknowledgment.
    pub async fn to(self, to: impl Addressee) -> Ack {
        let frame = self.frame(&to);
        self.by.asks(frame).await
    }

    /// Sends it and does not wait; answers the request's id.
    pub async fn on_its_way_to(self, to: impl Addressee) -> RequestId {
        let frame = self.frame(&to);
        self.by.writes(frame).await
    }

    /// Sends it; it is refused.
    pub async fn is_refused(self, code: Code, to: impl Addressee) -> ErrorFrame {
        let frame = self.frame(&to);
        self.by.is_refused(code, frame).await
    }
}
