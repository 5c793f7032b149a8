//! Which unsynced changes a power cut leaves behind.
//!
//! A torn unit always holds one of the versions that it had since the last sync: the cache of a disk may write units in any
//! order and leave any of them out, but it does not put an old version over a newer one it has already written, nor mix
//! two versions. So for each unit one choice is made, the newest change that landed there, and that covers subsets,
//! reordering and tearing together. A file's length is metadata and has its own choice; a file that was cut off and
//! written again shows no new byte behind the cut before the cut itself has landed.

use crate::content::Content;
use crate::dice::Dice;
use crate::model::Model;
use crate::state::{ChangeKind, FileState};

/// How many of 256 units of a torn write land.
const KEPT_OF_TORN: u16 = 160;

/// The changes made up to and with step `through`, all of them, in order.
pub(crate) fn in_order(file: &FileState, through: usize) -> Content {
    let mut content = file.durable.clone();
    for change in file.pending.iter().take_while(|change| change.step <= through) {
        match &change.kind {
            ChangeKind::Write { offset, data } => content.write(*offset, data),
            ChangeKind::Truncate { .. } => content.set_len(change.len_after),
        }
    }
    content
}

/// Each write lands whole or not at all, `of_256` of 256 of them.
pub(crate) fn writes(file: &FileState, of_256: u16, dice: &mut Dice, model: &Model) -> Content {
    subset(file, of_256, false, false, dice, model)
}

/// `of_256` of 256 writes land, and of those some units do not. With `noise`, what a longer file holds where nothing landed is not zeros but
/// old rubbish, as on a file system that journals lengths before data.
pub(crate) fn torn(file: &FileState, of_256: u16, noise: bool, dice: &mut Dice, model: &Model) -> Content {
    subset(file, of_256, true, noise, dice, model)
}

fn subset(file: &FileState, of_256: u16, tear: bool, noise: bool, dice: &mut Dice, model: &Model) -> Content {
    if file.pending.is_empty() {
        return file.durable.clone();
    }
    let unit = model.torn_unit.bytes();
    let chosen: Vec<bool> = file.pending.iter().map(|_| dice.chance(of_256)).collect();
    let lengths = lengths_landed(&chosen, dice);
    let newest = newest_per_unit(file, &chosen, lengths, unit, tear, dice);
    let mut content = file.durable.clone();
    for (i, change) in (1_u32..).zip(&file.pending) {
        match &change.kind {
            ChangeKind::Write { offset, data } => {
                for (index, at, part) in units(*offset, data, unit) {
                    if newest[index] >= i {
                        content.write(at, part);
                    }
                }
            }
            ChangeKind::Truncate { .. } if i as usize <= lengths => {
                content.set_len(content.len().min(change.len_after));
            }
            ChangeKind::Truncate { .. } => {}
        }
    }
    let len = lengths.checked_sub(1).map_or(file.durable.len(), |last| file.pending[last].len_after);
    content.set_len(len);
    if noise {
        fill_with_noise(&mut content, file.durable.len(), &newest, unit, dice);
    }
    content
}

/// How many of the changes' lengths have landed: often as many as the writes need, sometimes fewer or more.
fn lengths_landed(chosen: &[bool], dice: &mut Dice) -> usize {
    let needed = chosen.iter().rposition(|landed| *landed).map_or(0, |last| last + 1);
    match dice.below(3) {
        0 => needed,
        1 => needed + dice.below(chosen.len() - needed + 1),
        _ => dice.below(chosen.len() + 1),
    }
}

/// For each unit the number (from 1) of the newest change that landed there, 0 for none. `chosen` says which writes landed,
/// `tear` that of those some units did not.
fn newest_per_unit(
    file: &FileState,
    chosen: &[bool],
    lengths: usize,
    unit: u64,
    tear: bool,
    dice: &mut Dice,
) -> Vec<u32> {
    let end = file.pending.iter().map(|change| change.len_after).fold(file.durable.len(), u64::max);
    let mut newest = vec![0; end.div_ceil(unit) as usize];
    // Bytes from here on belong to a life of the file after a cut that has not landed.
    let mut hidden_from = u64::MAX;
    for ((i, change), whole) in (1_u32..).zip(&file.pending).zip(chosen) {
        match &change.kind {
            ChangeKind::Write { offset, data } => {
                for (index, at, part) in units(*offset, data, unit) {
                    if at + part.len() as u64 <= hidden_from && *whole && (!tear || dice.chance(KEPT_OF_TORN))
                    {
                        newest[index] = i;
                    }
                }
            }
            ChangeKind::Truncate { len_before } if change.len_after < *len_before => {
                if i as usize > lengths {
                    hidden_from = hidden_from.min(change.len_after);
                } else {
                    let from = (change.len_after / unit) as usize;
                    newest[from..len_before.div_ceil(unit) as usize].fill(i);
                }
            }
            ChangeKind::Truncate { .. } => {}
        }
    }
    newest
}

fn fill_with_noise(content: &mut Content, from: u64, newest: &[u32], unit: u64, dice: &mut Dice) {
    let mut rubbish = vec![0; unit as usize];
    for index in from.div_ceil(unit)..content.len() / unit {
        if newest[index as usize] == 0 {
            for word in rubbish.chunks_exact_mut(8) {
                word.copy_from_slice(&dice.next().to_le_bytes());
            }
            content.write(index * unit, &rubbish);
        }
    }
}

/// The parts of a write by the unit they fall into: number of the unit, offset, bytes.
fn units(offset: u64, data: &[u8], unit: u64) -> impl Iterator<Item = (usize, u64, &[u8])> {
    let mut at = offset;
    let mut rest = data;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let room = unit - at % unit;
        let (part, more) = rest.split_at(rest.len().min(room as usize));
        let found = ((at / unit) as usize, at, part);
        at += part.len() as u64;
        rest = more;
        Some(found)
    })
}
