//! Golden screens: `CHINWAG_GOLDEN=write` writes them anew, to be looked at before they are kept.

use chinwag_client::{Body, Failure, Status};
use chinwag_proto::entry::Body as Entry;
use chinwag_proto::rest::{DeviceInfo, Member};
use chinwag_proto::{Code, Content, DeviceId, MemberChange, MembershipChange, Role};

use super::world::{NOW, Someone, chat, data, message, ms, seq, user};
use crate::chat::data::{Data, Link};
use crate::chat::model::{Answer, Input};

fn golden(name: &str, screen: &str) {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/chat/tests/golden/{name}.txt"));
    if std::env::var("CHINWAG_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, screen).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == screen, "{name} differs from what is kept; it is now\n{screen}");
}

/// An afternoon with everything in it.
fn afternoon() -> Data {
    let mut lines = vec![message(1, 2, "Did you see the fox in the yard last night?")];
    lines[0].at_ms = ms("2026-11-23T19:40:00Z");
    lines.push(message(2, 1, "No! I only heard it."));
    let mut reply =
        message(3, 2, "It sat on the wall for an hour and looked at the moon as if it had paid for it.");
    reply.reply_to = Some(seq(2));
    reply.reactions.entry("👍".parse().unwrap()).or_default().extend([user(1), user(2)]);
    reply.reactions.entry("🦊".parse().unwrap()).or_default().insert(user(2));
    lines.push(reply);
    let mut edited = message(4, 1, "I want to see it too\ntonight, with the good lens");
    edited.edited = true;
    lines.push(edited);
    let mut gone = message(5, 1, "");
    gone.body = Body::Deleted;
    lines.push(gone);
    lines.push(message(60, 2, "see you there"));
    let mut delivered = message(61, 1, "bring a scarf");
    delivered.status = Status::Delivered;
    lines.push(delivered);
    let mut sending = message(62, 1, "and the tripod");
    (sending.seq, sending.status) = (None, Status::Sending);
    lines.push(sending);
    data(lines)
}

#[test]
fn the_list_and_a_conversation_side_by_side() {
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40))] {
        let mut alice = Someone::at(size, true, afternoon());
        alice.opens_bob();
        golden(name, &alice.sees());
    }
}

#[test]
fn one_pane_at_a_time_where_it_is_narrow() {
    let mut alice = Someone::at((40, 20), true, afternoon());
    golden("40x20-list", &alice.sees());
    alice.opens_bob();
    golden("40x20-chat", &alice.sees());
}

#[test]
fn without_colour_the_words_are_the_same() {
    let mut plain = Someone::at((80, 24), false, afternoon());
    let mut colourful = Someone::at((80, 24), true, afternoon());
    plain.opens_bob().presses("Up Up");
    colourful.opens_bob().presses("Up Up");
    assert_eq!(plain.sees(), colourful.sees());
    golden("selected", &plain.sees());
}

#[test]
fn no_cell_has_a_colour_where_none_is_wanted() {
    use ratatui::{Terminal, backend::TestBackend, style::Color};
    let mut alice = Someone::at((80, 24), false, afternoon());
    alice.opens_bob().presses("Up +");
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| crate::chat::draw::draw(&alice.model, &alice.data, frame)).unwrap();
    let coloured =
        terminal.backend().buffer().content.iter().any(|c| c.fg != Color::Reset || c.bg != Color::Reset);
    assert!(!coloured);
}

#[test]
fn hostile_and_foreign_text_stays_in_its_place() {
    let texts = [
        "שלום, מה שלומך? (hello)".to_owned(),
        "مرحبا بالعالم".to_owned(),
        "日本語のテキストはとても長いので、どこかで折り返さなければなりません。".to_owned(),
        "family 👨‍👩‍👧‍👦 flag 🇵🇹 thumbs 👍🏽 heart ❤️ end".to_owned(),
        "evil \u{202e}gpj.exe\u{202c} \u{1b}[31mred\u{1b}[0m \u{7}bell".to_owned(),
        format!("zalgo a{}b", "\u{301}".repeat(100_000)),
        "x".repeat(120),
    ];
    let lines = texts.iter().zip(2..).map(|(text, number)| message(number, 2, text)).collect();
    let mut world = data(lines);
    world.names.0.get_mut(&user(3)).unwrap().shown = Some("\u{202e}lorac\u{1b}[2J 👩‍🚀".into());
    let mut alice = Someone::at((80, 24), true, world);
    alice.opens_bob();
    let screen = alice.sees();
    golden("foreign", &screen);
    for row in screen.lines().skip(1).take(22) {
        let divider =
            row.char_indices().find(|(_, c)| *c == '│').map(|(at, _)| crate::chat::text::width(&row[..at]));
        assert_eq!(divider, Some(24), "{row}");
    }
}

#[test]
fn a_failure_says_why_and_what_can_be_done() {
    let mut world = afternoon();
    let lines = &mut world.open.as_mut().unwrap().lines;
    let failure = Failure::Refused {
        code: Code::Forbidden,
        detail: "this user does not take messages of yours".into(),
    };
    lines.last_mut().unwrap().status = Status::Failed(failure);
    world.link = Link::Waiting(12);
    world.trouble = Some("cannot reach http://127.0.0.1:8080: Connection refused".into());
    world.unsettled = 1;
    let mut alice = Someone::at((100, 24), true, world);
    alice.opens_bob();
    golden("failed-offline", &alice.sees());
}

