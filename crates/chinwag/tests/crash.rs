//! The promise, against the real binary: writers with many sends in flight, kill -9 at random moments,
//! restart, and the history checker finds nothing. `CHINWAG_CRASH_CYCLES` sets how many kills (20).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chinwag_checker::{Event, History, check};
use chinwag_client_native::Rest;
use chinwag_proto::rest::CreateChat;
use chinwag_proto::{ChatId, Seq, UserId};
use chinwag_testkit::process::ServerProcess;
use chinwag_testkit::recording::{Plan, Progress, RecordingDevice, Run, recorded};
use chinwag_testkit::wait;
use parking_lot::Mutex;

const LIMITS_OUT_OF_REACH: &[(&str, &str)] = &[
    ("CHINWAG_LIMITS_SENDS_PER_SECOND", "1000000"),
    ("CHINWAG_LIMITS_SENDS_BURST", "1000000"),
    ("CHINWAG_LOG_LEVEL", "warn"),
];

struct Account {
    user: UserId,
    devices: Vec<(String, String)>,
    rest: Rest,
}

async fn register(server: &ServerProcess, name: &str, devices: usize) -> Account {
    let rest = server.rest();
    rest.register(&name.parse().unwrap(), "correct horse battery").await.unwrap();
    let mut logins = Vec::new();
    for number in 0..devices {
        let device = format!("{name} {number}").parse().unwrap();
        logins.push(rest.login(name, "correct horse battery", device).await.unwrap());
    }
    Account {
        user: logins[0].user_id,
        rest: rest.with_token(logins[0].token.clone()),
        devices: logins.into_iter().map(|login| (login.device_id.to_string(), login.token)).collect(),
    }
}

async fn group(creator: &Account, members: &[&Account]) -> ChatId {
    let body = CreateChat {
        title: Some("the group".parse().unwrap()),
        members: members.iter().map(|account| account.user).collect(),
        encryption: Default::default(),
        history: Default::default(),
        client_message_id: None,
    };
    creator.rest.create_chat(&body).await.unwrap().chat_id.unwrap()
}

async fn log_of(rest: &Rest, chat: ChatId, at: u64) -> Event {
    let mut entries = Vec::new();
    let mut after = Seq::ZERO;
    loop {
        let page = rest.entries(chat, after, 200).await.unwrap();
        entries.extend(page.entries.iter().map(recorded));
        after = page.to;
        if page.complete {
            return Event::FinalLog { at, chat: chat.to_string(), entries };
        }
    }
}

/// Numbers that look random and are the same in every run (SplitMix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// Kills the server at random moments, each time after it has acknowledged something.
async fn kill_again_and_again(server: &mut ServerProcess, cycles: u64, progress: &[Arc<Mutex<Progress>>]) {
    let mut dice = Dice(20_261_124);
    for cycle in 0..cycles {
        let acked = || progress.iter().map(|stands| stands.lock().acked).sum::<u64>();
        let before = acked();
        wait::until("sends are acknowledged again", Duration::from_secs(30), async || acked() > before).await;
        tokio::time::sleep(Duration::from_millis(dice.next(300))).await;
        server.kill();
        let took = server.restart();
        assert!(took < Duration::from_secs(10), "restart {cycle} took {took:?}");
    }
}

/// Nothing new is sent any more; waits until everything is answered and shown. Answers the final logs.
async fn come_to_rest(
    run: &Run,
    progress: &[Arc<Mutex<Progress>>],
    chats: &[(&Account, ChatId)],
) -> Vec<History> {
    run.quiet.store(true, Ordering::Relaxed);
    wait::until("every send is answered", Duration::from_secs(60), async || {
        progress.iter().all(|stands| stands.lock().open == 0)
    })
    .await;
    let (mut heads, mut logs) = (Vec::new(), Vec::new());
    for &(account, chat) in chats {
        let log = log_of(&account.rest, chat, run.now_ms()).await;
        if let Event::FinalLog { entries, .. } = &log {
            heads.push((chat, entries.len() as u64));
        }
        logs.push(History { events: vec![log] });
    }
    wait::until("every device shows every head", Duration::from_secs(30), async || {
        progress.iter().all(|stands| {
            let stands = stands.lock();
            heads.iter().all(|(chat, head)| stands.shown.get(chat).is_none_or(|shown| shown.get() == *head))
        })
    })
    .await;
    logs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_doubled_or_reordered_over_kills() {
    let cycles: u64 = std::env::var("CHINWAG_CRASH_CYCLES").map_or(20, |text| text.parse().unwrap());
    let mut server = ServerProcess::start(env!("CARGO_BIN_EXE_chinwag"), LIMITS_OUT_OF_REACH);
    let (alice, bob, carol) = (
        register(&server, "alice", 2).await,
        register(&server, "bob", 1).await,
        register(&server, "carol", 1).await,
    );
    let all = group(&alice, &[&bob, &carol]).await;
    let two = group(&bob, &[&carol]).await;
    let direct = ChatId::direct(alice.user, bob.user);

    let run = Run::begin();
    let mut history = vec![History { events: vec![Event::RefusalsRuledOut { at: 0 }] }];
    let address = format!("{}/ws", server.address()).parse().unwrap();
    let plan = |account: &Account, device: usize, chats: &[ChatId], window| Plan {
        address: Clone::clone(&address),
        token: account.devices[device].1.clone(),
        user: account.user.to_string(),
        device: account.devices[device].0.clone(),
        chats: chats.to_vec(),
        window,
    };
    let mut tasks = Vec::new();
    let mut progress: Vec<Arc<Mutex<Progress>>> = Vec::new();
    for plan in [
        plan(&alice, 0, &[all, direct], 40),
        plan(&alice, 1, &[all, direct], 10),
        plan(&bob, 0, &[all, two, direct], 40),
        plan(&carol, 0, &[two, all], 20),
    ] {
        let (device, stands) = RecordingDevice::new(plan, Arc::clone(&run));
        progress.push(stands);
        #[expect(clippy::disallowed_methods, reason = "the test awaits it below")]
        tasks.push(tokio::spawn(device.run()));
    }

    kill_again_and_again(&mut server, cycles, &progress).await;
    history.push(History { events: vec![Event::FaultsStopped { at: run.now_ms() }] });

    history.extend(come_to_rest(&run, &progress, &[(&alice, all), (&bob, two), (&alice, direct)]).await);
    run.over.store(true, Ordering::Relaxed);
    for task in tasks {
        history.push(task.await.unwrap());
    }

    let report = check(&History::merged(history));
    assert!(report.is_clean(), "{report}");
    assert!(
        report.judged.acked as u64 >= cycles * 20,
        "too little was sent to mean anything: {:?}",
        report.judged
    );
    assert_eq!(report.judged.chats, 3);
}
