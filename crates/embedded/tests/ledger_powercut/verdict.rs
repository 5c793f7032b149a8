//! The judgement of what a power cut left: opened, read to the last byte, written to, and looked through
//! for what was deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_chat::{State, View};
use chinwag_embedded::ledger::EmbeddedLedger;
use chinwag_ports::ledger::{Appended, Ledger, Window};
use chinwag_powercut::{Disk, Image};
use chinwag_proto::{Body, ChatId, Entry, Seq};

use crate::ledger_common::ask::{append, message, record};
use crate::script::{Run, chats, first, marked, marker, open};

const MANY: usize = 100_000;
const ROOM: usize = 1 << 30;
/// Numbers of records that no run reaches.
const LATER: u64 = 1_000_000;

/// Judges an image of a run that was cut after `step`; the error says what is broken.
pub(crate) async fn judge(run: &Run, image: &Image, step: usize) -> Result<(), String> {
    let disk = Disk::from_image(image);
    judge_disk(run, &disk, step).await
}

/// Judges the disk of a machine that starts again.
pub(crate) async fn judge_disk(run: &Run, disk: &Disk, step: usize) -> Result<(), String> {
    let ledger = open(disk, &run.settings).map_err(|error| format!("it does not open: {error}"))?;
    let there = entries_are_right(run, &ledger, step).await?;
    messages_are_right(run, &ledger, there).await?;
    nothing_is_made_twice(run, &ledger, there).await?;
    chats_go_on(run, &ledger, there).await?;
    ledger.close().await.map_err(|error| format!("it does not close: {error}"))?;
    drop(ledger);
    nothing_deleted_is_left(run, disk, there)
}

/// Entries that a chat has among the first so many of the run.
fn of_chat(run: &Run, there: usize, chat: ChatId) -> impl Iterator<Item = (u64, &Arc<Entry>)> {
    let entries = (1..).zip(&run.entries).take(there).map(|(offset, (entry, _))| (offset, entry));
    entries.filter(move |(_, entry)| entry.chat_id == chat)
}

/// The view rows of a chat's messages.
fn views(run: &Run, there: usize, chat: ChatId) -> BTreeMap<Seq, View> {
    let mut views = BTreeMap::<Seq, View>::new();
    for (offset, entry) in of_chat(run, there, chat) {
        if let Some(target) = View::target(entry) {
            views.entry(target).or_default().fold(offset, entry);
        }
    }
    views
}

/// An entry as it has to be shown.
fn shown(entry: &Entry, views: &BTreeMap<Seq, View>) -> Entry {
    let target = match &entry.body {
        Body::Edit { target, .. } => *target,
        _ => entry.seq,
    };
    let gone = views.get(&target).is_some_and(|view| view.deleted.is_some());
    if gone { entry.wiped() } else { entry.clone() }
}

/// Every chat holds what was acknowledged, whole and without a hole, and no more than was asked. Returns
/// how many entries of the run are there: the first so many of all chats together.
async fn entries_are_right(run: &Run, ledger: &EmbeddedLedger, step: usize) -> Result<usize, String> {
    let mut pages = Vec::new();
    for chat in chats() {
        let page = ledger.entries(chat, Seq::ZERO, MANY, ROOM).await;
        pages.push((chat, page.map_err(|error| format!("{chat} cannot be read: {error}"))?));
    }
    let there = pages.iter().map(|(_, page)| page.entries.len()).sum();
    let acknowledged = run.entries.iter().filter(|(_, steps)| *steps <= step).count();
    if there < acknowledged {
        return Err(format!("{acknowledged} entries were acknowledged, {there} are there"));
    }
    for (chat, page) in &pages {
        let views = views(run, there, *chat);
        let expected: Vec<Entry> =
            of_chat(run, there, *chat).map(|(_, entry)| shown(entry, &views)).collect();
        let found: Vec<Entry> = page.entries.iter().map(|entry| (**entry).clone()).collect();
        if found != expected {
            return Err(format!("{chat} holds {found:?} and not {expected:?}"));
        }
        if page.head.get() != found.len() as u64 {
            return Err(format!("the head of {chat} is {}, it holds {} entries", page.head, found.len()));
        }
        state_is_right(run, ledger, *chat, there).await?;
    }
    Ok(there)
}