#[test]
fn a_group_tells_its_story() {
    let mut lines = Vec::new();
    let mut added = message(2, 3, "");
    let change = |number, change| MemberChange { user_id: user(number), change, role: None };
    added.body = Body::Event(Entry::Member {
        changes: vec![change(1, MembershipChange::Added), change(4, MembershipChange::Added)],
    });
    lines.push(added);
    lines.push(message(3, 3, "shall we take the early train?"));
    lines.push(message(4, 4, "yes, the one at six"));
    let mut unreadable = message(5, 2, "");
    unreadable.body = Body::NotYet;
    lines.push(unreadable);
    let mut world = data(lines);
    world.open.as_mut().unwrap().chat = chat("g.7");
    (world.chats[2].unread, world.chats[2].read) = (2, seq(3));
    world.chats[2].typing = vec![user(2), user(4)];
    let mut alice = Someone::at((80, 24), true, world);
    alice.presses("Down Down Enter").types("six is @ca");
    golden("group", &alice.sees());
    alice.presses("Up i");
    let member =
        |number, role| Member { user_id: user(number), role, since: "2026-11-20T10:00:00Z".parse().unwrap() };
    let members = vec![member(1, Role::Admin), member(3, Role::Owner), member(4, Role::Member)];
    alice.gets(Input::Answer(Answer::Members { chat: chat("g.7"), members }));
    golden("members", &alice.sees());
}

#[test]
fn overlays_fit_any_window() {
    for (name, size) in [("80x24", (80, 24)), ("40x20", (40, 20))] {
        let mut alice = Someone::at(size, true, afternoon());
        alice.presses("?");
        golden(&format!("help-{name}"), &alice.sees());
        alice.presses("Esc g").types("Fox watch");
        golden(&format!("new-group-{name}"), &alice.sees());
        alice.presses("Esc d");
        let device = |number, name: &str, current| DeviceInfo {
            device_id: DeviceId::new(number).unwrap(),
            name: name.parse().unwrap(),
            created_at: "2026-03-02T10:00:00Z".parse().unwrap(),
            last_seen: Some(NOW.parse().unwrap()),
            current,
        };
        let devices = vec![device(8, "terminal on fox", true), device(9, "phone", false)];
        alice.gets(Input::Answer(Answer::Devices(devices)));
        golden(&format!("devices-{name}"), &alice.sees());
        alice.presses("Down x");
        golden(&format!("confirm-{name}"), &alice.sees());
    }
}

#[test]
fn a_search_shows_where_and_when() {
    let mut alice = Someone::at((80, 24), true, afternoon());
    alice.presses("Ctrl+F").types("fox");
    let mut line = message(1, 2, "Did you see the fox in the yard last night?");
    line.at_ms = ms("2026-11-23T19:40:00Z");
    let hits = vec![crate::chat::model::Hit { chat: chat("d.1.2"), line }];
    alice.gets(Input::Answer(Answer::Hits { ticket: 3, hits }));
    golden("search", &alice.sees());
}

#[test]
fn the_first_start_and_the_empty_list() {
    use crate::chat::login::{LogIn, Purpose};
    use ratatui::{Terminal, backend::TestBackend};
    let theme = crate::chat::theme::Theme { colour: true };
    for (name, purpose) in
        [("login", Purpose::LogIn), ("register", Purpose::Register), ("unlock", Purpose::Unlock)]
    {
        let mut form = LogIn::new(theme, purpose, "http://127.0.0.1:8080", "alice");
        form.paste("secret words");
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| form.draw(frame)).unwrap();
        let screen = super::world::text_of(terminal.backend());
        assert!(!screen.contains("secret"), "{screen}");
        golden(name, &screen);
    }
    let mut world = data(Vec::new());
    (world.chats, world.open) = (Vec::new(), None);
    golden("empty", &Someone::at((80, 24), true, world).sees());
}

#[test]
fn no_window_is_too_small_to_survive() {
    for width in 1..90 {
        for height in [1, 2, 3, 5, 7, 8, 9, 12, 24] {
            let mut alice = Someone::at((width, height), true, afternoon());
            alice.opens_bob().presses("Up PgUp Down + Esc Esc F1 Esc Ctrl+F");
            alice.sees();
        }
    }
}

#[test]
fn a_text_of_many_lines_scrolls_in_its_field_and_on_the_screen() {
    let mut world = afternoon();
    let long = (1..=300).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    world.open.as_mut().unwrap().lines.insert(3, {
        let mut line = message(4, 2, "");
        line.body = Body::Content(Content::text(&long));
        line
    });
    let mut alice = Someone::at((80, 24), true, world);
    alice.opens_bob();
    alice.gets(Input::Paste(long));
    assert!(alice.sees().contains("line 300"));
    for _ in 0..20 {
        alice.presses("PgUp");
    }
    assert!(alice.sees().contains("Yesterday"), "{}", alice.sees());
}
