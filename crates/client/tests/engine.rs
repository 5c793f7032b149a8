//! The engine event by event, as a driver sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod phone;

use phone::*;

#[test]
fn nothing_is_sent_before_it_is_stored_and_the_state_is_told_truly() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    phone.wishes(Wish::Open(Some(chat())));
    phone.types("a", "hello");
    assert!(phone.frames("send").is_empty());
    assert_eq!(phone.engine.timeline().last().unwrap().status, Status::Sending);
    phone.on(Event::Stored(u64::MAX));
    assert_eq!(phone.frames("send")[0]["content"], "hello");
    assert_eq!(phone.frames("send")[0].get("resend"), None);
    let id = phone.last("send");
    let at = "2026-01-01T00:00:00.000Z";
    phone.hears(json!({ "type": "ack", "id": id, "chatId": "d.1.2", "messageId": "9", "seq": 1, "createdAt": at, "duplicate": false }));
    assert_eq!((phone.status("a"), phone.engine.timeline()[0].status.clone()), (None, Status::Sent));
    for (mark, status) in [("delivered", Status::Delivered), ("read", Status::Read)] {
        phone.hears(json!({ "type": "cursors", "chatId": "d.1.2", "users": [{ "userId": "1", mark: 1 }] }));
        assert_eq!(phone.engine.timeline()[0].status, status);
    }
}

#[test]
fn a_break_and_a_restart_make_resends_in_the_order_typed() {
    let mut phone = Phone::online();
    phone.types("a", "one");
    phone.types("b", "two");
    assert_eq!(phone.frames("send").len(), 1, "one of a chat at a time");
    let rows = read(&phone.rows, &startup_ranges());
    phone.engine = Engine::restore(user(2), DeviceId::new(20).unwrap(), Box::new(Plain), &rows);
    phone.sent.clear();
    phone.on(Event::Started);
    phone.connects();
    let again = phone.frames("send");
    assert_eq!(
        (again.len(), &again[0]["clientMessageId"], &again[0]["resend"]),
        (1, &json!("a"), &json!(true))
    );
}

#[test]
fn a_refusal_waits_for_a_retry_and_a_busy_server_for_its_time() {
    let mut phone = Phone::online();
    phone.types("a", "one");
    let id = phone.last("send");
    phone.hears(
        json!({ "type": "error", "id": id, "code": "rate_limited", "detail": "", "retryAfterMs": 2_000 }),
    );
    assert_eq!((phone.status("a"), phone.frames("send").len()), (Some(Status::Sending), 1));
    phone.later(1_000, Timer::Pause);
    assert_eq!(phone.frames("send").len(), 1, "too early");
    phone.later(2_000, Timer::Pause);
    assert_eq!(phone.frames("send")[1]["resend"], true);
    let id = phone.last("send");
    phone.hears(json!({ "type": "error", "id": id, "code": "forbidden", "detail": "blocked" }));
    assert!(matches!(phone.status("a"), Some(Status::Failed(Failure::Refused { .. }))));
    let fresh: ClientMessageId = "z".parse().unwrap();
    phone.wishes(Wish::Retry { chat: chat(), id: "a".parse().unwrap(), fresh });
    assert_eq!((phone.status("a"), phone.frames("send").len()), (Some(Status::Sending), 3));
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for (code, stop) in [
        (4401, Some(Stop::LoggedOut)),
        (4403, Some(Stop::LoggedOut)),
        (4409, Some(Stop::Replaced)),
        (4413, Some(Stop::Refused(4413))),
        (4000, None),
        (4008, None),
        (4029, None),
        (1006, None),
    ] {
        let mut phone = Phone::online();
        phone.on(Event::Disconnected { code: Some(code) });
        match stop {
            Some(stop) => assert_eq!(phone.engine.connection(), Connection::Stopped(stop), "{code}"),
            None => assert!(matches!(phone.engine.connection(), Connection::Waiting { .. }), "{code}"),
        }
        phone.wishes(Wish::Connect);
        assert_eq!(phone.engine.connection(), Connection::Connecting);
    }
}

#[test]
fn a_silent_server_is_given_up_and_goaway_says_where_to_go() {
    let mut phone = Phone::online();
    phone.later(15_000, Timer::Heartbeat);
    assert_eq!(phone.frames("ping").len(), 1);
    phone.later(60_000, Timer::Heartbeat);
    assert!(phone.effects.contains(&Effect::Disconnect));
    let mut phone = Phone::online();
    phone.hears(json!({ "type": "goaway", "reconnectInMs": 500, "url": "ws://127.0.0.1:2/ws" }));
    phone.types("a", "waits");
    assert!(phone.frames("send").is_empty());
    phone.on(Event::Disconnected { code: Some(4000) });
    phone.later(1_000, Timer::Reconnect);
    assert!(phone.effects.contains(&Effect::Connect { url: Some("ws://127.0.0.1:2/ws".to_owned()) }));
}

