//! What every book of blobs does.

use std::sync::Arc;

use chinwag_proto::{BlobName, ChatId};
use futures_util::future::join_all;

use super::{WholeDirectory, enter};
use crate::blobs::{BlobEntry, BlobQuota, Noted};
use crate::contract::samples::{at, direct, group, inbox, sorted, user};

const PLENTY: BlobQuota = BlobQuota { since: chinwag_proto::Timestamp::from_ms(0), bytes: 1_000_000 };

/// The guarantees of [`crate::BlobBook`].
pub async fn blob_book_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    a_line_stands_until_it_is_struck_out(&*make().await).await;
    only_so_much_is_put_within_a_time(&*make().await).await;
    of_many_at_once_so_much_gets_in(&*make().await).await;
    the_book_outlives_its_users(&*make().await).await;
}

fn line(name: u8, chat: ChatId, whose: u64) -> BlobEntry {
    BlobEntry { name: BlobName([name; 32]), chat, user: user(whose) }
}

async fn notes(directory: &dyn WholeDirectory, entry: BlobEntry) {
    assert_eq!(directory.note(entry, 10, at(0), PLENTY).await, Ok(Noted::Done));
}

async fn a_line_stands_until_it_is_struck_out(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    let lines = [line(1, group(7), 1), line(1, direct(1, 2), 1), line(1, group(7), 2), line(2, inbox(1), 1)];
    for entry in lines {
        notes(directory, entry).await;
        notes(directory, entry).await;
    }
    let named = |name: u8, chat| directory.in_chat(BlobName([name; 32]), chat);
    assert_eq!(named(1, group(7)).await, Ok(true));
    assert_eq!(named(2, group(7)).await, Ok(false), "each chat has its own");
    assert_eq!(named(2, inbox(1)).await, Ok(true));
    assert_eq!(
        sorted(directory.entries_of(user(1), 9).await.unwrap()),
        sorted(vec![lines[0], lines[1], lines[3]])
    );
    assert_eq!(directory.entries_of(user(1), 2).await.unwrap().len(), 2);
    assert_eq!(directory.entries_of(user(3), 9).await, Ok(vec![]));
    assert_eq!(directory.named_elsewhere(lines[0]).await, Ok(true));
    assert_eq!(directory.named_elsewhere(lines[3]).await, Ok(false));
    directory.strike(lines[0]).await.unwrap();
    directory.strike(lines[0]).await.unwrap();
    assert_eq!(named(1, group(7)).await, Ok(true), "another has put it there too");
    directory.strike(lines[2]).await.unwrap();
    assert_eq!(named(1, group(7)).await, Ok(false));
    assert_eq!(directory.named_elsewhere(lines[1]).await, Ok(false), "the last that names it");
}

async fn only_so_much_is_put_within_a_time(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    let note = async |name, whose, bytes, now, since| {
        let quota = BlobQuota { since: at(since), bytes: 100 };
        directory.note(line(name, group(7), whose), bytes, at(now), quota).await.unwrap()
    };
    assert_eq!(note(1, 1, 101, 0, 0).await, Noted::TooMuch);
    assert_eq!(note(1, 1, 60, 0, 0).await, Noted::Done);
    assert_eq!(note(2, 1, 41, 5, 0).await, Noted::TooMuch);
    assert_eq!(note(1, 1, 60, 5, 0).await, Noted::Done, "it is there already");
    assert_eq!(note(2, 1, 40, 5, 0).await, Noted::Done);
    assert_eq!(note(3, 2, 100, 5, 0).await, Noted::Done, "each user has his own");
    assert_eq!(note(4, 1, 60, 10, 0).await, Noted::TooMuch);
    assert_eq!(note(4, 1, 60, 10, 1).await, Noted::Done, "the first is long ago");
}

async fn of_many_at_once_so_much_gets_in(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    let quota = BlobQuota { bytes: 30, ..PLENTY };
    let noted = join_all((0..20).map(|name| directory.note(line(name, group(7), 1), 10, at(0), quota))).await;
    assert_eq!(noted.iter().filter(|noted| **noted == Ok(Noted::Done)).count(), 3, "{noted:?}");
}

async fn the_book_outlives_its_users(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    let entry = line(1, group(7), 1);
    notes(directory, entry).await;
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.entries_of(user(1), 9).await, Ok(vec![entry]));
    assert_eq!(directory.note(line(2, group(7), 1), 1, at(0), PLENTY).await, Ok(Noted::NoUser));
    assert_eq!(directory.note(line(2, group(7), 2), 1, at(0), PLENTY).await, Ok(Noted::NoUser));
    assert_eq!(directory.entries_of(user(1), 9).await, Ok(vec![entry]));
}
