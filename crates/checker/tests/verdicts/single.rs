//! Histories of a few events, written by hand: what each rule says of the plainest case and of its edges.
//!
//! Leaves out everything that a run of the model shows as well.

use chinwag_checker::Rule::{C1, C2, C3, C4, C5, C6, C7, C8, C9, C10};
use chinwag_checker::{Attempt, Change, Entry, Event, History, Kind, Report, Request, Rule, check};

/// A history in the making: one chat, `a` with device `a1` on one side, `b` with `b1` on the other.
#[derive(Default)]
struct Tape {
    at: u64,
    events: Vec<Event>,
}

fn attempt(id: &str, number: u32) -> Attempt {
    let (device, user, chat) = ("a1".into(), "a".into(), "d.a.b".into());
    Attempt { device, user, chat, client_message_id: id.into(), number }
}

fn message(seq: u64, id: &str) -> Entry {
    Entry {
        seq,
        message_id: format!("label-{seq}"),
        sender: "a".into(),
        device: "a1".into(),
        client_message_id: Some(id.into()),
        kind: Kind::Message,
        target: None,
        digest: Some(format!("text of {id}")),
        changes: Vec::new(),
    }
}

fn on(kind: Kind, target: u64, entry: Entry) -> Entry {
    Entry { kind, target: Some(target), ..entry }
}

fn nameless(entry: Entry) -> Entry {
    Entry { client_message_id: None, ..entry }
}

impl Tape {
    fn put(mut self, event: impl FnOnce(u64) -> Event) -> Self {
        self.at += 10;
        self.events.push(event(self.at));
        self
    }

    fn asks(self, id: &str, number: u32, connection: u64, like: &Entry) -> Self {
        let request = Request { kind: like.kind, target: like.target, digest: like.digest.clone() };
        self.put(|at| Event::SendStarted { at, attempt: attempt(id, number), connection, request })
    }

    fn sends(self, id: &str, number: u32, connection: u64) -> Self {
        self.asks(id, number, connection, &message(1, id))
    }

    fn acked(self, id: &str, number: u32, seq: u64, duplicate: bool) -> Self {
        let message_id = format!("label-{seq}");
        self.put(|at| Event::Acked { at, attempt: attempt(id, number), seq, message_id, duplicate })
    }

    fn refused(self, id: &str, number: u32) -> Self {
        self.put(|at| Event::Refused { at, attempt: attempt(id, number), code: "unavailable".into() })
    }

    fn timed_out(self, id: &str, number: u32) -> Self {
        self.put(|at| Event::TimedOut { at, attempt: attempt(id, number) })
    }

    fn joins(self, device: &str, from_seq: u64) -> Self {
        let (user, chat) = (device[..1].to_owned(), "d.a.b".into());
        self.put(|at| Event::Joined { at, device: device.into(), user, chat, from_seq })
    }

    fn leaves(self, device: &str, last_seq: u64) -> Self {
        self.put(|at| Event::Left { at, device: device.into(), chat: "d.a.b".into(), last_seq })
    }

    fn gets(self, device: &str, live: bool, entry: Entry) -> Self {
        let (connection, shown) = (1, true);
        let (device, chat) = (device.into(), "d.a.b".into());
        self.put(|at| Event::Observed { at, device, connection, live, shown, chat, entry })
    }

    fn ends_with(self, entries: impl IntoIterator<Item = Entry>) -> Self {
        let entries = entries.into_iter().collect();
        self.put(|at| Event::FinalLog { at, chat: "d.a.b".into(), entries })
    }

    fn judged(self) -> Report {
        check(&History { events: self.events })
    }

    fn passes(self) {
        let report = self.judged();
        assert!(report.is_clean(), "{report}");
    }

    /// Exactly one violation, of this rule.
    fn breaks(self, rule: Rule) {
        self.breaks_all(&[rule]);
    }

    fn breaks_all(self, rules: &[Rule]) {
        let report = self.judged();
        let found: Vec<_> = report.violations.iter().map(|violation| violation.rule).collect();
        assert_eq!(found, rules, "{report}");
        assert!(report.unusable.is_empty(), "{report}");
    }
}

fn tape() -> Tape {
    Tape::default()
}

