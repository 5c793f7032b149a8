//! What keys wish for.

use chinwag_client::{Body, Failure, Record, Refusal, Status, Wish};
use chinwag_proto::{Code, Content, Role};

use super::world::{Someone, chat, data, message, seq, user};
use crate::chat::model::overlay::Overlay;
use crate::chat::model::{Act, Answer, Ask, Input, Pane, Writing};

fn alice() -> Someone {
    let lines = vec![message(2, 2, "lunch?"), message(3, 1, "yes"), message(4, 2, "at one")];
    let mut alice = Someone::at((80, 24), true, data(lines));
    alice.opens_bob();
    alice
}

fn records(someone: &Someone) -> Vec<Record> {
    let record =
        |wish: &&Wish| if let Wish::Record { record, .. } = wish { Some(record.clone()) } else { None };
    someone.wishes().iter().filter_map(record).collect()
}

fn says(text: &str) -> Record {
    Record::Message { content: Content::text(text), reply_to: None }
}

#[test]
fn enter_opens_a_chat_and_what_is_typed_is_sent() {
    let mut alice = Someone::at((80, 24), true, data(vec![message(2, 2, "hi")]));
    alice.presses("Down Enter");
    assert!(alice.wishes().contains(&&Wish::Open(Some(chat("d.1.2")))));
    alice.types("hello, j and k?").presses("Enter");
    assert_eq!(records(&alice), [says("hello, j and k?")]);
    assert!(alice.model.compose.is_empty());
    assert!(alice.wishes().contains(&&Wish::Typing { chat: chat("d.1.2"), on: true }));
}

#[test]
fn alt_enter_and_ctrl_j_begin_a_line_and_a_paste_sends_nothing() {
    let mut alice = alice();
    alice.types("one").presses("Alt+Enter").types("two").presses("Ctrl+J");
    alice.gets(Input::Paste("three\nfour".into()));
    assert!(records(&alice).is_empty());
    alice.presses("Enter");
    assert_eq!(records(&alice), [says("one\ntwo\nthree\nfour")]);
}

#[test]
fn nothing_but_space_is_not_sent() {
    let mut alice = alice();
    alice.types("   ").presses("Alt+Enter Enter");
    assert!(records(&alice).is_empty());
}

#[test]
fn a_draft_is_kept_when_the_chat_is_left_and_comes_back() {
    let mut alice = alice();
    alice.types("half a thou");
    alice.presses("Ctrl+N");
    let draft = Wish::Draft { chat: chat("d.1.2"), text: "half a thou".into() };
    let opened = Wish::Open(Some(chat("g.7")));
    let places: Vec<_> =
        [&draft, &opened].map(|wish| alice.wishes().iter().position(|w| *w == wish).unwrap()).into();
    assert!(places[0] < places[1], "the draft goes first");
    alice.data.chats[1].draft = "half a thou".into();
    alice.presses("Ctrl+P");
    assert_eq!(alice.model.compose.text(), "half a thou");
}

#[test]
fn a_draft_is_kept_after_a_pause_and_at_the_end() {
    let mut alice = alice();
    alice.types("abc");
    assert!(alice.model.is_unsaved());
    alice.gets(Input::Idle);
    assert!(alice.wishes().contains(&&Wish::Draft { chat: chat("d.1.2"), text: "abc".into() }));
    alice.acts.clear();
    alice.types("d").presses("Ctrl+C");
    assert_eq!(alice.acts.last(), Some(&Act::Quit));
    assert!(alice.wishes().contains(&&Wish::Draft { chat: chat("d.1.2"), text: "abcd".into() }));
}

#[test]
fn a_message_is_selected_and_answered() {
    let mut alice = alice();
    alice.presses("Up Up Up r");
    assert_eq!(alice.model.writing, Writing::Reply(seq(2)));
    alice.types("pizza").presses("Enter");
    let reply = Record::Message { content: Content::text("pizza"), reply_to: Some(seq(2)) };
    assert_eq!(records(&alice), [reply]);
    assert_eq!(alice.model.writing, Writing::Message);
}

#[test]
fn an_own_message_is_edited_and_what_stood_in_the_field_comes_back() {
    let mut alice = alice();
    alice.types("later").presses("Up Up e");
    assert_eq!(alice.model.compose.text(), "yes");
    alice.types("!").presses("Enter");
    assert_eq!(records(&alice), [Record::Edit { target: seq(3), content: Content::text("yes!") }]);
    assert_eq!(alice.model.compose.text(), "later");
    alice.acts.clear();
    alice.presses("Up e");
    assert_eq!(alice.model.pane, Pane::Messages, "another's message cannot be edited");
    assert!(alice.model.notice.is_some());
}

#[test]
fn a_deletion_is_asked_about_first() {
    let mut alice = alice();
    alice.presses("Up Up d n");
    assert!(records(&alice).is_empty());
    alice.presses("d y");
    assert_eq!(records(&alice), [Record::Delete { target: seq(3) }]);
}

