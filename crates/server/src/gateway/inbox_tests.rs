//! The inbox, rule by rule.

use chinwag_proto::{Body, Content, Timestamp};

use super::*;

const CAPS: Caps = Caps { frames: 3, bytes: 10_000 };

fn chat(text: &str) -> ChatId {
    text.parse().unwrap()
}

fn live(chat_id: &str, seq: u64) -> Arc<LiveEntry> {
    sized(chat_id, seq, 2)
}

fn sized(chat_id: &str, seq: u64, bytes: usize) -> Arc<LiveEntry> {
    Arc::new(LiveEntry::new(Arc::new(Entry {
        v: 1,
        chat_id: chat(chat_id),
        seq: Seq::clamped(seq),
        n: seq,
        message_id: "1".parse().unwrap(),
        sender_id: "1".parse().unwrap(),
        device_id: "1".parse().unwrap(),
        client_message_id: None,
        created_at: Timestamp::from_ms(0),
        after: None,
        digest: None,
        body: Body::Message { content: Some(Content::text(&"x".repeat(bytes))), reply_to: None },
    })))
}

fn push(inbox: &mut Inbox, chat_id: &str, seq: u64) -> Pushed {
    inbox.push_entry(&live(chat_id, seq), Viewer::Other, false, CAPS)
}

/// What is written from now on, in words.
fn drain(inbox: &mut Inbox) -> Vec<String> {
    let mut written = Vec::new();
    while let Some(waiting) = inbox.next() {
        written.push(match waiting {
            Waiting::Entry(live, _) => format!("{} {}", live.entry().chat_id, live.entry().seq),
            Waiting::Ack(live, request) => {
                format!("ack {} {}", live.entry().seq, serde_json::to_string(&request).unwrap())
            }
            Waiting::Summary(chat) => format!("summary {chat}"),
            Waiting::Frame(frame) => frame.to_json(),
            Waiting::Presence => "presence".to_owned(),
            Waiting::Resync(resync) => serde_json::to_string(&resync).unwrap(),
        });
    }
    written
}

#[test]
fn what_waits_comes_in_order_and_leaves_no_memory() {
    let mut inbox = Inbox::default();
    inbox.begin(1, RequestId::Number(7));
    push(&mut inbox, "g.1", 1);
    assert!(inbox.acknowledge(1, &live("g.1", 2), true));
    push(&mut inbox, "g.1", 3);
    assert!(!inbox.is_idle());
    assert_eq!(drain(&mut inbox), ["g.1 1", "summary g.1", "ack 2 7", "g.1 3"]);
    assert!(inbox.is_idle() && inbox.busy.is_none());
    assert_eq!((inbox.queue.capacity(), inbox.live_frames, inbox.live_bytes), (0, 0, 0));
}

#[test]
fn a_full_queue_drops_until_the_client_has_been_told() {
    let mut inbox = Inbox::default();
    for seq in 1..=3 {
        assert_eq!(push(&mut inbox, "g.1", seq), Pushed::Queued);
    }
    assert_eq!(push(&mut inbox, "g.1", 4), Pushed::Dropped);
    assert_eq!(push(&mut inbox, "g.2", 9), Pushed::Dropped);
    inbox.next();
    // There is room, but 5 behind the gap would come before the client knows of it.
    assert_eq!(push(&mut inbox, "g.1", 5), Pushed::Dropped);
    let resync = r#"{"chats":[{"chatId":"g.1","head":5},{"chatId":"g.2","head":9}]}"#;
    assert_eq!(drain(&mut inbox), ["g.1 2", "g.1 3", resync]);
    assert_eq!(push(&mut inbox, "g.1", 6), Pushed::Queued);
    assert_eq!(drain(&mut inbox), ["g.1 6"]);
}

#[test]
fn large_entries_fill_the_queue_by_their_bytes() {
    let mut inbox = Inbox::default();
    assert_eq!(inbox.push_entry(&sized("g.1", 1, 6_000), Viewer::Other, false, CAPS), Pushed::Queued);
    assert_eq!(inbox.push_entry(&sized("g.1", 2, 6_000), Viewer::Other, false, CAPS), Pushed::Dropped);
}