#[test]
fn nothing_is_clean_and_counts_nothing() {
    let report = tape().judged();
    assert!(report.is_clean());
    assert_eq!(report.judged, chinwag_checker::Judged::default());
}

#[test]
fn a_send_that_arrives_is_clean() {
    let (sent, read) = (message(1, "m"), nameless(message(1, "m")));
    let sent_and_read = tape().joins("a1", 1).joins("b1", 1).sends("m", 1, 1).acked("m", 1, 1, false);
    sent_and_read.gets("a1", true, sent).gets("b1", true, read.clone()).ends_with([read]).passes();
}

#[test]
fn an_acknowledged_send_that_is_gone_breaks_c1() {
    tape().sends("m", 1, 1).acked("m", 1, 1, false).ends_with([]).breaks(C1);
}

#[test]
fn an_acknowledged_send_with_other_content_breaks_c1() {
    let other = Entry { digest: Some("other".into()), ..nameless(message(1, "m")) };
    tape().sends("m", 1, 1).acked("m", 1, 1, false).ends_with([other]).breaks(C1);
}

#[test]
fn content_may_go_where_a_deletion_says_so_and_only_there() {
    let wiped = Entry { digest: None, ..message(1, "m") };
    let deletion = Entry { digest: None, ..on(Kind::Delete, 1, message(2, "d")) };
    let sent = tape().sends("m", 1, 1).acked("m", 1, 1, false);
    sent.ends_with([wiped.clone()]).breaks(C1);
    let deleted =
        tape().sends("m", 1, 1).acked("m", 1, 1, false).asks("d", 1, 1, &deletion).acked("d", 1, 2, false);
    deleted.ends_with([wiped, deletion]).passes();
}

#[test]
fn a_second_deletion_may_be_answered_with_the_first() {
    let deletion = Entry {
        digest: None,
        sender: "b".into(),
        device: "b1".into(),
        ..on(Kind::Delete, 1, message(2, "d"))
    };
    let wiped = Entry { digest: None, ..message(1, "m") };
    let again =
        tape().sends("m", 1, 1).acked("m", 1, 1, false).asks("e", 1, 1, &deletion).acked("e", 1, 2, true);
    again.ends_with([wiped, deletion]).passes();
}

#[test]
fn a_head_below_an_acknowledgement_breaks_c1() {
    let asks = |asked_at, head| {
        move |at| Event::HeadSeen { asked_at, at, device: "b1".into(), chat: "d.a.b".into(), head }
    };
    let sent = || tape().sends("m", 1, 1).acked("m", 1, 1, false);
    sent().put(asks(25, 0)).ends_with([message(1, "m")]).breaks(C1);
    sent().put(asks(5, 0)).ends_with([message(1, "m")]).passes();
}

#[test]
fn a_head_below_what_the_device_had_when_it_asked_breaks_c5() {
    let asks = |asked_at, head| {
        move |at| Event::HeadSeen { asked_at, at, device: "b1".into(), chat: "d.a.b".into(), head }
    };
    let shown = || tape().joins("b1", 1).gets("b1", true, message(1, "m"));
    shown().put(asks(25, 0)).ends_with([message(1, "m")]).breaks(C5);
    shown().put(asks(15, 0)).ends_with([message(1, "m")]).passes();
}

#[test]
fn an_acknowledged_send_of_another_device_breaks_c1() {
    let other = Entry { device: "a2".into(), ..message(1, "m") };
    tape().sends("m", 1, 1).acked("m", 1, 1, false).ends_with([other]).breaks(C1);
}

#[test]
fn content_that_somebody_saw_and_nothing_deleted_is_missed() {
    let wiped = || Entry { digest: None, ..message(1, "m") };
    let shown = || tape().joins("b1", 1).gets("b1", true, message(1, "m"));
    shown().ends_with([wiped()]).breaks(C3);
    let deletion = Entry { digest: None, ..on(Kind::Delete, 1, message(2, "d")) };
    shown().ends_with([wiped(), deletion]).passes();
}

