//! The store against its model, power cuts included; profiles, their keys and their files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use chinwag_client::store::{Op, Range, Row, startup_ranges};
use chinwag_powercut::{Disk, Model};
use parking_lot::Mutex;

use super::key::StoreKey;
use super::sqlite::Sqlite;
use super::*;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn chat(&mut self) -> String {
        format!("g.{}", 1 + self.below(3))
    }

    fn word(&mut self) -> &'static str {
        ["a", "ab", "abc", "be", "zebra", "京"][self.below(6) as usize]
    }

    fn key(&mut self) -> String {
        let (chat, seq) = (self.chat(), self.below(12));
        match self.below(9) {
            0 => format!("c/{chat}"),
            1 | 2 => format!("e/{chat}/{seq:014x}"),
            3 => format!("a/{chat}/{seq:014x}/{:014x}", self.below(12)),
            4 | 5 => format!("w/{}/{chat}/{seq:014x}", self.word()),
            6 => format!("j/{chat}/{seq:014x}/{seq:014x}"),
            7 => format!("o/{seq:014x}"),
            _ => ["m", "l", "s/own", "g/g.1/03"][self.below(4) as usize].to_owned(),
        }
    }

    /// A range such as the engine asks for, and now and then a strange one.
    fn range(&mut self) -> Range {
        let (chat, from) = (self.chat(), self.below(12));
        let to = from + self.below(6);
        let between = |from: String, to: String| Range { from, to, limit: usize::MAX, backwards: false };
        let mut range = match self.below(8) {
            0 => Range::prefix(["c/", "o/", "j/", "m", "s/", ""][self.below(6) as usize]),
            1 | 2 => between(format!("e/{chat}/{from:014x}"), format!("e/{chat}/{to:014x}")),
            3 | 4 => between(format!("a/{chat}/{from:014x}/"), format!("a/{chat}/{to:014x}/")),
            5 => Range::prefix(&format!("w/{}", self.word())),
            6 => between(self.key(), self.key()),
            _ => Range::prefix(&format!("w/{}/", self.word())),
        };
        range.backwards = self.below(3) == 0;
        range
    }

    fn op(&mut self) -> Op {
        match self.below(12) {
            0..=7 => Op::Put(self.key(), format!("value {}", self.below(1_000_000))),
            8..=10 => Op::Delete(self.key()),
            _ => Op::DeleteRange(self.range()),
        }
    }

    fn batch(&mut self) -> Vec<Op> {
        (0..1 + self.below(6)).map(|_| self.op()).collect()
    }
}

fn all(rows: &mut dyn Rows) -> Vec<Row> {
    rows.read(&Range::prefix("")).unwrap()
}

/// A limit across chats takes other rows than the model's, but as many, all of the range.
fn agree(store: &mut Sqlite, model: &mut Memory, dice: &mut Dice) {
    let mut range = dice.range();
    let wanted = model.read(&range).unwrap();
    assert_eq!(store.read(&range).unwrap(), wanted, "{range:?}");
    range.limit = dice.below(4) as usize;
    let some = store.read(&range).unwrap();
    assert_eq!(some.len(), wanted.len().min(range.limit), "{range:?}");
    assert!(some.iter().all(|row| wanted.contains(row)), "{range:?}");
    if range.from.starts_with("e/") || range.from.starts_with("a/") {
        assert_eq!(some, model.read(&range).unwrap(), "{range:?}");
    }
}

fn in_folder(path: &Path, key: &StoreKey) -> Sqlite {
    Sqlite::open(folder::Folder::open(path).unwrap(), key).unwrap()
}

#[test]
fn the_store_answers_as_its_model_whatever_is_done_and_also_after_it_was_opened_again() {
    let key = StoreKey::fresh().unwrap();
    for seed in 0..12 {
        let home = tempfile::tempdir().unwrap();
        let (mut dice, mut model) = (Dice(seed), Memory::default());
        let mut store = in_folder(home.path(), &key);
        for step in 0..150 {
            let batch = dice.batch();
            store.apply(&batch).unwrap();
            model.apply(&batch).unwrap();
            agree(&mut store, &mut model, &mut dice);
            if step % 3 == 0 {
                store.commit().unwrap();
            }
            if step % 50 == 49 {
                store.commit().unwrap();
                drop(store);
                store = in_folder(home.path(), &key);
            }
        }
        assert_eq!(all(&mut store), all(&mut model), "seed {seed}");
    }
}

