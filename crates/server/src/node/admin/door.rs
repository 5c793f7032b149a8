//! The operator's way in: to the running server by its socket, or, while none runs, into the data folder
//! itself. Whoever asks need not know which.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HOST};
use axum::http::{Request, Response};
use bytes::Bytes;
use chinwag_proto::Problem;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::super::engines::Closing;
use super::super::health::Readiness;
use super::super::parts::Core;
use super::super::{StartError, clock::SystemClock, wiring};
use super::{Admin, SOCKET_NAME, router};
use crate::config::Config;

/// The largest answer: a page of 1,000 accounts is less than 1 MiB.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why the operator was not served.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// There is no data folder.
    #[error("there is no data in {}: start the server once (`chinwag serve`), or name its folder with --data DIR", .0.display())]
    NoData(PathBuf),
    /// A server has the folder, but its socket does not answer.
    #[error("a process has {} open, but does not answer on its admin socket ({why}): look at its log, or stop it", folder.display())]
    Silent {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// The socket may not be used.
    #[error("cannot use {}: {why}; run this as the user who runs the server", path.display())]
    Refused {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The folder cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operation was refused.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The two ends do not understand each other.
    #[error("the server does not answer as it should ({0}): is it of the same version?")]
    Answer(String),
}

/// The operator's way in.
pub struct Door(Way);

enum Way {
    Socket(PathBuf),
    Folder(TowerToHyperService<Router>, Closing),
}

impl Door {
    /// Finds the way: the socket where a server runs, else the folder, which is then locked until `close`.
    pub async fn open(config: &Config) -> Result<Self, DoorError> {
        let folder = &config.storage.data;
        if !folder.is_dir() {
            return Err(DoorError::NoData(folder.clone()));
        }
        let path = folder.join(SOCKET_NAME);
        let why = match UnixStream::connect(&path).await {
            Ok(_) => return Ok(Self(Way::Socket(path))),
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => {
                return Err(DoorError::Refused { path, why });
            }
            Err(why) => why,
        };
        match enter(config).await {
            Err(StartError::Locked { path, .. }) => {
                Err(DoorError::Silent { folder: path, why: why.to_string() })
            }
            entered => Ok(Self(entered?)),
        }
    }

    /// The way to the running server; `None` where none answers.
    pub async fn running(config: &Config) -> Option<Self> {
        let path = config.storage.data.join(SOCKET_NAME);
        UnixStream::connect(&path).await.ok().map(|_| Self(Way::Socket(path)))
    }

    /// Carries an operation out. `path` is `/users/…` with its parts encoded by [`segment`].
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, DoorError> {
        let bad = |why: String| DoorError::Answer(why);
        let json = body.map(serde_json::to_vec).transpose().map_err(|why| bad(why.to_string()))?;
        let (status, answer) = match &self.0 {
            Way::Folder(service, _) => whole(into(service, request(method, path, json)?).await).await?,
            Way::Socket(socket) => over(socket, request(method, path, json)?).await?,
        };
        if !(200..300).contains(&status) {
            return Err(match serde_json::from_slice::<Problem>(&answer) {
                Ok(problem) => DoorError::Problem(Box::new(problem)),
                Err(_) => bad(format!("status {status}")),
            });
        }
        let text: &[u8] = if answer.is_empty() { b"null" } else { &answer };
        serde_json::from_slice(text).map_err(|why| bad(why.to_string()))
    }

    /// Flushes and closes the folder, where it was opened.
    pub async fn close(self) {
        if let Way::Folder(service, close) = self.0 {
            drop(service);
            close().await;
        }
    }
}

/// One part of a path, encoded (RFC 3986 §2.1).
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn enter(config: &Config) -> Result<Way, StartError> {
    let engines = wiring::open(config, Arc::new(SystemClock)).await?;
    let lease = engines.ports.discovery.join("ws://127.0.0.1/ws").await?;
    let core = Core::wire(config, engines.ports, &lease).await?;
    let (_running, draining) = watch::channel(false);
    let readiness = Readiness { draining, engines: engines.obstacle };
    let admin = Arc::new(Admin::new(&core, readiness, "no server".to_owned()));
    Ok(Way::Folder(TowerToHyperService::new(router(admin)), engines.close))
}

fn request(method: &str, path: &str, json: Option<Vec<u8>>) -> Result<Request<Full<Bytes>>, DoorError> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "admin")
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(json.unwrap_or_default())))
        .map_err(|why| DoorError::Answer(why.to_string()))
}

async fn into(service: &TowerToHyperService<Router>, request: Request<Full<Bytes>>) -> Response<Body> {
    match service.call(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn over(socket: &Path, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), DoorError> {
    let lost = |why: &dyn std::fmt::Display| DoorError::Answer(why.to_string());
    let stream = UnixStream::connect(socket).await.map_err(|why| lost(&why))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|why| lost(&why))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|why| lost(&why))?;
        whole(response.map(Body::new)).await
    };
    // The connection moves the bytes of the answer; it ends with it, for it is closed after one.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}

async fn whole(response: Response<Body>) -> Result<(u16, Bytes), DoorError> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok((status, body.map_err(|why| DoorError::Answer(why.to_string()))?.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_part_of_a_path_cannot_become_two() {
        assert_eq!(segment("id:12"), "id:12");
        assert_eq!(segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
    }
}
