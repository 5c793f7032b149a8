//! `chinwag serve`: runs a node until it is told to stop.

use std::io::{self, Write};
use std::net::SocketAddr;

use chinwag_server::config::Loaded;
use chinwag_server::node::{Node, logging};
use clap::Args;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Failure;
use crate::settings::SettingsArgs;

/// Run the server.
///
/// Without arguments: data in ./chinwag-data, listening on 127.0.0.1:8080. Prints `ready http://ADDR:PORT`
/// once it takes connections; logs go to standard error. SIGTERM or SIGINT drains and stops it, a second
/// one stops it at once; SIGHUP reads the TLS certificate again.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Listen on ADDR:PORT; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the settings in force, each with its source, and end
    #[arg(long)]
    print_config: bool,
}

/// Runs `chinwag serve`.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let listen =
        args.listen.map(|listen| ("--listen".to_owned(), "server.listen".to_owned(), listen.to_string()));
    let loaded = args.settings.load(listen.into_iter().collect())?;
    if args.print_config {
        return Ok(io::stdout().lock().write_all(loaded.to_toml().as_bytes())?);
    }
    let log = logging::start(&loaded.config.log);
    let _log = log.map_err(|why| Failure::runtime(format!("cannot start the log: {why}")))?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("chinwag")
        .build()
        .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
    let ended = runtime.block_on(serve(loaded));
    // Nothing is waited for that a stopped node has left behind.
    runtime.shutdown_background();
    ended
}

async fn serve(loaded: Loaded) -> Result<(), Failure> {
    let hear = |kind| signal(kind).map_err(|why| Failure::runtime(format!("cannot hear signals: {why}")));
    let (mut terminate, mut interrupt) = (hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?);
    let mut hang_up = hear(SignalKind::hangup())?;

    let node = Node::start(&loaded.config).await.map_err(Failure::runtime)?;
    tracing::info!(address = %node.address(), version = env!("CARGO_PKG_VERSION"), "ready");
    if let Err(error) = tell_ready(node.url()) {
        // Whoever started it does not listen; those who want to chat do not care.
        tracing::warn!(%error, "standard output takes no `ready` line");
    }
    let lost = loop {
        tokio::select! {
            () = either(&mut terminate, &mut interrupt) => break false,
            () = node.lost() => break true,
            _ = hang_up.recv() => node.reload_certificates(),
        }
    };
    tokio::select! {
        () = node.stop() => {}
        () = either(&mut terminate, &mut interrupt) => {
            return Err(Failure::runtime("stopped at once by a second signal; nothing acknowledged is lost"));
        }
    }
    if lost {
        Err(Failure::runtime("this node lost its place among the nodes; start it again"))
    } else {
        Ok(())
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn tell_ready(url: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "ready {url}")?;
    stdout.flush()
}

/// A connection is a descriptor: takes as many as the system allows this process.
fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays low; see `chinwag doctor`");
    }
}
