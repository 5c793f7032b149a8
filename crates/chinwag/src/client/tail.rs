//! `chinwag tail`: follows a chat as JSON lines, without a hole, across restarts of the server.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::Duration;

use chinwag_client_native::backoff::{Backoff, dice, lengthened};
use chinwag_client_native::client::{Client, Happening};
use chinwag_client_native::{ClientError, Rest, ServerAddress};
use chinwag_proto::{Body, ChatId, Code, Entry, MembershipChange, Seq, ServerFrame, UserId};
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::interval;

use super::sessions::{Session, Sessions};
use super::target::Target;
use super::who::WhoArgs;
use super::{advice, status};
use crate::exit::Failure;

/// How often is looked whether anybody still reads.
const READER_EVERY: Duration = Duration::from_secs(1);

/// Follow a chat: its entries as JSON lines, each once, in order, without a hole.
///
/// It shows the last entries, then everything that comes, until it is interrupted; when the server
/// restarts it comes back and goes on where it was. What happens meanwhile is told on standard error. A
/// user's name means the direct chat with him, which need not have begun.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag tail bob                                   the last 10 entries, then all that come
  chinwag tail g.7283649823745 --after 0 --once      the whole history of a group, then end
  chinwag tail bob --after 41 | jq -r .content       go on after entry 41
  chinwag tail bob --quiet | while read -r entry; do …; done

Exit status: 0 ended as asked (--once, Ctrl-C, nobody reads any more) · 1 it cannot go on · 2 asked wrongly.")]
pub(crate) struct TailArgs {
    /// Chat id, user name, @name or user id
    #[arg(value_name = "CHAT|NAME")]
    chat: Target,
    /// Begin after this entry; 0 shows all there is
    #[arg(long, value_name = "SEQ")]
    after: Option<Seq>,
    /// Without --after: begin with so many of the last entries
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "after")]
    last: u32,
    /// End when everything that is there was shown
    #[arg(long)]
    once: bool,
    /// Say nothing on standard error but why it ends
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    who: WhoArgs,
}

/// Runs `chinwag tail`.
pub(crate) fn run(args: TailArgs) -> Result<(), Failure> {
    super::run(tail(args))
}

