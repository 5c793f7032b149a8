//! Calls about what the server keeps for encrypted chats (protocol §8): key packages, device chains, backups,
//! notices and blobs. What the bytes mean is not known here.

use bytes::Bytes;
use chinwag_proto::ids::{ChatId, DeviceId, Seq, UserId};
use chinwag_proto::rest::{
    AppendBackup, AppendLinks, BackupHead, BackupPage, Backups, ChainVersion, ClaimKeys, ClaimedKeys,
    DeviceChain, KeyStock, NoticeDone, PublishKeys, PutNotice,
};
use chinwag_proto::{BlobName, Code};
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Rest, Sends};
use crate::ClientError;

/// What compare-and-append came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// All stand there; the number of the last of them.
    Done(Seq),
    /// Nothing was appended: the list ends at this number. Read what is new and decide again.
    Stale(Seq),
}

impl Rest {
    /// How many key packages of this device wait.
    pub async fn key_stock(&self, device: DeviceId) -> Result<KeyStock, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/devices/{device}/keys"), None).await
    }

    /// Publishes key packages of this device; may be repeated.
    pub async fn publish_keys(&self, device: DeviceId, keys: &PublishKeys) -> Result<KeyStock, ClientError> {
        self.call(Method::POST, &format!("/devices/{device}/keys"), Some(keys)).await
    }

    /// Takes a key package of each of a user's devices. Not to be repeated without need: each call takes another.
    pub async fn claim_keys(&self, user: UserId, body: &ClaimKeys) -> Result<ClaimedKeys, ClientError> {
        self.call(Method::POST, &format!("/users/{user}/keys/claim"), Some(body)).await
    }

    /// Links of a user's device chain after a number.
    pub async fn device_chain(&self, user: UserId, after: Seq) -> Result<DeviceChain, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/users/{user}/keys/chain?after={after}"), None).await
    }

    /// Appends links to one's own device chain; may be repeated.
    pub async fn append_links(&self, body: &AppendLinks) -> Result<Appended, ClientError> {
        let done = |done: ChainVersion| done.version;
        self.append("/users/me/keys/chain", body, done).await
    }

    /// The chains of one's own backup.
    pub async fn backups(&self) -> Result<Backups, ClientError> {
        self.call::<(), _>(Method::GET, "/users/me/keys/backups", None).await
    }

    /// Records of one chain of one's own backup after a number.
    pub async fn backup(&self, device: DeviceId, after: Seq) -> Result<BackupPage, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/users/me/keys/backups/{device}?after={after}"), None).await
    }

    /// Appends records to this device's own backup chain; may be repeated.
    pub async fn append_backup(&self, body: &AppendBackup) -> Result<Appended, ClientError> {
        let done = |done: BackupHead| done.head;
        self.append("/users/me/keys/backups", body, done).await
    }

    /// Puts a notice into a user's inbox; with a `clientMessageId` it may be repeated.
    pub async fn put_notice(&self, user: UserId, notice: &PutNotice) -> Result<NoticeDone, ClientError> {
        self.call(Method::POST, &format!("/users/{user}/inbox"), Some(notice)).await
    }

    /// Puts a blob into a chat; `name` is the SHA-256 of its bytes. May be repeated.
    pub async fn put_blob(&self, chat: ChatId, name: BlobName, bytes: Bytes) -> Result<(), ClientError> {
        self.send_bytes(Method::PUT, &format!("/chats/{chat}/blobs/{name}"), Sends::Octets(bytes))
            .await
            .map(drop)
    }

    /// The bytes of a blob. Hold them against their name: the server may have sent others.
    pub async fn blob(&self, chat: ChatId, name: BlobName) -> Result<Bytes, ClientError> {
        self.send_bytes(Method::GET, &format!("/chats/{chat}/blobs/{name}"), Sends::Nothing).await
    }

    async fn append<B: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        end: impl FnOnce(A) -> Seq,
    ) -> Result<Appended, ClientError> {
        let body = Sends::json(body)?;
        let (status, answer) = self.answered(Method::POST, path, body).await?;
        if status.is_success() {
            let done = serde_json::from_slice(&answer)
                .map_err(|error| ClientError::Broken(format!("unexpected answer: {error}")))?;
            return Ok(Appended::Done(end(done)));
        }
        let problem: Option<chinwag_proto::Problem> = serde_json::from_slice(&answer).ok();
        match problem {
            Some(problem) if problem.code == Code::StaleVersion => {
                Ok(Appended::Stale(problem.after.unwrap_or_default()))
            }
            _ => Err(self.refusal(status, &answer)),
        }
    }
}
