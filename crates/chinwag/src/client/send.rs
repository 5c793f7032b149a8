//! `chinwag send`: one message, acknowledged before the command ends.

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use chinwag_client_native::backoff::{Backoff, dice, lengthened};
use chinwag_client_native::{ClientError, Rest};
use chinwag_proto::rest::{SendMessage, Sent};
use chinwag_proto::{ClientMessageId, Content, Limits, Seq};
use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};

use super::sessions::Sessions;
use super::target::Target;
use super::who::WhoArgs;
use super::{advice, print_result, status};
use crate::exit::Failure;

/// Send one message, and wait until the server has it for good.
///
/// The message gets an id once and is sent again, with growing pauses, until it is acknowledged or
/// refused: a server that restarts meanwhile neither loses nor doubles it. On standard output comes the
/// acknowledgment, as one JSON line if it is no terminal.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag send bob 'lunch?'                         to a user, by name
  df -h | chinwag send g.7283649823745              a command's output to a group
  chinwag send @17 hi                               to the user whose NAME is 17; 17 alone is an id
  chinwag send bob 'yes' --reply-to 4
  chinwag send bob 'the backup ran' --id backup-2026-11-24   never twice, however often it is called

Exit status: 0 acknowledged · 1 refused, or no answer in time (then it may have arrived) · 2 asked wrongly.")]
pub(crate) struct SendArgs {
    /// User name, @name, user id or chat id
    #[arg(value_name = "TO")]
    to: Target,
    /// The text; without it, standard input is sent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// The seq of the message that this one answers
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<Seq>,
    /// The message's own id, 1–64 of A-Z a-z 0-9 _ -: the same id with the same text is one message
    #[arg(long, value_name = "ID")]
    id: Option<ClientMessageId>,
    /// Give up after so many seconds without an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: u32,
    /// Print JSON, also on a terminal
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: WhoArgs,
}

/// The acknowledgment as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledged {
    #[serde(flatten)]
    sent: Sent,
    client_message_id: ClientMessageId,
}

/// Runs `chinwag send`.
pub(crate) fn run(args: SendArgs) -> Result<(), Failure> {
    super::run(send(args))
}

async fn send(args: SendArgs) -> Result<(), Failure> {
    let content = Content::text(&text(args.text)?);
    let id = match args.id {
        Some(id) => id,
        None => new_id()?,
    };
    let session = args.who.session(&Sessions::from_environment()?).await?;
    let rest = session.rest()?;
    let delivery = Delivery { rest: &rest, to: &args.to, content, reply_to: args.reply_to, id: &id };
    let deadline = Instant::now() + Duration::from_secs(u64::from(args.timeout));
    let sent = delivery.until_settled(deadline).await?;
    let sentence = format!("sent: {} #{}", sent.chat_id, sent.seq);
    print_result(args.json, &Acknowledged { sent, client_message_id: id }, sentence)
}

/// A message on its way.
struct Delivery<'a> {
    rest: &'a Rest,
    to: &'a Target,
    content: Content,
    reply_to: Option<Seq>,
    id: &'a ClientMessageId,
}

impl Delivery<'_> {
    /// Tries until the message is acknowledged, refused, or the time is over.
    async fn until_settled(&self, deadline: Instant) -> Result<Sent, Failure> {
        let mut backoff = Backoff::default();
        let mut told = false;
        loop {
            let error = match timeout_at(deadline, self.attempt()).await {
                Ok(Ok(sent)) => return Ok(sent),
                Ok(Err(error)) if error.is_passing() => error,
                Ok(Err(error)) => return Err(Failure::runtime(advice::about(&error))),
                Err(_) => return Err(self.too_late(&ClientError::Broken("no answer".to_owned()))),
            };
            let wait = match &error {
                ClientError::Refused { retry_after_ms: Some(ms), .. } => {
                    lengthened(Duration::from_millis(*ms), dice())
                }
                _ => backoff.next(dice()),
            };
            if Instant::now() + wait >= deadline {
                return Err(self.too_late(&error));
            }
            if !told {
                status(format_args!("{}; trying again until it is acknowledged", advice::in_short(&error)));
                told = true;
            }
            sleep(wait).await;
        }
    }

    async fn attempt(&self) -> Result<Sent, ClientError> {
        let message = SendMessage {
            receiver_id: Some(self.to.resolve(self.rest).await?),
            chat_id: None,
            content: self.content.clone(),
            sender_id: None,
            client_message_id: Some(self.id.clone()),
            reply_to: self.reply_to,
            after: None,
        };
        self.rest.send(&message).await
    }

    fn too_late(&self, error: &ClientError) -> Failure {
        Failure::runtime(format!(
            "no acknowledgment in time: {}\nit may have arrived or not; to be sure, send the same text again with --id {}",
            advice::in_short(error),
            self.id
        ))
    }
}

/// The text of the message, from the argument or standard input; one line's end at its end is not part of it.
fn text(argument: Option<String>) -> Result<String, Failure> {
    let bytes_max = Limits::default().object_bytes;
    let text = match argument {
        Some(text) => text,
        None => {
            let stdin = io::stdin().lock();
            if stdin.is_terminal() {
                status("type the message; Ctrl-D on an empty line sends it");
            }
            let mut text = String::new();
            let read = stdin.take(bytes_max as u64 + 1).read_to_string(&mut text);
            read.map_err(|why| {
                Failure::usage(format!("cannot read the message from standard input: {why}"))
            })?;
            if text.len() > bytes_max {
                return Err(Failure::usage(format!(
                    "the message is longer than {bytes_max} bytes; send it in parts"
                )));
            }
            let end = text.strip_suffix('\n').map_or(text.len(), str::len);
            text.truncate(end);
            text
        }
    };
    if text.is_empty() { Err(Failure::usage("the message is empty; give its text")) } else { Ok(text) }
}

/// 128 random bits: no two messages ever get the same id.
#[expect(clippy::disallowed_methods, reason = "the one place of this command that makes ids")]
fn new_id() -> Result<ClientMessageId, Failure> {
    let half = || {
        getrandom::u64().map_err(|why| Failure::runtime(format!("the system has no random numbers: {why}")))
    };
    format!("{:016x}{:016x}", half()?, half()?).parse().map_err(Failure::runtime)
}