#[test]
fn the_same_reaction_to_two_messages_is_two_sends() {
    let reaction =
        |seq, target, id| Entry { digest: Some("+1".into()), ..on(Kind::Reaction, target, message(seq, id)) };
    let log = [message(1, "m"), message(2, "n"), reaction(3, 1, "r"), reaction(4, 2, "s")].map(nameless);
    // Only the first was recorded.
    tape().asks("r", 1, 1, &reaction(3, 1, "r")).ends_with(log).passes();
}

#[test]
fn a_name_at_two_seqs_breaks_c2_and_after_a_retry_c10_too() {
    let twice = [message(1, "m"), message(2, "m")];
    tape().sends("m", 1, 1).acked("m", 1, 1, false).ends_with(twice.clone()).breaks(C2);
    let retried = tape().sends("m", 1, 1).timed_out("m", 1).sends("m", 2, 2).acked("m", 2, 2, false);
    retried.ends_with(twice).breaks_all(&[C2, C10]);
}

#[test]
fn two_acknowledgements_of_one_send_that_differ_break_c2_and_c10() {
    let retried = tape().sends("m", 1, 1).acked("m", 1, 1, false).sends("m", 2, 1).acked("m", 2, 2, false);
    retried.ends_with([message(1, "m"), nameless(message(2, "x"))]).breaks_all(&[C1, C2, C10]);
}

#[test]
fn content_that_is_there_twice_is_seen_where_names_are_not() {
    let twice = [nameless(message(1, "m")), nameless(message(2, "m"))];
    tape().sends("m", 1, 1).ends_with(twice).breaks(C2);
}

#[test]
fn the_same_words_sent_twice_may_be_there_twice() {
    let words = |seq, id| Entry { digest: Some("ok".into()), ..message(seq, id) };
    let (one, two) = (words(1, "m"), words(2, "n"));
    let sent = || tape().asks("m", 1, 1, &one).asks("n", 1, 1, &two);
    sent().ends_with([nameless(one.clone()), nameless(two.clone())]).passes();
    sent().ends_with([one.clone(), two.clone(), words(3, "o")].map(nameless)).breaks(C2);
}

#[test]
fn an_unrecorded_name_at_two_seqs_breaks_c2() {
    tape().ends_with([message(1, "m"), message(2, "m")]).breaks(C2);
}

#[test]
fn an_entry_shown_twice_in_one_view_breaks_c2() {
    let shown = tape().joins("b1", 1).gets("b1", true, message(1, "m")).gets("b1", false, message(1, "m"));
    shown.ends_with([message(1, "m")]).breaks(C2);
}

#[test]
fn two_readers_with_different_entries_break_c3() {
    let other = Entry { message_id: "other".into(), ..message(1, "m") };
    let shown = tape().joins("a1", 1).joins("b1", 1).gets("b1", true, other);
    shown.gets("a1", true, message(1, "m")).ends_with([message(1, "m")]).breaks(C3);
}

#[test]
fn an_entry_that_was_seen_and_is_gone_breaks_c3() {
    tape().joins("b1", 1).gets("b1", true, message(1, "m")).ends_with([]).breaks(C3);
}

#[test]
fn two_final_readers_with_different_logs_break_c3() {
    tape().ends_with([message(1, "m")]).ends_with([message(1, "n")]).breaks(C3);
    tape().ends_with([message(1, "m")]).ends_with([]).breaks(C3);
}

#[test]
fn what_only_the_sender_is_shown_makes_no_difference() {
    let read = tape().joins("a1", 1).joins("b1", 1).gets("b1", true, nameless(message(1, "m")));
    read.gets("a1", true, message(1, "m")).ends_with([nameless(message(1, "m"))]).passes();
}

#[test]
fn a_hole_in_a_view_or_before_it_or_in_the_log_breaks_c4() {
    let log = || [message(1, "m"), message(2, "n"), message(3, "o")];
    let hole = tape().joins("b1", 1).gets("b1", true, message(1, "m")).gets("b1", true, message(3, "o"));
    hole.ends_with(log()).breaks(C4);
    tape().joins("b1", 1).gets("b1", true, message(2, "n")).ends_with(log()).breaks(C4);
    tape().gets("b1", true, message(1, "m")).ends_with(log()).breaks(C4);
    tape().ends_with([message(1, "m"), message(3, "o")]).breaks(C4);
}

