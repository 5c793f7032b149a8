//! What has to hold once everything is quiet: each device holds, shows, counts and finds what the server's
//! log, folded independently of the engine, says; and nothing typed is lost or doubled.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::entry::Body;
use chinwag_proto::{ChatId, Entry, Seq};

use super::server::Log;
use super::world::{Typed, World};
use crate::words::words;
use crate::{Body as ShownBody, Event, Record, Status, Wish};

type Folded = BTreeMap<Seq, (Option<String>, BTreeSet<(String, u64)>)>;

/// The messages of a log as they stand.
fn folded(log: &Log) -> Folded {
    let mut messages = Folded::new();
    for entry in &log.entries {
        let who = entry.sender_id.get();
        match &entry.body {
            Body::Message { content, .. } => {
                messages.insert(entry.seq, (content.as_ref().map(|c| c.fallback()), BTreeSet::new()));
            }
            Body::Edit { target, content: Some(content) } => {
                messages.get_mut(target).unwrap().0 = Some(content.fallback());
            }
            Body::Delete { target } => *messages.get_mut(target).unwrap() = (None, BTreeSet::new()),
            Body::Reaction { target, key, on } => {
                let reaction = (key.as_str().to_owned(), who);
                let reactions = &mut messages.get_mut(target).unwrap().1;
                if *on {
                    reactions.insert(reaction)
                } else {
                    reactions.remove(&reaction)
                };
            }
            _ => {}
        }
    }
    messages
}

pub(super) fn check(world: &mut World) -> Result<(), String> {
    nothing_lost(world)?;
    for place in 0..world.devices.len() {
        for chat in world.chats.clone() {
            check_chat(world, place, chat).map_err(|what| format!("device {place}, {chat}: {what}"))?;
        }
    }
    Ok(())
}

fn check_chat(world: &mut World, place: usize, id: ChatId) -> Result<(), String> {
    let user = world.devices[place].user;
    let Some(log) = world.server.logs.get(&id).filter(|log| !log.entries.is_empty()) else { return Ok(()) };
    let Some((role, since)) = log.members.get(&user).copied() else {
        let gone =
            world.devices[place].engine.chat(id).is_none_or(|chat| chat.gone || chat.last == Seq::ZERO);
        return if gone { Ok(()) } else { Err("is shown to one who is no member".to_owned()) };
    };
    let chat = world.devices[place].engine.chat(id).ok_or("is missing")?;
    let (title, head) = (log.title.clone(), log.head());
    let (read, unread) =
        (world.server.marks.get(&(id, user)).copied().unwrap_or_default().0, world.server.unread(id, user));
    let same = |what: &str, is: String, should: String| {
        if is == should { Ok(()) } else { Err(format!("{what} is {is}, should be {should}")) }
    };
    same("last", chat.last.to_string(), head.to_string())?;
    same("gone", chat.gone.to_string(), "false".to_owned())?;
    same("title", format!("{:?}", chat.title), format!("{title:?}"))?;
    same("role", format!("{:?}", chat.role), format!("{role:?}"))?;
    same("read", chat.read.to_string(), read.to_string())?;
    same("unread", chat.unread().to_string(), unread.to_string())?;
    same("last_at", chat.last_at.to_string(), log.entries.last().unwrap().created_at.to_string())?;
    if let Some(members) = chat.members {
        same("members", members.to_string(), log.members.len().to_string())?;
    }
    if let Some(peer) = id.peer(user).filter(|peer| *peer != user) {
        let (read, delivered) = world.server.marks.get(&(id, peer)).copied().unwrap_or_default();
        let marks = chat.others.get(&peer).copied().unwrap_or_default();
        same(
            "the other's marks",
            format!("{} {}", marks.read, marks.delivered),
            format!("{read} {delivered}"),
        )?;
    }
    scroll(world, place, id, since)?;
    check_rows(world, place, id)?;
    check_words(world, place, id)
}

/// Opens the chat and goes up to its beginning, comparing what is shown.
fn scroll(world: &mut World, place: usize, id: ChatId, since: Seq) -> Result<(), String> {
    let messages = folded(&world.server.logs[&id]);
    world.event(place, Event::Wish(Wish::Open(Some(id))));
    for _ in 0..10_000 {
        world.calm_down()?;
        let shown = world.devices[place].engine.timeline();
        for line in shown.iter().filter(|line| line.pending.is_empty()) {
            let Some((text, reactions)) = line.seq.and_then(|seq| messages.get(&seq)) else { continue };
            let is = match &line.body {
                ShownBody::Content(content) => Some(content.fallback()),
                ShownBody::Deleted => None,
                other => return Err(format!("{:?} shows {other:?}", line.seq)),
            };
            let of = |(key, users): (&chinwag_proto::ReactionKey, &BTreeSet<chinwag_proto::UserId>)| {
                users.iter().map(|user| (key.as_str().to_owned(), user.get())).collect::<Vec<_>>()
            };
            let reacted: BTreeSet<(String, u64)> = line.reactions.iter().flat_map(of).collect();
            if is != *text || reacted != *reactions {
                return Err(format!(
                    "{:?} shows {is:?} {reacted:?}, should {text:?} {reactions:?}",
                    line.seq
                ));
            }
        }
        let top = shown.iter().find_map(|line| line.seq);
        let chat = world.devices[place].engine.chat(id).ok_or("vanished")?;
        let first = messages.keys().find(|seq| **seq >= since);
        if chat.first <= since && (first.is_none() || top <= first.copied()) {
            return Ok(());
        }
        world.event(place, Event::Wish(Wish::Older));
    }
    Err("the beginning is never reached".to_owned())
}

