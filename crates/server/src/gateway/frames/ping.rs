//! `{type:"ping", id}` → `{type:"pong", id}`. Like every frame it is a sign of life; a client that gives
//! none for twice `heartbeatMs` is closed with 4000.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{Ping, Pong};

use super::Answer;

pub(super) fn answer(ping: Ping) -> Answer {
    Answer::Frame(ServerFrame::Pong(Pong { id: ping.id }))
}
