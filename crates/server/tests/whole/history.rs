//! Devices that chat for some seconds while their connections are cut and the server is restarted, and the
//! history checker judges what they have seen. Kills of the process are the binary's own test.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chinwag_checker::{Event, History, check};
use chinwag_proto::ChatId;
use chinwag_server::node::tasks::Tasks;
use chinwag_testkit::cutter::Cutter;
use chinwag_testkit::person::Person;
use chinwag_testkit::recording::{Plan, Progress, RecordingDevice, Run, recorded};
use chinwag_testkit::server::Server;
use chinwag_testkit::{DEADLINE, wait};
use parking_lot::Mutex;
use tokio::sync::oneshot;

const CUTS: u64 = 25;
/// After so many cuts the server is restarted.
const RESTART_EVERY: u64 = 10;

struct Recording {
    run: Arc<Run>,
    tasks: Tasks,
    progress: Vec<Arc<Mutex<Progress>>>,
    histories: Vec<oneshot::Receiver<History>>,
}

impl Recording {
    fn begins(&mut self, cutter: &Cutter, person: &Person, chats: &[ChatId], window: usize) {
        let plan = Plan {
            address: cutter.ws_address(),
            token: person.token.clone(),
            user: person.id.to_string(),
            device: person.device.to_string(),
            chats: chats.to_vec(),
            window,
        };
        let (device, progress) = RecordingDevice::new(plan, Arc::clone(&self.run));
        let (done, history) = oneshot::channel();
        let running = self.tasks.spawn(async move {
            // Nobody listens where the test has failed already.
            let _ = done.send(device.run().await);
        });
        running.unwrap();
        self.progress.push(progress);
        self.histories.push(history);
    }

    fn acked(&self) -> u64 {
        self.progress.iter().map(|progress| progress.lock().acked).sum()
    }
}

async fn log_of(person: &Person, chat: ChatId, at: u64) -> (History, u64) {
    let entries: Vec<_> = person.entries(chat).await.iter().map(recorded).collect();
    let head = entries.len() as u64;
    (History { events: vec![Event::FinalLog { at, chat: chat.to_string(), entries }] }, head)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_devices_see_while_connections_are_cut_is_what_was_promised() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let (all, two) = (alice.makes_a_group("all", &[&bob, &carol]).await, bob.makes_a_group("two", &[&carol]).await);
    let (direct, notes) = (alice.chat_with(&bob), alice.chat_with(&alice));
    let cutter = Cutter::before(&server).await;
    let mut recording =
        Recording { run: Run::begin(), tasks: Tasks::default(), progress: Vec::new(), histories: Vec::new() };
    let mut history = vec![History { events: vec![Event::RefusalsRuledOut { at: 0 }] }];
    recording.begins(&cutter, &alice, &[all, direct, notes], 8);
    recording.begins(&cutter, &alice.another_device("tablet").await, &[all, direct, notes], 4);
    recording.begins(&cutter, &bob, &[all, two, direct], 8);
    recording.begins(&cutter, &bob.another_device("tablet").await, &[direct, all, two], 0);
    recording.begins(&cutter, &carol, &[two, all], 4);

    for cut in 1..=CUTS {
        let before = recording.acked();
        wait::until("sends are acknowledged again", DEADLINE, async || recording.acked() > before + 20).await;
        if cut % RESTART_EVERY == 0 {
            server.restarts().await;
        } else {
            cutter.cuts();
        }
    }
    history.push(History { events: vec![Event::FaultsStopped { at: recording.run.now_ms() }] });
    recording.run.quiet.store(true, Ordering::Relaxed);
    wait::until("every send is answered", Duration::from_secs(60), async || {
        recording.progress.iter().all(|progress| progress.lock().open == 0)
    })
    .await;
    let mut heads = Vec::new();
    for (person, chat) in [(&alice, all), (&bob, two), (&alice, direct), (&alice, notes)] {
        let (log, head) = log_of(person, chat, recording.run.now_ms()).await;
        history.push(log);
        heads.push((chat, head));
    }
    wait::until("every device shows every head", DEADLINE, async || {
        recording.progress.iter().all(|progress| {
            let progress = progress.lock();
            heads.iter().all(|(chat, head)| progress.shown.get(chat).is_none_or(|shown| shown.get() == *head))
        })
    })
    .await;
    recording.run.over.store(true, Ordering::Relaxed);
    for device in recording.histories {
        history.push(device.await.expect("a device did not panic"));
    }
    let report = check(&History::merged(history));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.judged.chats, 4);
    assert!(report.judged.acked as u64 >= CUTS * 20, "too little to mean anything: {:?}", report.judged);
}