#[test]
fn others_messages_are_deleted_by_admins_of_a_group_alone() {
    for (role, allowed) in [(Role::Admin, true), (Role::Member, false)] {
        let mut data = data(vec![message(2, 2, "spam")]);
        data.open.as_mut().unwrap().chat = chat("g.7");
        data.chats[2].role = role;
        let mut alice = Someone::at((80, 24), true, data);
        alice.presses("Down Down Enter Up d");
        assert_eq!(matches!(alice.model.overlays.last(), Some(Overlay::Confirm(_))), allowed);
    }
}

#[test]
fn a_reaction_is_put_and_taken_back() {
    let mut alice = alice();
    alice.presses("Up + 1");
    let key = "👍".parse().unwrap();
    assert_eq!(records(&alice), [Record::React { target: seq(4), key, on: true }]);
    let key: chinwag_proto::ReactionKey = "👍".parse().unwrap();
    let lines = &mut alice.data.open.as_mut().unwrap().lines;
    lines[2].reactions.entry(key.clone()).or_default().insert(user(1));
    alice.acts.clear();
    alice.presses("+ 1");
    assert_eq!(records(&alice), [Record::React { target: seq(4), key, on: false }]);
}

#[test]
fn what_failed_is_tried_again_or_discarded() {
    let mut alice = alice();
    let failure = Failure::Refused { code: Code::Forbidden, detail: "blocked".into() };
    alice.data.open.as_mut().unwrap().lines[1].status = Status::Failed(failure);
    alice.presses("Up Up t");
    let (chat, id) = (chat("d.1.2"), "own3".parse().unwrap());
    assert!(alice.wishes().iter().any(|wish| matches!(wish, Wish::Retry { id: own, .. } if *own == id)));
    alice.presses("x");
    assert!(alice.wishes().contains(&&Wish::Discard { chat, id }));
}

#[test]
fn a_message_that_was_not_taken_comes_back_into_the_field() {
    let mut alice = alice();
    alice.types("precious").presses("Enter");
    alice.gets(Input::Refused("id1".parse().unwrap(), Refusal::Full));
    assert_eq!(alice.model.compose.text(), "precious");
    assert!(alice.model.notice.as_ref().unwrap().bad);
}

#[test]
fn pin_mute_and_connect_are_wished_from_the_list() {
    let mut alice = Someone::at((80, 24), true, data(Vec::new()));
    alice.presses("Down p m o");
    let chat = chat("d.1.2");
    assert_eq!(
        alice.wishes(),
        [&Wish::Pin { chat, on: true }, &Wish::Mute { chat, on: true }, &Wish::Connect]
    );
}

#[test]
fn somebody_is_written_to_by_name_and_an_error_stays_in_the_form() {
    let mut alice = Someone::at((80, 24), true, data(Vec::new()));
    alice.presses("n").types("Bob").presses("Enter");
    assert!(alice.acts.is_empty(), "capitals are refused here already");
    alice.presses("Ctrl+U").types("@bob").presses("Enter");
    assert_eq!(alice.acts, [Act::Ask(Ask::User("bob".into()))]);
    alice.gets(Input::Answer(Answer::Failed("There is no user bob".into())));
    assert!(alice.sees().contains("There is no user bob"));
    alice.gets(Input::Answer(Answer::User(user(2))));
    assert_eq!((alice.model.chat, alice.model.pane), (Some(chat("d.1.2")), Pane::Compose));
}

#[test]
fn a_group_is_made_of_a_title_and_names() {
    let mut alice = Someone::at((80, 24), true, data(Vec::new()));
    alice.presses("g").types("Trip").presses("Enter").types("bob, carol").presses("Enter");
    let members = vec!["bob".to_owned(), "carol".to_owned()];
    assert_eq!(alice.acts, [Act::Ask(Ask::NewGroup { title: "Trip".into(), members })]);
}

#[test]
fn history_is_asked_for_before_it_is_needed() {
    let mut data = data((100..160).map(|n| message(n, 2, "hi")).collect());
    data.open.as_mut().unwrap().above = true;
    let mut alice = Someone::at((80, 24), true, data);
    alice.opens_bob();
    alice.presses("Up PgUp PgUp");
    assert!(alice.wishes().contains(&&Wish::Older));
}

#[test]
fn nothing_moves_when_history_comes_in_above_or_messages_below() {
    let lines: Vec<_> = (100..160).map(|n| message(n, 2, &format!("number {n}"))).collect();
    let mut alice = Someone::at((80, 24), true, data(lines.clone()));
    alice.opens_bob();
    alice.presses("PgUp PgUp");
    let messages = |alice: &Someone| {
        let screen = alice.sees();
        screen
            .lines()
            .skip(3)
            .take(18)
            .map(|row| row.chars().skip(26).collect::<String>())
            .collect::<Vec<_>>()
    };
    let before = messages(&alice);
    let older = (50..100).map(|n| message(n, 2, &format!("number {n}")));
    let newer = (160..170).map(|n| message(n, 2, &format!("number {n}")));
    alice.data.open.as_mut().unwrap().lines = older.chain(lines).chain(newer).collect();
    alice.gets(Input::Changed);
    assert_eq!(messages(&alice), before);
}