/// The store holds exactly the server's entries.
fn check_rows(world: &World, place: usize, id: ChatId) -> Result<(), String> {
    let device = &world.devices[place];
    let chat = device.engine.chat(id).ok_or("vanished")?;
    let mut held: BTreeMap<Seq, Entry> = BTreeMap::new();
    for (key, value) in &device.view {
        if key.starts_with(&format!("e/{id}/")) || key.starts_with(&format!("a/{id}/")) {
            let entry: Entry = serde_json::from_str(value).map_err(|error| error.to_string())?;
            held.insert(entry.seq, entry);
        }
    }
    for entry in &world.server.logs[&id].entries {
        let should = entry.seen_by(device.user);
        match held.get(&entry.seq) {
            _ if entry.seq < chat.first => {}
            None => return Err(format!("{} is not held", entry.seq)),
            Some(is) if *is != should => {
                return Err(format!("{} is held as {is:?}, should be {should:?}", entry.seq));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The index holds the words of what stands, and no others.
fn check_words(world: &World, place: usize, id: ChatId) -> Result<(), String> {
    let device = &world.devices[place];
    let first = device.engine.chat(id).map_or(Seq::ZERO, |chat| chat.first);
    let mut is: BTreeSet<(Seq, String)> = BTreeSet::new();
    for key in device.view.keys().filter(|key| key.starts_with("w/")) {
        if let Some((chat, seq)) = crate::store::parse_word(key)
            && chat == id
            && seq >= first
        {
            is.insert((seq, key.split('/').nth(1).unwrap_or_default().to_owned()));
        }
    }
    let mut should = BTreeSet::new();
    for (seq, (text, _)) in folded(&world.server.logs[&id]).into_iter().filter(|(seq, _)| *seq >= first) {
        should.extend(words(&text.unwrap_or_default()).into_iter().map(|word| (seq, word)));
    }
    match is.symmetric_difference(&should).next() {
        Some(odd) => Err(format!("the index differs in {odd:?}")),
        None => Ok(()),
    }
}

/// What was typed stands once, or is shown as failed; in the order typed.
fn nothing_lost(world: &World) -> Result<(), String> {
    let mut found: BTreeMap<(ChatId, String), Vec<Seq>> = BTreeMap::new();
    for (chat, log) in &world.server.logs {
        for entry in log.entries.iter() {
            if let Some(id) = &entry.client_message_id {
                found.entry((*chat, id.to_string())).or_default().push(entry.seq);
            }
        }
    }
    if let Some((what, seqs)) = found.iter().find(|(_, seqs)| seqs.len() > 1) {
        return Err(format!("{what:?} stands at {seqs:?}"));
    }
    let mut lasts: BTreeMap<(usize, ChatId), Seq> = BTreeMap::new();
    for typed in world.typed.iter().filter(|typed| !typed.abandoned) {
        let status = world.devices[typed.device].engine.record(typed.chat, &typed.id);
        let stands = found.get(&(typed.chat, typed.id.to_string())).map(|seqs| seqs[0]);
        let deletes = matches!(typed.record, Record::Delete { .. });
        match (stands, status) {
            // A deletion of what is deleted makes no entry.
            (Some(_), None | Some(Status::Sent)) | (_, Some(Status::Failed(_))) => {}
            (None, None) if deletes => {}
            (stands, status) => {
                let Typed { device, chat, id, .. } = typed;
                return Err(format!("device {device}, {chat}: {id} stands at {stands:?} and is {status:?}"));
            }
        }
        if let Some(seq) = stands.filter(|_| !typed.retried) {
            let last = lasts.entry((typed.device, typed.chat)).or_default();
            if seq < *last {
                let Typed { device, chat, id, record, .. } = typed;
                return Err(format!("device {device}, {chat}: {seq} {id} {record:?} was typed after {last}"));
            }
            *last = seq;
        }
    }
    // The same text twice means that the user had to type again what had been sent.
    for (chat, log) in &world.server.logs {
        let mut texts = BTreeSet::new();
        for (seq, text) in &log.texts {
            if !texts.insert(text.clone()) {
                return Err(format!("{chat}: {text:?} stands again at {seq}"));
            }
        }
    }
    Ok(())
}