#[test]
fn a_view_that_goes_down_breaks_c5() {
    let log = || [message(1, "m"), message(2, "n"), message(3, "o")];
    let up = log().into_iter().fold(tape().joins("b1", 1), |tape, entry| tape.gets("b1", false, entry));
    up.gets("b1", false, message(1, "m")).ends_with(log()).breaks(C5);
}

#[test]
fn sends_that_change_places_break_c6() {
    let sent = || tape().sends("m", 1, 1).sends("n", 1, 1).acked("m", 1, 2, false).acked("n", 1, 1, false);
    sent().ends_with([message(1, "n"), message(2, "m")]).breaks(C6);
}

#[test]
fn calls_that_stand_alone_have_no_order_until_they_are_acknowledged() {
    let log = || [message(1, "n"), message(2, "m")];
    let side_by_side = tape().sends("m", 1, 1).sends("n", 1, 2);
    side_by_side.acked("n", 1, 1, false).acked("m", 1, 2, false).ends_with(log()).passes();
    let one_by_one = tape().sends("m", 1, 1).acked("m", 1, 2, false).sends("n", 1, 2).acked("n", 1, 1, false);
    one_by_one.ends_with(log()).breaks(C6);
}

#[test]
fn what_was_refused_and_tried_again_stands_at_the_end_of_the_line() {
    let retried = tape().sends("m", 1, 1).sends("n", 1, 1).refused("m", 1).acked("n", 1, 1, false);
    let retried = retried.sends("m", 2, 1).acked("m", 2, 2, false);
    retried.ends_with([message(1, "n"), message(2, "m")]).passes();
}

#[test]
fn what_a_crash_swallowed_keeps_its_order_only_where_refusals_are_ruled_out() {
    let crash = |tape: Tape| {
        let tape = tape.sends("m", 1, 1).sends("n", 1, 1).timed_out("m", 1).timed_out("n", 1);
        let tape = tape.sends("m", 2, 2).sends("n", 2, 2).acked("m", 2, 2, false).acked("n", 2, 1, true);
        tape.ends_with([message(1, "n"), message(2, "m")])
    };
    crash(tape()).passes();
    crash(tape().put(|at| Event::RefusalsRuledOut { at })).breaks(C6);
}

#[test]
fn what_was_refused_and_is_there_breaks_c7() {
    tape().sends("m", 1, 1).refused("m", 1).ends_with([nameless(message(1, "m"))]).breaks(C7);
    tape()
        .sends("m", 1, 1)
        .timed_out("m", 1)
        .sends("m", 2, 1)
        .refused("m", 2)
        .ends_with([message(1, "m")])
        .passes();
}

#[test]
fn another_request_under_a_used_name_is_judged_by_itself() {
    let other = Entry { digest: Some("other".into()), ..message(1, "m") };
    let asked = || tape().sends("m", 1, 1).acked("m", 1, 1, false).asks("m", 2, 1, &other).refused("m", 2);
    asked().ends_with([message(1, "m")]).passes();
    asked()
        .ends_with([message(1, "m"), Entry { seq: 2, message_id: "label-2".into(), ..other.clone() }])
        .breaks_all(&[C2, C7, C10]);
}

#[test]
fn an_entry_that_never_reaches_a_member_breaks_c8_but_for_devices_that_are_gone() {
    let sent = || tape().joins("b1", 1).sends("m", 1, 1).acked("m", 1, 1, false);
    sent().ends_with([message(1, "m")]).breaks(C8);
    let retired = sent().put(|at| Event::Retired { at, device: "b1".into() });
    retired.ends_with([message(1, "m")]).passes();
    sent().leaves("b1", 0).ends_with([message(1, "m")]).passes();
}

#[test]
fn the_half_minute_counts_from_the_end_of_the_faults() {
    let late = |stops_at| {
        let mut tape = tape().joins("b1", 1).sends("m", 1, 1).acked("m", 1, 1, false);
        tape = tape.put(|_| Event::FaultsStopped { at: stops_at });
        tape.at = 60_000;
        tape.gets("b1", true, message(1, "m")).ends_with([message(1, "m")])
    };
    late(30_009).breaks(C8);
    late(30_010).passes();
}

