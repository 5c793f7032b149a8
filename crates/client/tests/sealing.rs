//! What a seal is told and what it gets from the engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod phone;

use phone::*;

/// A seal whose keys come as the answer to a call, after an MLS record of its own: content is
/// `{type: "sealed", text: REVERSED}`.
#[derive(Default)]
struct Late {
    has_keys: bool,
    wants: Wants,
    news: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Seal for Late {
    fn open(&mut self, _entry: &Entry, content: &Content) -> Opened {
        match content.fallback().as_str() {
            "broken" => Opened::Unreadable(Cause::Other("wrong_epoch".to_owned())),
            text if self.has_keys => Opened::Content(Content::text(&text.chars().rev().collect::<String>())),
            _ => Opened::NotYet,
        }
    }

    fn seal(&mut self, record: ToSeal<'_>) -> Sealed {
        if !self.has_keys {
            return Sealed::NotYet;
        }
        self.wants.ops.push(Op::Put("s/ratchet".to_owned(), "1".to_owned()));
        let Record::Message { content, .. } = record.record else { return Sealed::AsItIs };
        let text: String = content.fallback().chars().rev().collect();
        let json = json!({ "type": "sealed", "text": text }).to_string();
        Sealed::Content { content: Content::from_json(json).unwrap(), after: Some(seq(1)) }
    }

    fn on(&mut self, _now: Now, news: News<'_>) {
        match news {
            News::Connected(_) => self.wants.calls.push((5, Call::CountKeyPackages)),
            News::Answered { ticket: 5, answer: Ok(_) } => {
                self.wants.loads.push((6, vec![Range::prefix("s/")]));
            }
            News::Loaded { ticket: 6, .. } => {
                self.has_keys = true;
                self.wants.unsealed.push(chat());
            }
            News::Settled => return,
            _ => {}
        }
        self.news.lock().unwrap().push(format!("{news:?}"));
    }

    fn wants(&mut self) -> Wants {
        std::mem::take(&mut self.wants)
    }
}

#[test]
fn a_seal_may_answer_late_or_never_and_its_state_is_stored_with_what_it_sealed() {
    let mut phone = Phone::new(Box::new(Late::default()));
    phone.connects();
    phone.wishes(Wish::Open(Some(chat())));
    for (number, text) in [(1, "olleh"), (2, "broken")] {
        phone.entry(number, 1, json!({ "kind": "message", "content": { "type": "sealed", "text": text } }));
    }
    let bodies: Vec<Body> = phone.engine.timeline().into_iter().map(|line| line.body).collect();
    assert_eq!(bodies, [Body::NotYet, Body::Unreadable(Cause::Other("wrong_epoch".to_owned()))]);
    phone.types("a", "secret");
    let call = phone.calls()[0];
    assert!(phone.frames("send").is_empty() && phone.finds("hello").is_empty());
    phone.on(Event::Answered { number: call, answer: Err(CallFailure::Passing) });
    assert!(phone.calls().is_empty(), "not at once");
    phone.ms += 1_000;
    phone.on(Event::Fired(Timer::Calls));
    let number = phone.calls()[0];
    phone.on(Event::Answered { number, answer: Ok(Answer::Done) });
    assert_eq!(phone.engine.timeline()[0].body, Body::Content(Content::text("hello")));
    assert_eq!(
        (phone.frames("send")[0]["content"]["text"].clone(), phone.finds("hello")),
        (json!("terces"), vec![1])
    );
    assert_eq!(
        (phone.frames("send")[0]["after"].clone(), phone.rows.contains_key("s/ratchet")),
        (json!(1), true)
    );
}

/// A seal that wants one MLS record at first, and notes what becomes of it.
fn committing() -> (Late, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let data = Content::from_json(json!({ "type": "create", "text": "" }).to_string()).unwrap();
    let id = "commit".parse().unwrap();
    let record = MlsRecord { chat: chat(), id, after: Seq::ZERO, data, changes: Vec::new() };
    let mut seal = Late { has_keys: true, ..Late::default() };
    seal.wants.records.push(record);
    let news = seal.news.clone();
    (seal, news)
}

#[test]
fn an_mls_record_is_stored_then_sent_before_all_else_and_again_until_its_entry_is_held() {
    let mut phone = Phone::new(Box::new(committing().0));
    assert!(phone.rows.contains_key("p/d.1.2"));
    phone.connects();
    phone.types("a", "after it");
    assert!(phone.frames("send").is_empty());
    let first = phone.frames("mls")[0].clone();
    assert_eq!(first["resend"], Value::Null);
    phone.on(Event::Disconnected { code: None });
    phone.ms += 60_000;
    phone.on(Event::Fired(Timer::Reconnect));
    phone.connects();
    let again = phone.frames("mls")[1].clone();
    assert_eq!((&again["data"], &again["resend"]), (&first["data"], &json!(true)));
    phone.entry(
        1,
        2,
        json!({ "kind": "mls", "deviceId": "20", "after": 0, "clientMessageId": "commit",
            "data": { "type": "create", "text": "" }, "digest": "00".repeat(32) }),
    );
    assert!(!phone.rows.contains_key("p/d.1.2"));
    assert_eq!(phone.frames("send").len(), 1, "now the rest goes");
}

#[test]
fn a_stale_mls_record_stays_and_a_refused_one_is_given_back() {
    let (seal, news) = committing();
    let mut phone = Phone::new(Box::new(seal));
    phone.connects();
    let id = phone.frames("mls")[0]["id"].clone();
    phone.hears(json!({ "type": "error", "id": id, "code": "stale_epoch", "detail": "", "after": 9 }));
    assert!(phone.rows.contains_key("p/d.1.2"), "the server's word alone drops nothing");
    phone.ms += 60_000;
    phone.on(Event::Fired(Timer::Pause));
    let id = phone.frames("mls")[1]["id"].clone();
    phone.hears(json!({ "type": "error", "id": id, "code": "forbidden", "detail": "" }));
    assert!(!phone.rows.contains_key("p/d.1.2"));
    assert!(news.lock().unwrap().iter().any(|news| news.contains("Refused") && news.contains("Forbidden")));
}

#[test]
fn an_encrypted_chat_is_held_from_its_beginning() {
    let mut phone = Phone::online();
    let summary = json!({
        "chatId": "g.5", "kind": "group", "title": null, "head": 900, "since": 300, "read": 0, "unread": 0,
        "encryption": "mls", "role": "member", "lastAt": "2026-01-01T00:00:00.000Z",
    });
    let mut frame = summary;
    frame["type"] = json!("chat");
    phone.hears(frame);
    assert_eq!(phone.frames("sync")[0]["after"], json!(299));
}