#[test]
fn more_than_a_thousand_chats_are_asked_for_in_parts() {
    let mut phone = Phone::online();
    let at = "2026-01-01T00:00:00.000Z";
    for number in 1..=1_500 {
        let chat = json!({ "type": "chat", "chatId": format!("g.{number}"), "kind": "group", "title": "t", "head": 300,
            "read": 300, "unread": 0, "encryption": "none", "role": "member", "lastAt": at });
        phone.hears(chat);
    }
    let syncs = phone.frames("sync");
    assert_eq!((syncs.len(), &syncs[0]["after"]), (4, &json!(200)), "a few at a time, the tail alone");
    phone.on(Event::Disconnected { code: None });
    phone.sent.clear();
    phone.later(60_000, Timer::Reconnect);
    phone.connects();
    let heads: Vec<usize> =
        phone.frames("heads").iter().map(|f| f["chats"].as_object().unwrap().len()).collect();
    assert_eq!(heads, [1_000, 500]);
}

#[test]
fn a_chat_of_which_the_server_holds_less_is_taken_anew() {
    let mut phone = Phone::online();
    (1..=3).for_each(|n| phone.says(n, "word"));
    phone.wishes(Wish::Draft { chat: chat(), text: "half a thought".to_owned() });
    phone.hears(json!({ "type": "resync", "chats": [{ "chatId": "d.1.2", "head": 3 }] }));
    let id = phone.last("sync");
    phone.hears(json!({ "type": "error", "id": id, "code": "invalid_request", "detail": "", "head": 2 }));
    let held = phone.engine.chat(chat()).unwrap();
    assert_eq!((held.last, held.draft.as_str()), (Seq::ZERO, "half a thought"));
    assert_eq!(phone.frames("sync").last().unwrap()["after"], 0);
    assert!(!phone.rows.keys().any(|key| key.starts_with("e/")));
}

#[test]
fn own_cursors_are_collected_and_told_once_they_are_on_disk() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    (1..=3).for_each(|n| phone.says(n, "hi"));
    phone.later(300, Timer::Marks);
    assert!(phone.frames("delivered").is_empty());
    phone.on(Event::Stored(u64::MAX));
    phone.later(300, Timer::Marks);
    assert_eq!(phone.frames("delivered").len(), 1);
    assert_eq!(phone.frames("delivered")[0]["seq"], 3);
    phone.slow_disk = false;
    phone.wishes(Wish::Read { chat: chat(), seq: seq(2) });
    assert_eq!(phone.engine.chat(chat()).unwrap().unread(), 1);
    phone.wishes(Wish::Read { chat: chat(), seq: seq(3) });
    phone.later(300, Timer::Marks);
    assert_eq!(phone.frames("read").len(), 1);
    assert_eq!(phone.frames("read")[0]["seq"], 3);
}

#[test]
fn typing_ends_by_itself_and_presence_is_of_those_on_screen() {
    let mut phone = Phone::online();
    phone.hears(json!({ "type": "typing", "chatId": "d.1.2", "userId": "1", "on": true }));
    assert_eq!(phone.engine.typing(chat()), [user(1)]);
    phone.later(6_000, Timer::Typing);
    assert!(phone.engine.typing(chat()).is_empty());
    phone.wishes(Wish::Typing { chat: chat(), on: true });
    phone.wishes(Wish::Typing { chat: chat(), on: true });
    assert_eq!(phone.frames("typing").len(), 1);
    phone.wishes(Wish::Watch(vec![user(1)]));
    phone.hears(json!({ "type": "presence", "users": [{ "userId": "1", "status": "online" }, { "userId": "9", "status": "online" }] }));
    assert!(phone.engine.presence(user(1)).is_some() && phone.engine.presence(user(9)).is_none());
}

#[test]
fn search_finds_beginnings_of_words_also_after_a_restart_and_forgets_what_is_deleted() {
    let mut phone = Phone::online();
    phone.says(1, "Grüße aus Prag");
    phone.says(2, "prague again");
    assert_eq!(phone.finds("PRAG"), [2, 1]);
    assert_eq!(phone.finds("prag gru"), [1]);
    let rows = read(&phone.rows, &startup_ranges());
    phone.engine = Engine::restore(user(2), DeviceId::new(20).unwrap(), Box::new(Plain), &rows);
    phone.on(Event::Started);
    phone.connects();
    assert_eq!(phone.finds("grusse"), [1]);
    phone.entry(3, 1, json!({ "kind": "edit", "target": 2, "content": "rome" }));
    phone.entry(4, 1, json!({ "kind": "delete", "target": 1 }));
    assert_eq!((phone.finds("prag"), phone.finds("rom")), (vec![], vec![2]));
    assert!(!phone.rows.values().any(|row| row.contains("Grüße")), "the store forgets it as well");
}