#[test]
fn what_was_not_committed_is_gone_as_a_whole() {
    let (home, key) = (tempfile::tempdir().unwrap(), StoreKey::fresh().unwrap());
    let mut store = in_folder(home.path(), &key);
    store.apply(&[Op::Put("m".into(), "kept".into())]).unwrap();
    store.commit().unwrap();
    store.apply(&[Op::Put("m".into(), "lost".into()), Op::Put("o/01".into(), "lost".into())]).unwrap();
    drop(store);
    assert_eq!(all(&mut in_folder(home.path(), &key)), [("m".to_owned(), "kept".to_owned())]);
}

/// The power goes at any moment: what was committed is there, and of what was not, all or nothing.
#[test]
fn a_power_cut_leaves_every_committed_batch_and_no_part_of_another() {
    let key = StoreKey::fresh().unwrap();
    let path = Path::new("/profile/store.db");
    for seed in 0..6 {
        let mut dice = Dice(1_000 + seed);
        let disk = Disk::new(Model::strict(), seed);
        let open =
            |disk: &Disk| Sqlite::on(disk.open("/profile/store.db").unwrap(), path, &key, None).unwrap();
        let (mut store, mut model) = (open(&disk), Memory::default());
        // What is there after each commit, by the step at which it was durable.
        let mut states = vec![(disk.steps(), Vec::new())];
        for _ in 0..25 {
            let batch = dice.batch();
            store.apply(&batch).unwrap();
            model.apply(&batch).unwrap();
            store.commit().unwrap();
            states.push((disk.steps(), all(&mut model)));
        }
        for _ in 0..120 {
            let at = states[0].0 + dice.below((disk.steps() - states[0].0 + 1) as u64) as usize;
            let image = disk.image_at(at, dice.below(u64::MAX)).unwrap();
            let found = all(&mut open(&Disk::from_image(&image)));
            let durable = states.iter().rposition(|(step, _)| *step <= at).unwrap();
            let next = states.get(durable + 1).unwrap_or(&states[durable]);
            assert!(found == states[durable].1 || found == next.1, "seed {seed}, step {at}: {found:?}");
        }
    }
}

#[tokio::test]
async fn the_thread_answers_in_order_and_a_load_sees_what_was_given_before_it() {
    let mut store = Store::start(Box::<Memory>::default()).unwrap();
    let put =
        |number: u64| Request::Batch(Batch { number, ops: vec![Op::Put("m".into(), number.to_string())] });
    let mut stored = 0;
    for number in 1..=40 {
        store.requests.send(put(number)).await.unwrap();
        let ranges = startup_ranges();
        store.requests.send(Request::Load(Load { number, ranges })).await.unwrap();
        loop {
            match store.answers.recv().await.unwrap() {
                Answer::Stored(up_to) => {
                    assert!(stored < up_to && up_to <= number);
                    stored = up_to;
                }
                Answer::Loaded { number: of, rows } => {
                    assert_eq!((of, rows), (number, vec![("m".to_owned(), number.to_string())]));
                    break;
                }
                Answer::Failed(why) => panic!("{why}"),
            }
        }
    }
    while stored < 40 {
        let Some(Answer::Stored(up_to)) = store.answers.recv().await else { panic!("40 are stored") };
        stored = up_to;
    }
    store.close().await;
}

/// Rows on a disk that fails when it is told to.
struct Failing(Memory);

impl Rows for Failing {
    fn apply(&mut self, ops: &[Op]) -> Result<(), StoreFailed> {
        self.0.apply(ops)
    }

    fn commit(&mut self) -> Result<(), StoreFailed> {
        Err(StoreFailed("the disk is full".to_owned()))
    }

    fn read(&mut self, range: &Range) -> Result<Vec<Row>, StoreFailed> {
        self.0.read(range)
    }
}

#[tokio::test]
async fn a_store_that_fails_says_so_once_and_takes_no_more() {
    let mut store = Store::start(Box::new(Failing(Memory::default()))).unwrap();
    store.requests.send(Request::Keep(vec![Op::Put("m".into(), "lost".into())])).await.unwrap();
    assert!(matches!(store.answers.recv().await, Some(Answer::Failed(_))));
    assert!(store.answers.recv().await.is_none());
    assert!(store.requests.send(Request::Keep(Vec::new())).await.is_err());
}

#[derive(Default)]
struct Twin(Mutex<BTreeMap<String, Vec<u8>>>);

impl Keyring for Twin {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.lock().get(name).cloned())
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), String> {
        self.0.lock().insert(name.to_owned(), secret.to_owned());
        Ok(())
    }
}

