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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TornUnit;
    use crate::state::{DiskState, Effect};
    use std::collections::BTreeSet;

    /// A file of 16 KiB with `old` bytes, synced, and then changed as told.
    fn file(changes: &[Effect]) -> (DiskState, Model) {
        let model = Model::default();
        let before = [
            Effect::Create { ino: 0, path: "/f".into() },
            Effect::Write { ino: 0, offset: 0, data: vec![b'o'; 16_384].into() },
            Effect::Sync { ino: 0 },
        ];
        let mut state = DiskState::default();
        for (step, effect) in (1..).zip(before.iter().chain(changes)) {
            state.apply(step, effect, &model);
        }
        (state, model)
    }

    fn write(offset: u64, byte: u8, n: usize) -> Effect {
        Effect::Write { ino: 0, offset, data: vec![byte; n].into() }
    }

    #[test]
    fn each_unit_holds_one_of_the_versions_it_had() {
        // Two writes that share the units at 1,000 and at 3,000 without being aligned to either.
        let (state, model) = file(&[write(1_000, b'a', 2_000), write(2_500, b'b', 600)]);
        for torn_unit in [TornUnit::Bytes512, TornUnit::Bytes4096] {
            let model = Model { torn_unit, ..model };
            let unit = torn_unit.bytes() as usize;
            let versions = [2, 3, 4, 5].map(|step| in_order(&state.files[&0], step).to_vec());
            for seed in 0..500 {
                let image = torn(&state.files[&0], 128, false, &mut Dice::new(seed), &model).to_vec();
                for at in (0..image.len()).step_by(unit) {
                    let part = at..(at + unit).min(image.len());
                    assert!(versions.iter().any(|version| version[part.clone()] == image[part.clone()]));
                }
            }
        }
    }

    #[test]
    fn whole_writes_are_never_torn_and_every_subset_occurs() {
        let (state, model) =
            file(&[write(0, b'a', 4_096), write(4_096, b'b', 4_096), write(8_192, b'c', 4_096)]);
        let mut seen = BTreeSet::new();
        for seed in 0..200 {
            let image = writes(&state.files[&0], 128, &mut Dice::new(seed), &model).to_vec();
            assert!(image.chunks(4_096).all(|part| part.iter().all(|byte| *byte == part[0])));
            seen.insert((image[0], image[4_096], image[8_192]));
        }
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn a_write_of_a_page_can_be_torn_at_512_bytes_and_not_at_4096() {
        let (state, model) = file(&[write(4_096, b'n', 4_096)]);
        let torn_at = |torn_unit| {
            let model = Model { torn_unit, ..model };
            (0..200).any(|seed| {
                let image = torn(&state.files[&0], 200, false, &mut Dice::new(seed), &model).to_vec();
                let new = image[4_096..8_192].iter().filter(|byte| **byte == b'n').count();
                new > 0 && new < 4_096
            })
        };
        assert!(torn_at(TornUnit::Bytes512));
        assert!(!torn_at(TornUnit::Bytes4096));
    }

    #[test]
    fn what_was_written_after_a_cut_off_is_not_seen_without_the_cut_off() {
        let (state, model) = file(&[Effect::Truncate { ino: 0, len: 0 }, write(0, b'n', 2_048)]);
        let mut lengths = BTreeSet::new();
        for seed in 0..300 {
            let image = torn(&state.files[&0], 200, false, &mut Dice::new(seed), &model).to_vec();
            if image.len() == 16_384 {
                assert!(image.iter().all(|byte| *byte == b'o'));
            } else {
                assert!(image.iter().all(|byte| [b'n', 0].contains(byte)));
            }
            lengths.insert(image.len());
        }
        assert_eq!(lengths, BTreeSet::from([0, 2_048, 16_384]));
    }

    #[test]
    fn noise_fills_only_what_grew() {
        let (state, model) = file(&[write(16_384, b'n', 8_192)]);
        let mut noisy = false;
        for seed in 0..100 {
            let image = torn(&state.files[&0], 128, true, &mut Dice::new(seed), &model).to_vec();
            assert!(image[..16_384].iter().all(|byte| *byte == b'o'));
            noisy |= image[16_384..].iter().any(|byte| ![b'n', 0].contains(byte));
        }
        assert!(noisy);
    }
}