#[test]
fn a_muted_chat_gives_no_notice() {
    let mut phone = Phone::online();
    phone.says(1, "hi");
    assert!(phone.changed(&Change::Notify { chat: chat(), seq: seq(1) }));
    phone.wishes(Wish::Mute { chat: chat(), on: true });
    phone.says(2, "hi");
    assert!(!phone.changed(&Change::Notify { chat: chat(), seq: seq(2) }));
}

#[test]
fn a_store_that_fails_stops_everything_and_what_was_not_stored_says_so() {
    let mut phone = Phone::online();
    phone.slow_disk = true;
    phone.types("a", "hello");
    phone.on(Event::StoreFailed);
    assert_eq!(phone.status("a"), Some(Status::Failed(Failure::Store)));
    assert_eq!(phone.engine.connection(), Connection::Stopped(Stop::Store));
    phone.types("b", "more");
    assert_eq!(phone.status("b"), None);
}

#[test]
fn the_open_chat_can_be_shown_around_any_seq_and_says_whether_there_is_more() {
    let mut phone = Phone::online();
    (1..=400).for_each(|number| phone.says(number, "hi"));
    phone.wishes(Wish::Open(Some(chat())));
    let more = |phone: &Phone| phone.engine.window().map(|window| (window.above, window.below));
    let span = |phone: &mut Phone| {
        let lines = phone.engine.timeline();
        (lines.first().unwrap().seq.unwrap().get(), lines.last().unwrap().seq.unwrap().get())
    };
    assert_eq!((span(&mut phone), more(&phone)), ((301, 400), Some((true, false))));
    phone.wishes(Wish::At(seq(120)));
    assert_eq!((span(&mut phone), more(&phone)), ((71, 170), Some((true, true))));
    phone.says(401, "meanwhile");
    phone.wishes(Wish::Newer);
    assert_eq!(span(&mut phone), (71, 270));
    phone.wishes(Wish::At(seq(1)));
    assert_eq!((span(&mut phone), more(&phone)), ((1, 51), Some((false, true))));
    phone.wishes(Wish::Newest);
    assert_eq!((span(&mut phone), more(&phone)), ((302, 401), Some((true, false))));
    phone.wishes(Wish::Open(None));
    assert_eq!(phone.engine.window(), None);
}

#[test]
fn a_record_that_stands_is_told_once_whether_its_ack_or_its_entry_comes_first() {
    let ack = |phone: &mut Phone, number: u64| {
        let (id, at) = (phone.last("send"), "2026-01-01T00:00:00.000Z");
        phone.hears(json!({ "type": "ack", "id": id, "chatId": "d.1.2", "messageId": "9", "seq": number, "createdAt": at, "duplicate": false }));
    };
    let told = |phone: &Phone| {
        let settled = |effect: &Effect| match effect {
            Effect::Changed(Change::Settled { id, seq, .. }) => Some((id.as_str().to_owned(), seq.get())),
            _ => None,
        };
        phone.effects.iter().filter_map(settled).collect::<Vec<_>>()
    };
    let own = |id: &str| json!({ "kind": "message", "content": "hi", "clientMessageId": id });
    let mut phone = Phone::online();
    phone.types("a", "hi");
    ack(&mut phone, 1);
    assert_eq!(told(&phone), [("a".to_owned(), 1)]);
    phone.types("b", "hi");
    phone.entry(2, 2, own("b"));
    ack(&mut phone, 2);
    assert_eq!(told(&phone)[1..], [("b".to_owned(), 2)]);
    phone.types("c", "hi");
    // What stands before it is not held yet.
    ack(&mut phone, 4);
    phone.entry(3, 1, json!({ "kind": "message", "content": "between" }));
    phone.entry(4, 2, own("c"));
    assert_eq!(told(&phone)[2..], [("c".to_owned(), 4)]);
    assert_eq!(phone.engine.unsettled(), 0);
}

#[test]
fn a_look_shows_messages_of_a_chat_that_is_not_open_as_they_stand() {
    let mut phone = Phone::online();
    (1..=3).for_each(|n| phone.says(n, "hi"));
    phone.entry(4, 1, json!({ "kind": "edit", "target": 2, "content": "hello" }));
    let looks = |phone: &mut Phone, ticket: u64, from: u64, to: u64| {
        phone.wishes(Wish::Look { ticket, chat: chat(), from: seq(from), to: seq(to) });
        let found = |effect: &Effect| match effect {
            Effect::Changed(Change::Looked { ticket: of, lines }) if *of == ticket => Some(lines.clone()),
            _ => None,
        };
        let lines = phone.effects.iter().find_map(found).unwrap();
        let text = |body: &Body| match body {
            Body::Content(content) => content.fallback(),
            other => panic!("{other:?}"),
        };
        lines.iter().map(|line| (line.seq.unwrap().get(), text(&line.body))).collect::<Vec<_>>()
    };
    assert_eq!(looks(&mut phone, 1, 2, 9), [(2, "hello".to_owned()), (3, "hi".to_owned())]);
    assert_eq!(looks(&mut phone, 2, 5, 9), []);
    assert!(phone.engine.timeline().is_empty());
}
