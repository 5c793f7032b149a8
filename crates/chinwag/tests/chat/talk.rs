//! Two people talk; the network of one is lost and comes back.

use chinwag_testkit::process::ServerProcess;

use crate::desk::{Desk, has_tmux};
use crate::network::Network;

fn server(public_url: &str) -> ServerProcess {
    let settings = [
        ("CHINWAG_LOG_LEVEL", "error"),
        ("CHINWAG_SERVER_PUBLIC_URL", public_url),
        ("CHINWAG_ACCOUNTS_PASSWORD_MEMORY_KIB", "8"),
        ("CHINWAG_ACCOUNTS_PASSWORD_PASSES", "1"),
    ];
    ServerProcess::start(env!("CARGO_BIN_EXE_chinwag"), &settings)
}

/// Makes an account at the first start.
fn registers(desk: &Desk, name: &str) {
    desk.sees(&["New account", "User name"]);
    desk.types(name).presses(&["Enter"]);
    desk.types("a long password").presses(&["Enter"]);
    desk.types("a long password").presses(&["Enter", "Enter", "Enter"]);
    desk.sees(&["No chats yet", "online"]);
}

#[test]
fn two_people_talk_and_the_network_of_one_is_lost_and_comes_back() {
    if !has_tmux() {
        return;
    }
    let network = Network::new();
    let server = server(&network.url());
    network.leads_to(server.address().port());

    // Bob has no way to the server but the network; Alice has another.
    let alice = Desk::new((80, 24), &["--server", &server.address().to_string()], &[]);
    let bob = Desk::new((80, 24), &["--server", &network.url()], &[]);
    alice.sees(&["New account"]).types("alice").sees(&["alice"]).sees_page("first-start").presses(&["C-u"]);
    registers(&alice, "alice");
    registers(&bob, "bob");
    alice.sees_page("empty");

    alice
        .types("n")
        .sees(&["The exact user name"])
        .types("bob")
        .presses(&["Enter"])
        .sees(&["No messages yet"]);
    alice.types("Hi Bob! Lunch today?").presses(&["Enter"]);
    alice.sees(&["✓✓ delivered"]);
    bob.sees(&["alice", "Hi Bob!", " 1 "]).sees_page("bob-unread");
    bob.presses(&["Enter"]).sees(&["new", "Hi Bob!"]);
    alice.sees(&["✓✓ read"]);
    bob.types("Yes! At one, at the usual place?").presses(&["Enter"]);
    alice.sees(&["At one"]).presses(&["Up"]).sees(&["reply"]).types("r").sees(&["Reply to bob"]);
    alice.types("Make it half past, I bring").presses(&["M-Enter"]).types("the new map").presses(&["Enter"]);
    bob.sees(&["the new map"]).presses(&["Up"]).sees(&["react"]).types("+").sees(&["A digit"]).types("1");
    alice.sees(&["👍 1", "✓✓ read", "bob · online"]).sees_page("alice-talk");

    network.switch(false);
    bob.sees(&["offline"]).presses(&["Escape"]).sees(&["Enter send"]);
    bob.types("Half past it is.").presses(&["Enter"]).types("Wait for me at the door").presses(&["Enter"]);
    bob.sees(&["… sending"]);
    // Alice's own connection went through the same network and comes back by another way.
    alice.sees(&["● online", "last seen"]);
    alice.types("Are you still there?").presses(&["Enter"]).sees(&["✓ sent"]).sees_page("alice-alone");
    bob.sees(&["offline · again in"]).sees_page("bob-offline");

    network.switch(true);
    bob.sees(&["● online", "Are you still there?"]);
    alice.sees(&["Half past it is.", "Wait for me at the door", "bob · online"]);
    alice.types("There you are!").presses(&["Enter"]).sees(&["✓✓ read"]).sees_page("alice-together");

    alice.resizes(46, 20).sees(&["There you are!"]).sees_page("alice-narrow");
    alice.presses(&["F1"]).sees(&["Everywhere"]).sees_page("help").presses(&["Escape"]);
    for desk in [&alice, &bob] {
        desk.presses(&["C-c"]).sees(&["ended with 0"]);
    }
}

#[test]
fn what_is_kept_is_there_after_a_restart_without_a_server() {
    if !has_tmux() {
        return;
    }
    let mut server = server("http://127.0.0.1:1");
    let address = server.address().to_string();
    let desk = Desk::new((80, 24), &["--server", &address], &[("NO_COLOR", "1")]);
    registers(&desk, "carol");
    desk.types("n").sees(&["The exact user name"]).types("carol").presses(&["Enter"]).sees(&["Notes"]);
    desk.types("buy stamps").presses(&["Enter"]).sees(&["✓ sent"]);
    desk.types("half a thou");
    server.kill();
    desk.sees(&["offline"]).presses(&["C-c"]).sees(&["ended with 0"]);
    desk.again().sees(&["Notes", "Draft: half a thou"]);
    desk.presses(&["Enter"]).sees(&["buy stamps", "half a thou", "offline"]);
    desk.presses(&["C-c"]).sees(&["ended with 0"]);
}

#[test]
fn the_terminal_is_given_back_on_a_signal_and_a_pipe_is_refused() {
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(["chat"])
        .env("CHINWAG_HOME", "/nonexistent")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("chinwag send"));
    if !has_tmux() {
        return;
    }
    let desk = Desk::new((80, 24), &["--server", "http://127.0.0.1:1"], &[]);
    desk.sees(&["New account"]).stops_it();
    desk.sees(&["ended with 0"]);
    assert!(!desk.screen().contains("New account"), "the shell's own screen is back");
}
