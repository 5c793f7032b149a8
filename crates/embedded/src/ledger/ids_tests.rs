//! Ids are found, whatever was merged.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::ledger::ids::Ids;
use crate::ledger::testing::seq;

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(
        "CREATE TABLE ids_run (run INTEGER PRIMARY KEY, count, first_block, fences, filter);
         CREATE TABLE ids (block INTEGER PRIMARY KEY, data);",
    )
    .unwrap();
    db
}

/// Keys as they come from a keyed hash.
fn key(number: u64) -> u64 {
    let product = u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    (product >> 32) as u64
}

fn add(db: &Connection, ids: &Ids, numbers: std::ops::Range<u64>) {
    let mut fold = IdsFold::new(db, &ids.runs());
    fold.add(numbers.map(|number| (key(number), seq(number))).collect(), &mut || {}).unwrap();
    ids.replace(fold.finish(), || Ok(())).unwrap();
}

/// The seqs that a key has, and the blocks that were read for it.
fn find(db: &Connection, ids: &Ids, key: u64) -> (Vec<u64>, usize) {
    let (mut found, mut read) = (Vec::new(), 0);
    for run in ids.runs().iter() {
        for block in run.blocks_of(key) {
            read += 1;
            let block = read_block(db, block).unwrap().unwrap();
            found.extend(block.iter().filter(|(known, _)| *known == key).map(|(_, seq)| seq.get()));
        }
    }
    (found, read)
}

#[test]
fn every_id_is_found_whatever_was_merged_and_few_runs_are_left() {
    let (db, ids) = (database(), Ids::default());
    let mut count = 0;
    for size in (0..200).map(|at| [1, 3, 700, 40, 260][at % 5]) {
        add(&db, &ids, count..count + size);
        count += size;
    }
    let runs = ids.runs();
    assert!(runs.len() <= 7 * 6, "{} runs of {count} ids", runs.len());
    assert_eq!(runs.iter().map(|run| run.count).sum::<u64>(), count);
    for number in 0..count {
        assert_eq!(find(&db, &ids, key(number)).0, [number]);
    }
    let in_vain: usize = (count..2 * count).map(|number| find(&db, &ids, key(number)).1).sum();
    assert!(in_vain as u64 <= count * runs.len() as u64 / 50, "{in_vain} blocks read for {count} unused ids");
    let again = Ids::load(&db).unwrap();
    for number in (0..count).step_by(17) {
        assert_eq!(find(&db, &again, key(number)).0, [number]);
    }
    let blocks: i64 = db.query_row("SELECT count(*) FROM ids", [], |row| row.get(0)).unwrap();
    assert_eq!(
        blocks as usize,
        runs.iter().map(|run| run.fences.len()).sum::<usize>(),
        "nothing is left over"
    );
}

#[test]
fn keys_that_are_alike_are_all_found_also_across_blocks() {
    let (db, ids) = (database(), Ids::default());
    let mut fold = IdsFold::new(&db, &[]);
    let alike = (1..=600).map(|number| (7_u64 << 40, seq(number)));
    fold.add(alike.chain((1..300).map(|number| (key(number), seq(number)))).collect(), &mut || {}).unwrap();
    ids.replace(fold.finish(), || Ok(())).unwrap();
    let found: BTreeSet<u64> = find(&db, &ids, 7 << 40).0.into_iter().collect();
    assert_eq!(found.len(), 600);
}

#[test]
fn without_a_filter_ids_are_found_as_well() {
    let (db, ids) = (database(), Ids::default());
    add(&db, &ids, 0..1_000);
    let bare = ids.runs().iter().map(|run| Arc::new(run.without_filter())).collect();
    ids.replace(bare, || Ok(())).unwrap();
    assert_eq!(find(&db, &ids, key(500)).0, [500]);
}
