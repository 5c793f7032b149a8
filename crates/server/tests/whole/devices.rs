//! Several devices of a user, absences, cut connections, slow readers: everybody sees the same entries in
//! the same order, and nothing is lost.

use chinwag_proto::{Entry, ServerFrame};
use chinwag_testkit::person::text_of;
use chinwag_testkit::phone::Phone;
use chinwag_testkit::server::Server;
use serde_json::json;

fn seqs(range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    range.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_devices_of_both_sides_see_the_same_entries_in_the_same_order_with_acks_in_place() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut phones = [
        alice.connects().await,
        alice.connects_another("tablet").await,
        bob.connects().await,
        bob.connects_another("tablet").await,
    ];
    let mut waiting = Vec::new();
    for round in 0..10 {
        for (number, phone) in phones.iter_mut().enumerate() {
            let text = format!("message {round} of {number}");
            let id = phone.sends(&text).on_its_way_to(chat).await;
            waiting.push((number, id));
        }
    }
    for (number, id) in &waiting {
        phones[*number].ack(id).await;
    }
    for phone in &mut phones {
        phone.reaches(chat, seq(40)).await;
        assert_eq!(
            phone.order_in(chat).await,
            seqs(1..=40),
            "each once, rising, acks in their entries' places"
        );
    }
    let log: Vec<_> = alice.entries(chat).await.iter().filter_map(text_of).collect();
    assert_eq!(log.len(), 40);
    for phone in &mut phones {
        let live: Vec<_> = phone.everything().await.into_iter().filter_map(live_text).collect();
        let expected: Vec<_> = log.iter().filter(|text| live.contains(text)).cloned().collect();
        assert_eq!(live, expected, "the entries are those of the log, in its order");
        assert_eq!(live.len(), 30, "everything but one's own");
    }
}

fn live_text(frame: ServerFrame) -> Option<String> {
    match frame {
        ServerFrame::Entry(entry) => text_of(&entry),
        _ => None,
    }
}

