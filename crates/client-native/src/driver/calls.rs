//! The engine's calls over REST (protocol §8): each waits until what it stands on is on disk, then travels
//! beside the others.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use chinwag_client::{Answer, Call, CallFailure, Event};
use chinwag_proto::entry::Notice;
use chinwag_proto::rest::{AppendBackup, AppendLinks, ClaimKeys, KeyStock, PublishKeys, PutNotice};
use chinwag_proto::{BlobName, Code, DeviceId, Opaque, Seq, UserId};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sha2::{Digest, Sha256};

use crate::rest::Appended;
use crate::{ClientError, Rest};

type Running = Pin<Box<dyn Future<Output = Event> + Send>>;

/// The calls that are under way; how many there are is the engine's decision.
pub(crate) struct Calls {
    caller: Arc<Caller>,
    /// With the batch that has to be on disk before.
    waiting: VecDeque<(u64, u64, Call)>,
    running: FuturesUnordered<Running>,
}

impl Calls {
    pub(crate) fn new(rest: Rest, me: UserId, device: DeviceId) -> Self {
        let caller = Arc::new(Caller { rest, me, device });
        Self { caller, waiting: VecDeque::new(), running: FuturesUnordered::new() }
    }

    /// A call, once a batch is on disk.
    pub(crate) fn add(&mut self, batch: u64, number: u64, call: Call) {
        self.waiting.push_back((batch, number, call));
    }

    /// The next answer; calls begin whose batch is on disk. Cancel-safe.
    pub(crate) async fn next(&mut self, stored: u64) -> Event {
        while let Some((_, number, call)) = self.waiting.pop_front_if(|(batch, ..)| *batch <= stored) {
            let caller = Arc::clone(&self.caller);
            self.running
                .push(Box::pin(async move { Event::Answered { number, answer: caller.make(call).await } }));
        }
        poll_fn(|cx| match self.running.poll_next_unpin(cx) {
            std::task::Poll::Ready(Some(answered)) => std::task::Poll::Ready(answered),
            // Nothing is under way; more comes with another event.
            _ => std::task::Poll::Pending,
        })
        .await
    }
}

/// Makes calls as one device.
struct Caller {
    rest: Rest,
    me: UserId,
    device: DeviceId,
}

impl Caller {
    async fn make(&self, call: Call) -> Result<Answer, CallFailure> {
        match call {
            Call::Chain { user, after } => {
                let chain = self.rest.device_chain(user, Seq::clamped(after)).await?;
                Ok(Answer::Links { links: bytes(chain.links), version: chain.version.get() })
            }
            Call::ExtendChain { after, links } => {
                let body = AppendLinks { after: Seq::clamped(after), links: opaque(links) };
                appended(self.rest.append_links(&body).await?).map(Answer::Version)
            }
            Call::CountKeyPackages => Ok(waiting(&self.rest.key_stock(self.device).await?)),
            Call::PublishKeyPackages { key_packages, last_resort } => {
                let (key_packages, last_resort) = (opaque(key_packages), last_resort.map(Opaque));
                let body = PublishKeys { key_packages, last_resort };
                Ok(waiting(&self.rest.publish_keys(self.device, &body).await?))
            }
            Call::ClaimKeyPackages { user, devices } => {
                let body = ClaimKeys { devices: (!devices.is_empty()).then_some(devices) };
                let claimed = self.rest.claim_keys(user, &body).await?;
                let keys = claimed.keys.into_iter().map(|key| (key.device_id, key.key_package.0));
                Ok(Answer::KeyPackages(keys.collect()))
            }
            Call::Backups => {
                let chains = self.rest.backups().await?.backups.into_iter();
                Ok(Answer::Heads(chains.map(|chain| (chain.device_id, chain.head.get())).collect()))
            }
            Call::Backup { device, after } => {
                let page = self.rest.backup(device, Seq::clamped(after)).await?;
                Ok(Answer::Records { records: bytes(page.records), head: page.head.get() })
            }
            Call::ExtendBackup { after, records } => {
                let body = AppendBackup { after: Seq::clamped(after), records: opaque(records) };
                appended(self.rest.append_backup(&body).await?).map(Answer::Head)
            }
            Call::Notify { data } => {
                // The same notice again is the same one.
                let name = BlobName(Sha256::digest(data.json()).into()).to_string();
                let body = PutNotice { kind: Notice::Device, data, client_message_id: name.parse().ok() };
                self.rest.put_notice(self.me, &body).await?;
                Ok(Answer::Done)
            }
            Call::Blob { chat, sha256 } => {
                Ok(Answer::Bytes(self.rest.blob(chat, BlobName(sha256)).await?.to_vec()))
            }
            Call::PutBlob { chat, bytes } => {
                let name = BlobName(Sha256::digest(&bytes).into());
                self.rest.put_blob(chat, name, bytes.into()).await?;
                Ok(Answer::Done)
            }
        }
    }
}

impl From<ClientError> for CallFailure {
    fn from(error: ClientError) -> Self {
        match error {
            // A dead token: the connection says so too, and a new log-in begins a new client.
            ClientError::Refused { code: Code::Unauthenticated, .. } => Self::Passing,
            ClientError::Refused { code, .. } if !error.is_passing() => Self::Refused { code, after: None },
            // A server that cannot be reached now, or whose answer makes no sense, may be better later.
            _ => Self::Passing,
        }
    }
}

fn appended(outcome: Appended) -> Result<u64, CallFailure> {
    match outcome {
        Appended::Done(last) => Ok(last.get()),
        Appended::Stale(after) => {
            Err(CallFailure::Refused { code: Code::StaleVersion, after: Some(after.get()) })
        }
    }
}

const fn waiting(stock: &KeyStock) -> Answer {
    Answer::Waiting { available: stock.available, last_resort: stock.last_resort }
}

fn bytes(parts: Vec<Opaque>) -> Vec<Vec<u8>> {
    parts.into_iter().map(|part| part.0).collect()
}

fn opaque(parts: Vec<Vec<u8>>) -> Vec<Opaque> {
    parts.into_iter().map(Opaque).collect()
}