#[test]
fn effects_before_or_without_their_causes_break_c9() {
    let reaction = |seq, target| on(Kind::Reaction, target, message(seq, "r"));
    tape().ends_with([reaction(1, 2), message(2, "m")]).breaks(C9);
    tape().ends_with([message(1, "m"), on(Kind::Edit, 1, message(2, "e")), reaction(3, 2)]).breaks(C9);
    tape().ends_with([message(1, "m"), on(Kind::Delete, 1, message(2, "d")), reaction(3, 1)]).breaks(C9);
    tape().ends_with([message(1, "m"), Entry { target: None, ..reaction(2, 1) }]).breaks(C9);
    tape().ends_with([message(1, "m"), reaction(2, 1)]).passes();
}

#[test]
fn in_a_group_only_members_write() {
    let change = |user: &str, member| vec![Change { user: user.into(), member }];
    let begin = || Entry { kind: Kind::Chat, changes: change("a", true), ..nameless(message(1, "")) };
    let by_b = |seq| Entry { sender: "b".into(), ..nameless(message(seq, "x")) };
    let moves = |seq, member| Entry {
        kind: Kind::Member,
        changes: change("b", member),
        ..nameless(message(seq, "y"))
    };
    tape().ends_with([begin(), by_b(2)]).breaks(C9);
    tape().ends_with([begin(), moves(2, true), by_b(3), moves(4, false)]).passes();
    tape().ends_with([begin(), moves(2, true), moves(3, false), by_b(4)]).breaks(C9);
}

#[test]
fn an_entry_seen_before_it_was_sent_or_unlike_what_was_sent_breaks_c9() {
    let early = tape().joins("a1", 1).gets("a1", true, message(1, "m")).sends("m", 1, 1);
    early.ends_with([message(1, "m")]).breaks(C9);
    tape().sends("m", 1, 1).ends_with([Entry { kind: Kind::Edit, ..message(1, "m") }]).breaks_all(&[C9, C9]);
}

#[test]
fn an_entry_given_to_one_who_left_breaks_c9() {
    let left = tape().joins("b1", 1).gets("b1", true, message(1, "m")).leaves("b1", 1);
    left.gets("b1", true, message(2, "n")).ends_with([message(1, "m"), message(2, "n")]).breaks(C9);
}

#[test]
fn a_time_out_means_once_or_never() {
    tape().sends("m", 1, 1).timed_out("m", 1).ends_with([]).passes();
    tape().sends("m", 1, 1).timed_out("m", 1).ends_with([message(1, "m")]).passes();
    let retried = tape().sends("m", 1, 1).timed_out("m", 1).sends("m", 2, 2).acked("m", 2, 1, true);
    retried.ends_with([message(1, "m")]).passes();
}

#[test]
fn a_history_that_cannot_be_judged_is_not_clean() {
    let unread = tape().sends("m", 1, 1).acked("m", 1, 1, false).judged();
    assert_eq!(unread.unusable, ["chat d.a.b has acknowledged sends and no final log"]);
    let unasked = tape().acked("m", 1, 1, false).judged();
    assert_eq!(unasked.unusable, ["attempt 1 of a's m by a1 is answered and was never started"]);
    let twice = tape().sends("m", 1, 1).sends("m", 1, 2).judged();
    assert_eq!(twice.unusable, ["attempt 1 of a's m by a1 is started twice"]);
    assert!(!unread.is_clean() && !unasked.is_clean() && !twice.is_clean());
}

#[test]
fn a_report_names_rule_and_evidence_in_one_line_and_counts_the_rest() {
    let sent = (1..=30).fold(tape(), |tape, seq| {
        let id = format!("m-{seq}");
        tape.sends(&id, 1, seq).acked(&id, 1, seq, false)
    });
    let report = sent.ends_with([]).judged();
    let text = report.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "C1: a's m-1 in d.a.b was acknowledged at seq 1 as label-1, and the final log has nothing there"
    );
    assert_eq!(lines[20], "C1: 10 more");
    assert!(lines[21].starts_with("30 violations; judged 30 sends (30 acknowledged)"), "{text}");
}