#[test]
fn what_is_on_screen_is_read_and_what_nobody_sees_is_not() {
    let mut alice = alice();
    alice.data.chats[1].unread = 1;
    alice.data.chats[1].read = seq(3);
    alice.gets(Input::Focus(false));
    alice.gets(Input::Changed);
    let read = Wish::Read { chat: chat("d.1.2"), seq: seq(4) };
    assert!(!alice.wishes().contains(&&read));
    alice.gets(Input::Focus(true));
    assert!(alice.wishes().contains(&&read));
    assert!(alice.sees().contains(" new "), "{}", alice.sees());
}

#[test]
fn a_hit_far_away_is_loaded_and_shown() {
    let mut alice = alice();
    alice.presses("Ctrl+F").types("lun");
    let Some(Act::Ask(Ask::Search { ticket, query })) = alice.acts.last().cloned() else { panic!() };
    assert_eq!(query, "lun");
    let hit = crate::chat::model::Hit { chat: chat("d.1.2"), line: message(900, 2, "lunch") };
    alice.gets(Input::Answer(Answer::Hits { ticket, hits: vec![hit] }));
    alice.presses("Enter");
    assert!(alice.wishes().contains(&&Wish::At(seq(900))));
    alice.data.open.as_mut().unwrap().lines = (850..950).map(|n| message(n, 2, "hi")).collect();
    alice.gets(Input::Changed);
    let selected = alice.model.look(&alice.data, 50).unwrap().selected;
    assert_eq!(selected, Some(50));
}

#[test]
fn a_date_is_found_by_halving() {
    let day = 24 * 60;
    let at = |number: u64| {
        let mut line = message(number, 2, "hi");
        line.at_ms -= i64::try_from((1_000 - number) * day).unwrap() * 60_000 / 10;
        line
    };
    let window = |middle: u64| {
        (middle.saturating_sub(20).max(1)..=(middle + 20).min(1_000)).map(at).collect::<Vec<_>>()
    };
    let mut data = data(window(980));
    (data.chats[1].first, data.chats[1].last) = (seq(1), seq(1_000));
    data.open.as_mut().unwrap().above = true;
    let mut alice = Someone::at((80, 24), true, data);
    alice.opens_bob();
    alice.presses("Up g").types("2026-10-01").presses("Enter");
    let mut steps = 0;
    while let Some(middle) =
        alice.wishes().iter().rev().find_map(|w| if let Wish::At(seq) = w { Some(*seq) } else { None })
    {
        alice.acts.clear();
        let open = alice.data.open.as_mut().unwrap();
        open.lines = window(middle.get());
        (open.above, open.below) =
            (open.lines[0].seq != Some(seq(1)), open.lines.last().unwrap().seq != Some(seq(1_000)));
        alice.gets(Input::Changed);
        steps += 1;
        assert!(steps < 12, "halving ends soon");
    }
    assert!(alice.sees().contains("1 October"), "{}", alice.sees());
}

#[test]
fn names_are_completed_in_groups() {
    let mut data = data(vec![message(2, 3, "hi")]);
    data.open.as_mut().unwrap().chat = chat("g.7");
    let mut alice = Someone::at((80, 24), true, data);
    alice.presses("Down Down Enter").types("hey @ca").presses("Tab");
    assert_eq!(alice.model.compose.text(), "hey @carol ");
}

#[test]
fn every_key_of_the_help_does_something_or_says_why_not() {
    use crate::chat::keymap::{Action, BINDINGS, Place};
    for binding in
        BINDINGS.iter().filter(|b| matches!(b.place, Place::List | Place::Messages | Place::Anywhere))
    {
        let key = binding.keys[0];
        // What moves within an end, or turns what is off, may rightly do nothing here.
        if matches!(
            binding.action,
            Action::Back
                | Action::PreviousChat
                | Action::First
                | Action::GoToQuoted
                | Action::PageUp
                | Action::PageDown
                | Action::Last
                | Action::Down
        ) {
            continue;
        }
        let mut alice = alice();
        if binding.place == Place::Messages {
            alice.presses("Up");
        } else {
            alice.presses("Esc Up Down");
        }
        alice.acts.clear();
        let state = |alice: &Someone| {
            (
                alice.sees(),
                alice.model.pane,
                alice.model.chat,
                alice.model.cursor,
                alice.model.selected.clone(),
            )
        };
        let before = state(&alice);
        alice.gets(Input::Key(crossterm::event::KeyEvent::new(key.0, key.1)));
        assert!(
            before != state(&alice) || !alice.acts.is_empty(),
            "{}: {}",
            crate::chat::keymap::name(key),
            binding.what
        );
    }
}

#[test]
fn a_deleted_message_takes_no_reply() {
    let mut alice = alice();
    alice.data.open.as_mut().unwrap().lines[2].body = Body::Deleted;
    alice.presses("Up r");
    assert_eq!(alice.model.writing, Writing::Message);
    assert!(alice.model.notice.is_some());
}