#[test]
fn acknowledgments_are_never_dropped() {
    let mut inbox = Inbox::default();
    for number in 0..10 {
        inbox.begin(number, RequestId::Number(number));
    }
    for seq in 1..=5 {
        push(&mut inbox, "g.1", seq);
    }
    for number in 0..10 {
        assert!(inbox.acknowledge(number, &live("g.1", 6 + number), false));
    }
    assert_eq!(drain(&mut inbox).iter().filter(|written| written.starts_with("ack")).count(), 10);
}

#[test]
fn too_many_missed_chats_are_all() {
    let mut inbox = Inbox::default();
    for number in 1..=100 {
        inbox.miss(chat(&format!("g.{number}")), Seq::clamped(1));
    }
    assert_eq!(drain(&mut inbox), [r#"{"all":true}"#]);
}

#[test]
fn a_send_is_answered_once() {
    let mut inbox = Inbox::default();
    inbox.begin(1, RequestId::Number(7));
    assert!(inbox.awaits(1));
    assert_eq!(inbox.end(1), Some(RequestId::Number(7)));
    assert!(!inbox.awaits(1));
    assert_eq!(inbox.end(1), None);
    assert!(!inbox.acknowledge(1, &live("g.1", 1), false));
    assert_eq!(drain(&mut inbox), Vec::<String>::new());
}

#[test]
fn a_page_takes_the_place_of_what_waits_below_its_end() {
    let mut inbox = Inbox::default();
    inbox.begin(1, RequestId::Number(7));
    push(&mut inbox, "g.1", 4);
    push(&mut inbox, "g.2", 4);
    inbox.acknowledge(1, &live("g.1", 5), false);
    push(&mut inbox, "g.1", 6);
    let acks = inbox.overtake(chat("g.1"), Seq::clamped(5), 0);
    assert_eq!(acks.iter().map(|(live, _)| live.entry().seq.get()).collect::<Vec<_>>(), [5]);
    assert_eq!(drain(&mut inbox), ["g.2 4", "g.1 6"]);
}

#[test]
fn what_is_published_late_is_passed_over_until_the_chat_moves_on() {
    let mut inbox = Inbox::default();
    inbox.overtake(chat("g.1"), Seq::clamped(5), 0);
    assert_eq!(push(&mut inbox, "g.1", 4), Pushed::PassedOver);
    assert_eq!(push(&mut inbox, "g.1", 5), Pushed::PassedOver);
    assert_eq!(push(&mut inbox, "g.2", 5), Pushed::Queued);
    assert_eq!(push(&mut inbox, "g.1", 6), Pushed::Queued);
    assert_eq!(drain(&mut inbox), ["g.2 5", "g.1 6"]);
    assert!(inbox.busy.is_none());
}

#[test]
fn floors_are_forgotten_with_time() {
    let mut inbox = Inbox::default();
    inbox.overtake(chat("g.1"), Seq::clamped(5), 1_000);
    inbox.expire(1_000 + FLOOR_MS - 1);
    assert!(inbox.busy.is_some());
    inbox.expire(1_000 + FLOOR_MS);
    assert!(inbox.busy.is_none());
}

#[test]
fn a_page_that_covers_what_was_missed_makes_the_resync_needless() {
    let mut inbox = Inbox::default();
    inbox.miss(chat("g.1"), Seq::clamped(5));
    inbox.overtake(chat("g.1"), Seq::clamped(5), 0);
    assert_eq!(drain(&mut inbox), Vec::<String>::new());
}

#[test]
fn presence_waits_once() {
    let mut inbox = Inbox::default();
    inbox.push_presence();
    inbox.push_presence();
    assert_eq!(drain(&mut inbox), ["presence"]);
    inbox.push_presence();
    assert_eq!(drain(&mut inbox), ["presence"]);
}