async fn state_is_right(
    run: &Run,
    ledger: &EmbeddedLedger,
    chat: ChatId,
    there: usize,
) -> Result<(), String> {
    let snapshot = ledger.snapshot(chat).await.map_err(|error| format!("no state of {chat}: {error}"))?;
    let mut expected = State::of(chat);
    of_chat(run, there, chat).for_each(|(_, entry)| expected.fold(entry));
    match snapshot {
        None if of_chat(run, there, chat).next().is_none() => Ok(()),
        Some(snapshot) if *snapshot.state == expected => Ok(()),
        other => Err(format!("the state of {chat} is {other:?} and not {expected:?}")),
    }
}

async fn messages_are_right(run: &Run, ledger: &EmbeddedLedger, there: usize) -> Result<(), String> {
    for chat in chats() {
        let views = views(run, there, chat);
        let page = ledger.messages(chat, Window::Offset(0), first(), MANY, ROOM).await;
        let page = page.map_err(|error| format!("the messages of {chat} cannot be read: {error}"))?;
        let expected =
            of_chat(run, there, chat).filter(|(_, entry)| matches!(entry.body, Body::Message { .. }));
        let expected: Vec<(Entry, View)> = expected
            .map(|(_, entry)| (shown(entry, &views), views.get(&entry.seq).cloned().unwrap_or_default()))
            .collect();
        let found: Vec<(Entry, View)> = page
            .messages
            .iter()
            .rev()
            .map(|viewed| ((*viewed.entry).clone(), (*viewed.view).clone()))
            .collect();
        if found != expected {
            return Err(format!("the messages of {chat} are {found:?} and not {expected:?}"));
        }
    }
    Ok(())
}

/// A resend of what is there gives the first result, whatever has become of it.
async fn nothing_is_made_twice(run: &Run, ledger: &EmbeddedLedger, there: usize) -> Result<(), String> {
    let committed = run.asked.iter().filter_map(|asked| match &asked.answer {
        Appended::Committed(entry) => Some((asked, entry)),
        _ => None,
    });
    for (at, (asked, entry)) in committed.take(there).enumerate() {
        // The last ones and some old ones.
        if at + 4 < there && at % 7 != 0 {
            continue;
        }
        let mut again = asked.record.clone();
        again.resend = true;
        // A former member's resend of a member's record is recognised as well, a stranger's is not.
        match append(ledger, again).await {
            Ok(Appended::Duplicate { seq, message_id, .. })
                if seq == entry.seq && message_id == entry.message_id => {}
            other => return Err(format!("a resend of {entry:?} gives {other:?}")),
        }
    }
    Ok(())
}

/// The next record of each chat takes the next seq.
async fn chats_go_on(run: &Run, ledger: &EmbeddedLedger, there: usize) -> Result<(), String> {
    for (number, chat) in (LATER..).zip(chats()) {
        let ChatId::Direct(sender, _) = chat else { continue };
        let next = of_chat(run, there, chat).count() as u64 + 1;
        match append(ledger, record(number, chat, sender.get(), message("on we go"))).await {
            Ok(Appended::Committed(entry)) if entry.seq.get() == next => {}
            other => return Err(format!("{chat} does not go on with {next}: {other:?}")),
        }
    }
    Ok(())
}

/// After a clean stop no file holds a byte of what was deleted.
fn nothing_deleted_is_left(run: &Run, disk: &Disk, there: usize) -> Result<(), String> {
    let gone: Vec<String> = chats()
        .into_iter()
        .flat_map(|chat| {
            let views = views(run, there, chat);
            let gone = of_chat(run, there, chat).filter(|(_, entry)| shown(entry, &views) != ***entry);
            gone.filter_map(|(_, entry)| marked(entry)).map(marker).collect::<Vec<_>>()
        })
        .collect();
    for path in disk.paths() {
        let bytes = disk.read(&path).unwrap_or_default();
        let starts =
            bytes.windows(8).enumerate().filter(|(_, window)| window == b"<secret-").map(|(at, _)| at);
        for at in starts {
            let end =
                bytes[at..].iter().position(|byte| *byte == b'>').map_or(bytes.len(), |end| at + end + 1);
            let found = String::from_utf8_lossy(&bytes[at..end]).into_owned();
            if gone.contains(&found) {
                return Err(format!("{found} was deleted and stands in {path} at {at}"));
            }
        }
    }
    Ok(())
}
