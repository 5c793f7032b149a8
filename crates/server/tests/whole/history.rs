//! Devices that chat for some seconds while their connections are cut and the server is restarted, and the
//! history checker judges what they have seen. Kills of the process are the binary's own test.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chinwag_checker::{Attempt, Event, History, Kind, Request, check};
use chinwag_proto::{ChatId, Content};
use chinwag_server::node::tasks::Tasks;
use chinwag_testkit::cutter::Cutter;
use chinwag_testkit::person::Person;
use chinwag_testkit::recording::{Plan, Progress, RecordingDevice, Run, recorded};
use chinwag_testkit::server::Server;
use chinwag_testkit::{DEADLINE, wait};
use parking_lot::Mutex;
use serde_json::{Value, json};
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

    fn edits(&mut self, person: &Person, chat: ChatId) {
        let (by, run) = (person.clone(), Arc::clone(&self.run));
        let editor = Editor { by, chat, run, events: Vec::new(), asked: 0 };
        let (done, history) = oneshot::channel();
        let running = self.tasks.spawn(async move {
            let _ = done.send(editor.works().await);
        });
        running.unwrap();
        self.histories.push(history);
    }

    fn acked(&self) -> u64 {
        self.progress.iter().map(|progress| progress.lock().acked).sum()
    }
}

/// Writes over REST, and edits, reacts and deletes what it wrote, beside those who send.
struct Editor {
    by: Person,
    chat: ChatId,
    run: Arc<Run>,
    events: Vec<Event>,
    asked: u32,
}

impl Editor {
    async fn works(mut self) -> History {
        let mut round = 0;
        while !self.run.quiet.load(Ordering::Relaxed) {
            round += 1;
            let (text, changed) = (format!("editor says {round}"), format!("editor changes {round}"));
            let body = json!({"chatId": self.chat, "content": text});
            let seq = self.asks(Kind::Message, None, Some(said(&text)), "POST", "/messages", body).await;
            let path = format!("/messages/{}/{seq}", self.chat);
            let body = json!({"content": changed});
            self.asks(Kind::Edit, Some(seq), Some(said(&changed)), "PATCH", &path, body).await;
            let (reaction, key) = (Some("x true".to_owned()), format!("{path}/reactions/x"));
            self.asks(Kind::Reaction, Some(seq), reaction, "PUT", &key, Value::Null).await;
            if round % 2 == 0 {
                self.asks(Kind::Delete, Some(seq), None, "DELETE", &path, Value::Null).await;
            }
        }
        History { events: self.events }
    }

    /// Asks until it is answered, over any number of servers that go; answers the seq, 0 where none is told.
    async fn asks(
        &mut self,
        kind: Kind,
        target: Option<u64>,
        digest: Option<String>,
        method: &str,
        path: &str,
        mut body: Value,
    ) -> u64 {
        self.asked += 1;
        let id = format!("editor-{}", self.asked);
        let mut path = path.to_owned();
        if body.is_null() {
            path = format!("{path}?clientMessageId={id}");
        } else {
            body["clientMessageId"] = json!(id);
        }
        let request = Request { kind, target, digest };
        for tries in 1.. {
            self.asked += 1;
            let attempt = Attempt {
                device: self.by.device.to_string(),
                user: self.by.id.to_string(),
                chat: self.chat.to_string(),
                client_message_id: id.clone(),
                number: self.asked,
            };
            let (at, connection) = (self.run.now_ms(), (1 << 40) + u64::from(self.asked));
            self.events.push(Event::SendStarted {
                at,
                attempt: attempt.clone(),
                connection,
                request: request.clone(),
            });
            let answer = self.by.calls(method, &path, body.clone()).await;
            let at = self.run.now_ms();
            match answer {
                Ok(answer) => {
                    let seq = answer["seq"].as_u64().unwrap_or(0);
                    // Whether an answer to a later try is a duplicate is not shown, nor is the seq of all.
                    self.events.push(if seq > 0 && tries == 1 {
                        let message_id = answer["messageId"].as_str().unwrap().to_owned();
                        Event::Acked { at, attempt, seq, message_id, duplicate: false }
                    } else {
                        Event::TimedOut { at, attempt }
                    });
                    return seq;
                }
                Err(why) => {
                    assert!(why.is_passing(), "{method} {path}: {why}");
                    self.events.push(Event::TimedOut { at, attempt });
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        0
    }
}

fn said(text: &str) -> String {
    Content::text(text).json().to_owned()
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
    let (all, two) =
        (alice.makes_a_group("all", &[&bob, &carol]).await, bob.makes_a_group("two", &[&carol]).await);
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
    recording.edits(&bob.another_device("editor").await, all);

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
    let editor = recording.histories.pop().expect("it began last");
    history.push(editor.await.expect("the editor did not panic"));
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