fn seq(number: u64) -> chinwag_proto::Seq {
    chinwag_proto::Seq::clamped(number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_over_rest_reaches_every_socket_of_both_sides_with_the_id_for_the_sender_alone() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut alices, mut bobs) = (alice.connects().await, bob.connects().await);
    let sent = alice.sends("hi").as_id("m1").to(&bob).await;
    let (own, others) = (alices.sees("hi").await, bobs.sees("hi").await);
    assert_eq!((own.seq, own.message_id), (sent.seq, sent.message_id));
    assert_eq!(own.client_message_id.map(|id| id.to_string()).as_deref(), Some("m1"));
    assert_eq!((others.message_id, others.client_message_id), (sent.message_id, None));
    let chat = alice.chat_with(&bob);
    let ids =
        |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.client_message_id).collect::<Vec<_>>();
    assert_eq!(ids(bobs.syncs_all(chat, 0, 10).await), [None]);
    assert_eq!(ids(bob.entries(chat).await), [None]);
    assert_eq!(bob.summary(chat).await.last.and_then(|last| last.client_message_id), None);
    let own = Some("m1".parse().unwrap());
    assert_eq!(ids(alices.syncs_all(chat, 0, 10).await), std::slice::from_ref(&own));
    assert_eq!(ids(alice.entries(chat).await), std::slice::from_ref(&own));
    assert_eq!(alice.summary(chat).await.last.and_then(|last| last.client_message_id), own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_away_asks_for_heads_and_syncs_page_by_page_to_completion() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let (chat, quiet) = (alice.chat_with(&bob), bob.chat_with(&carol));
    let (group, left) =
        (carol.makes_a_group("stays", &[&bob]).await, carol.makes_a_group("goes", &[&bob]).await);
    alice.sends("before").to(&bob).await;
    carol.sends("quiet").to(&bob).await;
    let phone = bob.connects().await;
    drop(phone);
    for number in 0..7 {
        alice.sends(&format!("meanwhile {number}")).to(&bob).await;
    }
    carol.removes(&bob, left).await;
    let begun = carol.makes_a_group("new", &[&bob]).await;

    let mut phone = bob.connects().await;
    let never = "g.12345".parse().unwrap();
    let heads = phone.compares_heads(&[(chat, 1), (quiet, 1), (group, 1), (left, 1), (never, 3)]).await;
    assert_eq!(
        heads.changed.iter().map(|head| (head.chat_id, head.head.get())).collect::<Vec<_>>(),
        [(chat, 8)]
    );
    let mut gone = heads.gone;
    gone.sort_unstable();
    let mut expected = [left, never];
    expected.sort_unstable();
    assert_eq!(gone, expected, "one that was removed and one that never was look alike");
    let entries = phone.syncs_all(chat, 1, 2).await;
    assert_eq!(entries.iter().map(|entry| entry.seq.get()).collect::<Vec<_>>(), seqs(2..=8));
    assert!(phone.syncs(chat, 8, 2).await.entries.is_empty());
    // What began during the absence comes with the list.
    let listed = bob.rest().chats(None).await.unwrap().chats;
    assert!(
        listed.iter().any(|summary| summary.chat_id == begun)
            && listed.iter().all(|chat| chat.chat_id != left)
    );
    let id = phone.writes(json!({"type": "chats"})).await;
    let by_socket = phone.hears("the list", |frame| match frame {
        ServerFrame::Chats(page) if page.id == id => Some(page.chats.clone()),
        _ => None,
    });
    assert_eq!(by_socket.await, listed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_above_the_head_is_refused_with_the_head() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.sends("hi").to(&bob).await;
    let mut phone = bob.connects().await;
    let frame = json!({"type": "sync", "chatId": alice.chat_with(&bob), "after": 5});
    let error = phone.is_refused(chinwag_proto::Code::InvalidRequest, frame).await;
    assert_eq!(error.head, Some(seq(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_entries_that_come_during_a_sync_stand_behind_its_pages() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    for number in 0..50 {
        alice.sends(&format!("old {number}")).to(&bob).await;
    }
    let (mut writer, mut reader) = (alice.connects().await, bob.connects().await);
    let mut seen: Vec<u64> = Vec::new();
    let mut waiting = Vec::new();
    for number in 0..100 {
        waiting.push(writer.sends(&format!("new {number}")).on_its_way_to(chat).await);
        if number % 2 == 0 {
            // While the next ones are on their way, so that what is live and what is read meet.
            let after = seen.last().copied().unwrap_or(0);
            let page = reader.syncs(chat, after, 20).await;
            seen.extend(page.entries.iter().map(|entry| entry.seq.get()));
        }
    }
    for id in &waiting {
        writer.ack(id).await;
    }
    let last = reader.syncs_all(chat, seen.last().copied().unwrap_or(0), 20).await;
    seen.extend(last.iter().map(|entry| entry.seq.get()));
    assert_eq!(seen, seqs(1..=150), "pages alone are the whole truth");
    let live = reader.order_in(chat).await;
    assert!(live.is_sorted_by(|one, next| one < next), "live entries rise: {live:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_that_were_cut_off_and_sent_again_are_each_one_message_and_in_order() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut phone = alice.connects().await;
    let mut reader = bob.connects().await;
    let texts: Vec<String> = (0..40).map(|number| format!("message {number}")).collect();
    for text in &texts {
        phone.sends(text).as_id(&text.replace(' ', "-")).on_its_way_to(chat).await;
    }
    let mut phone = phone.breaks_and_comes_back().await;
    let mut waiting = Vec::new();
    for text in &texts {
        waiting.push(phone.sends(text).as_id(&text.replace(' ', "-")).again().on_its_way_to(chat).await);
    }
    for id in &waiting {
        phone.ack(id).await;
    }
    let log: Vec<_> = alice.entries(chat).await.iter().filter_map(text_of).collect();
    let mut once = log.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((log.len(), once.len()), (40, 40), "none lost, none doubled");
    reader.reaches(chat, seq(40)).await;
    assert_eq!(reader.order_in(chat).await, seqs(1..=40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_told_to_resync_and_loses_nothing() {
    const FRAMES: u64 = 240;
    let server = Server::with(&[("limits.live_queue_frames", "8")]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let (mut writer, mut slow) = (alice.connects().await, bob.connects().await);
    // More than the network holds for a reader that takes nothing.
    let content = json!({"type": "blob", "text": "", "data": "x".repeat(60_000)});
    for number in 0..FRAMES {
        let id = format!("m{number}");
        writer.asks(json!({"type": "send", "chatId": chat, "clientMessageId": id, "content": content})).await;
    }
    let resync = slow.is_told_to_resync().await;
    let named = resync.chats.expect("it names the chat");
    assert_eq!(named.iter().map(|head| head.chat_id).collect::<Vec<_>>(), [chat]);
    let live = slow.order_in(chat).await;
    assert!(
        live.is_sorted_by(|one, next| one < next) && (live.len() as u64) < FRAMES,
        "frames were dropped: {live:?}"
    );
    let after = contiguous(&live);
    let synced: Vec<_> = slow.syncs_all(chat, after, 10).await.iter().map(|entry| entry.seq.get()).collect();
    assert_eq!(synced, seqs(after + 1..=FRAMES));
    writer.sends("and on").to(chat).await;
    assert_eq!(slow.sees("and on").await.seq.get(), FRAMES + 1, "live delivery goes on");
}

/// The last seq before the first gap.
fn contiguous(live: &[u64]) -> u64 {
    live.iter().zip(1..).take_while(|(seq, place)| **seq == *place).count() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_device_is_there_after_a_restart_and_misses_nothing() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut phone = bob.connects().await;
    alice.sends("before").to(&bob).await;
    phone.sees("before").await;
    server.restarts().await;
    assert_eq!(phone.is_closed().await, 4000);
    alice.sends("between").to(&bob).await;
    let mut phone: Phone = bob.connects().await;
    alice.sends("after").to(&bob).await;
    phone.sees("after").await;
    let texts: Vec<_> = phone.syncs_all(chat, 0, 2).await.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["before", "between", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_chats_comes_page_by_page_each_chat_once_alike_by_either_way() {
    const GROUPS: usize = 15;
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut expected =
        vec![alice.sends("hi").to(&bob).await.chat_id, alice.sends("note").to(&alice).await.chat_id];
    for number in 0..GROUPS {
        expected.push(alice.makes_a_group(&format!("group {number}"), &[&bob]).await);
    }
    expected.sort_unstable();
    let mut phone = alice.connects().await;
    let (mut by_rest, mut by_socket) = (Vec::new(), Vec::new());
    let mut cursor = String::new();
    loop {
        let path = if cursor.is_empty() {
            "/chats?limit=4".to_owned()
        } else {
            format!("/chats?limit=4&cursor={cursor}")
        };
        let page = alice.gets(&path).await;
        let mut frame = json!({"type": "chats", "limit": 4});
        if !cursor.is_empty() {
            frame["cursor"] = json!(cursor);
        }
        let id = phone.writes(frame).await;
        let told = phone.hears("the list", |frame| match frame {
            ServerFrame::Chats(page) if page.id == id => Some(page.clone()),
            _ => None,
        });
        let told = told.await;
        assert_eq!(page["chats"], serde_json::to_value(&told.chats).unwrap());
        assert_eq!(page.get("cursor"), told.cursor.map(|chat| json!(chat)).as_ref());
        let ids =
            page["chats"].as_array().unwrap().iter().map(|chat| chat["chatId"].as_str().unwrap().to_owned());
        by_rest.extend(ids);
        by_socket.extend(told.chats.iter().map(|summary| summary.chat_id));
        match page.get("cursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    let stable = by_socket.clone();
    by_socket.sort_unstable();
    assert_eq!(by_socket, expected, "each once");
    assert_eq!(by_rest, stable.iter().map(ToString::to_string).collect::<Vec<_>>());
    server.restarts().await;
    let again = alice.rest().chats(None).await.unwrap().chats;
    assert_eq!(again.iter().map(|summary| summary.chat_id).collect::<Vec<_>>(), stable, "in a stable order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_ends_at_once_leaves_everything_it_acknowledged_to_the_next() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let (mut acked, mut sent) = (Vec::new(), 0);
    for _ in 0..5 {
        let mut phone = alice.connects().await;
        let mut waiting = Vec::new();
        for _ in 0..30 {
            sent += 1;
            waiting.push(phone.sends(&format!("message {sent}")).on_its_way_to(chat).await);
        }
        for id in waiting.iter().take(20) {
            acked.push(phone.ack(id).await);
        }
        server.is_dropped_and_starts_again().await;
        // The token is good, the account is there, the group can be made: the directory has come back, too.
        alice.makes_a_group("lunch", &[&bob]).await;
    }
    let log = bob.entries(chat).await;
    for ack in &acked {
        let entry = log.iter().find(|entry| entry.seq == ack.seq).expect("what was acknowledged is there");
        assert_eq!(entry.message_id, ack.message_id);
    }
    assert_eq!(log.iter().map(|entry| entry.seq.get()).collect::<Vec<_>>(), seqs(1..=log.len() as u64));
    assert_eq!(alice.rest().chats(None).await.unwrap().chats.len(), 6);
}