fn files(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().unwrap();
    let files = std::fs::read_dir(home).unwrap().map(Result::unwrap);
    files.map(|entry| (name(&entry), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_wrong_passphrase_is_told_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut rows = open(home.path(), &Unlock::passphrase("right")).unwrap();
    rows.apply(&[Op::Put("m".into(), "kept".into())]).unwrap();
    rows.commit().unwrap();
    drop(rows);
    let before = files(home.path());
    let wrong = open(home.path(), &Unlock::passphrase("wrong")).err().unwrap();
    assert!(wrong.to_string().contains("passphrase is wrong"), "{wrong}");
    let other = open(home.path(), &Unlock::UnprotectedKeyFile).err().unwrap();
    assert!(other.to_string().contains("opened by a passphrase, not by a key file"), "{other}");
    assert_eq!(files(home.path()), before);
    assert_eq!(all(&mut *open(home.path(), &Unlock::passphrase("right")).unwrap()).len(), 1);
}

#[test]
fn the_keyring_or_a_file_keeps_the_key_and_a_lost_one_is_told() {
    let (home, keyring) = (tempfile::tempdir().unwrap(), Arc::new(Twin::default()));
    let by = Unlock::Keyring(Arc::clone(&keyring) as Arc<dyn Keyring>);
    let mut rows = open(home.path(), &by).unwrap();
    rows.apply(&[Op::Put("m".into(), "kept".into())]).unwrap();
    rows.commit().unwrap();
    drop(rows);
    assert_eq!(all(&mut *open(home.path(), &by).unwrap()).len(), 1);
    keyring.0.lock().values_mut().for_each(|secret| secret[0] ^= 1);
    assert!(matches!(open(home.path(), &by), Err(ProfileError::Unlock(UnlockError::Lost { .. }))));
    keyring.0.lock().clear();
    assert!(matches!(open(home.path(), &by), Err(ProfileError::Unlock(UnlockError::Lost { .. }))));

    let bare = tempfile::tempdir().unwrap();
    drop(open(bare.path(), &Unlock::UnprotectedKeyFile).unwrap());
    drop(open(bare.path(), &Unlock::UnprotectedKeyFile).unwrap());
    std::fs::remove_file(bare.path().join("key.json")).unwrap();
    let lost = open(bare.path(), &Unlock::UnprotectedKeyFile).err().unwrap();
    assert!(lost.to_string().contains("key.json"), "{lost}");
}

#[test]
fn a_second_process_is_refused_by_name_and_files_are_their_owners_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a").join("profile");
    let rows = open(&path, &Unlock::UnprotectedKeyFile).unwrap();
    let refused = open(&path, &Unlock::UnprotectedKeyFile).err().unwrap().to_string();
    assert!(refused.contains(&format!("pid {}", std::process::id())), "{refused}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let names: Vec<String> = files(&path).into_keys().collect();
    assert!(names.iter().any(|name| name == "store.db-wal"), "{names:?}");
    names.iter().for_each(|name| assert_eq!(mode(&path.join(name)), 0o600, "{name}"));
    drop(rows);
    drop(open(&path, &Unlock::UnprotectedKeyFile).unwrap());
}

#[test]
fn anothers_file_and_a_later_layout_are_refused() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path(), &Unlock::UnprotectedKeyFile).unwrap());
    let db = rusqlite::Connection::open(home.path().join("store.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let newer = open(home.path(), &Unlock::UnprotectedKeyFile).err().unwrap();
    assert!(matches!(newer, ProfileError::File(FileError::TooNew { found: 99, .. })), "{newer}");
    db.pragma_update(None, "application_id", 7).unwrap();
    let foreign = open(home.path(), &Unlock::UnprotectedKeyFile).err().unwrap();
    assert!(matches!(foreign, ProfileError::File(FileError::Foreign { .. })), "{foreign}");
}

#[test]
fn words_of_deleted_messages_leave_the_dictionary() {
    let (home, key) = (tempfile::tempdir().unwrap(), StoreKey::fresh().unwrap());
    let mut store = in_folder(home.path(), &key);
    let word = |seq: u64| format!("w/hello/g.1/{seq:014x}");
    store.apply(&[Op::Put(word(1), "5".into()), Op::Put(word(2), "6".into()), Op::Delete(word(1))]).unwrap();
    assert_eq!(store.read(&Range::prefix("w/h")).unwrap(), [(word(2), "6".to_owned())]);
    store.apply(&[Op::Delete(word(2))]).unwrap();
    store.commit().unwrap();
    drop(store);
    let db = rusqlite::Connection::open(home.path().join("store.db")).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM row", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