async fn tail(args: TailArgs) -> Result<(), Failure> {
    let hear = |kind| signal(kind).map_err(|why| Failure::runtime(format!("cannot hear signals: {why}")));
    let (mut interrupt, mut terminate) = (hear(SignalKind::interrupt())?, hear(SignalKind::terminate())?);
    let session = args.who.session(&Sessions::from_environment()?).await?;
    tokio::select! {
        done = follow(&args, &session) => done,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

async fn follow(args: &TailArgs, session: &Session) -> Result<(), Failure> {
    let rest = session.rest()?;
    let told = |error: ClientError| Failure::runtime(advice::about(&error));
    let receiver = patiently(args.quiet, || args.chat.resolve(&rest)).await.map_err(told)?;
    let chat = receiver.chat(session.user_id);
    let after = match args.after {
        Some(after) => after,
        None => patiently(args.quiet, || before_last(&rest, chat, args.last)).await.map_err(told)?,
    };
    let (client, happenings) = Client::start_at(addresses(session, &rest)?, session.token.clone());
    client.follow(chat, after).await.map_err(told)?;
    let mut tail = Tail {
        client,
        chat,
        me: session.user_id,
        after,
        once: args.once,
        quiet: args.quiet,
        caught_up: false,
        membership: Membership::Stands,
        out: BufWriter::new(io::stdout()),
    };
    match tail.run(happenings).await {
        // Whoever reads has seen enough, as `head` does.
        Err(Failure::Told) => Ok(()),
        done => done,
    }
}

/// Where the WebSocket is: what the log-in said, else where the server is.
fn addresses(session: &Session, rest: &Rest) -> Result<Vec<ServerAddress>, Failure> {
    let own = format!("{}/ws", rest.address());
    let own: ServerAddress = own.parse().map_err(Failure::usage)?;
    let mut addresses: Vec<ServerAddress> = session.chat_server.parse().into_iter().collect();
    if !addresses.contains(&own) {
        addresses.push(own);
    }
    Ok(addresses)
}

/// Asks until there is an answer.
async fn patiently<T, F: Future<Output = Result<T, ClientError>>>(
    quiet: bool,
    ask: impl Fn() -> F,
) -> Result<T, ClientError> {
    let mut backoff = Backoff::default();
    loop {
        let error = match ask().await {
            Err(error) if error.is_passing() => error,
            settled => return settled,
        };
        let wait = match &error {
            ClientError::Refused { retry_after_ms: Some(ms), .. } => {
                lengthened(Duration::from_millis(*ms), dice())
            }
            _ => backoff.next(dice()),
        };
        if !quiet {
            status(format_args!("{}; trying again in {:.1} s", advice::in_short(&error), wait.as_secs_f64()));
        }
        tokio::time::sleep(wait).await;
    }
}

/// The seq before the last `count` entries; 0 for a direct chat that has not begun.
async fn before_last(rest: &Rest, chat: ChatId, count: u32) -> Result<Seq, ClientError> {
    match rest.chat(chat).await {
        Ok(summary) => Ok(Seq::clamped(summary.head.get().saturating_sub(u64::from(count)))),
        Err(ClientError::Refused { code: Code::NotFound, .. }) if matches!(chat, ChatId::Direct(..)) => {
            Ok(Seq::ZERO)
        }
        Err(error) => Err(error),
    }
}

/// What the entries say about the user's own membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    Stands,
    Ended,
    /// It ended, and the server was asked whether it still is so.
    Asked,
}

/// A chat that is being shown.
struct Tail {
    client: Client,
    chat: ChatId,
    me: UserId,
    /// Everything up to and with this was shown.
    after: Seq,
    once: bool,
    quiet: bool,
    /// All there was has been shown on this connection.
    caught_up: bool,
    membership: Membership,
    out: BufWriter<Stdout>,
}

impl Tail {
    async fn run(&mut self, mut happenings: mpsc::Receiver<Happening>) -> Result<(), Failure> {
        let mut reader = interval(READER_EVERY);
        loop {
            let happening = match happenings.try_recv() {
                Ok(happening) => happening,
                Err(_) => {
                    self.out.flush()?;
                    tokio::select! {
                        happening = happenings.recv() => match happening {
                            Some(happening) => happening,
                            None => return Err(Failure::runtime(ClientError::Stopped)),
                        },
                        _ = reader.tick() => {
                            self.look_for_reader()?;
                            continue;
                        }
                    }
                }
            };
            if self.on_happening(happening).await? {
                return Ok(self.out.flush()?);
            }
        }
    }

    /// Whether all that was asked for is done.
    async fn on_happening(&mut self, happening: Happening) -> Result<bool, Failure> {
        match happening {
            Happening::Entry(entry) => self.on_entry(&entry).await?,
            Happening::CaughtUp { chat } if chat == self.chat => {
                self.caught_up = true;
                self.ask_about_membership().await?;
                return Ok(self.once);
            }
            Happening::Connected(_) => self.say(format_args!("connected; following {}", self.chat)),
            Happening::Disconnected { error, retry_in } => {
                self.caught_up = false;
                let why = advice::in_short(&error);
                self.say(format_args!("{why}; coming back in {:.1} s", retry_in.as_secs_f64()));
            }
            Happening::BeginsAt { seq, .. } => {
                self.say(format_args!("what you may see of {} begins at entry {seq}", self.chat));
            }
            Happening::FollowEnded { head, error, .. } => return Err(self.not_shown(head, &error)),
            Happening::Ended(error) => return Err(Failure::runtime(advice::about(&error))),
            Happening::Frame(frame) => {
                if let ServerFrame::Error(error) = *frame {
                    self.say(format_args!("the server says: {} ({})", error.detail, error.code.as_str()));
                }
            }
            Happening::Acked(_) | Happening::CaughtUp { .. } => {}
        }
        Ok(false)
    }

    async fn on_entry(&mut self, entry: &Entry) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, entry).map_err(io::Error::from)?;
        self.out.write_all(b"\n")?;
        self.after = entry.seq;
        self.membership =
            if ends_membership(entry, self.me) { Membership::Ended } else { Membership::Stands };
        self.ask_about_membership().await
    }

    /// After his removal a member hears nothing more; only the server knows whether he was added again.
    async fn ask_about_membership(&mut self) -> Result<(), Failure> {
        if self.membership != Membership::Ended || !self.caught_up {
            return Ok(());
        }
        self.membership = Membership::Asked;
        self.client
            .follow(self.chat, self.after)
            .await
            .map_err(|error| Failure::runtime(advice::about(&error)))
    }

    fn not_shown(&mut self, head: Option<Seq>, error: &ClientError) -> Failure {
        if let Err(failure) = self.out.flush() {
            return failure.into();
        }
        let chat = self.chat;
        match (head, error) {
            (Some(head), _) => Failure::runtime(format!(
                "{chat} has only {head} entries, and {} were asked for or shown; begin again with --after {head}",
                self.after
            )),
            (None, ClientError::Refused { code: Code::NotMember, .. })
                if self.membership != Membership::Stands =>
            {
                Failure::runtime(format!(
                    "you are a member of {chat} no longer: entry {} says so",
                    self.after
                ))
            }
            (None, ClientError::Refused { code: Code::NotFound, .. }) => Failure::runtime(format!(
                "there is no chat {chat} that you may see; see `chinwag tail --help`"
            )),
            _ => Failure::runtime(advice::about(error)),
        }
    }

    /// A pipe whose reader has gone is noticed although nothing is written.
    fn look_for_reader(&self) -> Result<(), Failure> {
        let stdout = io::stdout();
        let mut ends = [PollFd::new(&stdout, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut ends, Some(&now)) {
            Ok(_) if ends[0].revents().contains(PollFlags::ERR) => Err(Failure::Told),
            _ => Ok(()),
        }
    }

    fn say(&self, text: std::fmt::Arguments<'_>) {
        if !self.quiet {
            status(text);
        }
    }
}

/// Whether the entry's last word on this user is that he is a member no longer.
fn ends_membership(entry: &Entry, me: UserId) -> bool {
    let (Body::Member { changes } | Body::Mls { changes, .. }) = &entry.body else { return false };
    let last = changes.iter().rev().find(|change| change.user_id == me);
    last.is_some_and(|change| matches!(change.change, MembershipChange::Removed | MembershipChange::Left))
}
