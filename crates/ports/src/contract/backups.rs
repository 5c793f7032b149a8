//! What every engine of backups does.

use std::sync::Arc;

use chinwag_proto::Seq;

use super::chain::{List, at as append_at, items};
use super::samples::{at, device, seq, user};
use crate::backups::{BackupChain, BackupLimits, Backups};
use crate::chain::{Append, Appended};

const PLENTY: BackupLimits = BackupLimits { records: 1_000, bytes: 1_000_000, chains: 10 };

/// The guarantees of [`Backups`].
pub async fn backups_contract(make: impl AsyncFn() -> Arc<dyn Backups>) {
    let backups = make().await;
    let list = List {
        append: async |append: Append| {
            backups.append(user(1), device(10), append, at(0), PLENTY).await.unwrap()
        },
        page: async |after, limit, bytes| {
            backups.records(user(1), device(10), after, limit, bytes).await.unwrap()
        },
    };
    list.keeps_its_contract().await;
    chains_are_listed(&*make().await).await;
    a_user_keeps_so_much(&*make().await).await;
    what_was_erased_does_not_come_back(&*make().await).await;
}

async fn appends(backups: &dyn Backups, whose: u64, number: u64, append: Append, now: i64) {
    let last = Seq::clamped(append.after.get() + append.items.len() as u64);
    let appended = backups.append(user(whose), device(number), append, at(now), PLENTY).await;
    assert_eq!(appended, Ok(Appended::Done(last)));
}

fn chain(number: u64, head: u64, updated: i64) -> BackupChain {
    BackupChain { device: device(number), head: seq(head), updated_at: at(updated) }
}

async fn chains_are_listed(backups: &dyn Backups) {
    assert_eq!(backups.chains(user(1)).await, Ok(vec![]));
    appends(backups, 1, 11, append_at(0, ["a"]), 1).await;
    appends(backups, 1, 10, append_at(0, ["b", "c"]), 2).await;
    appends(backups, 2, 20, append_at(0, ["d"]), 3).await;
    appends(backups, 1, 11, append_at(1, ["e"]), 4).await;
    appends(backups, 1, 11, append_at(1, ["e"]), 5).await;
    let stale = backups.append(user(1), device(12), append_at(1, ["x"]), at(6), PLENTY).await;
    assert_eq!(stale, Ok(Appended::Stale(seq(0))));
    assert_eq!(backups.chains(user(1)).await, Ok(vec![chain(10, 2, 2), chain(11, 2, 4)]));
    assert_eq!(backups.records(user(2), device(10), seq(0), 9, 99).await.unwrap().items, items([]));
    assert_eq!(backups.records(user(1), device(11), seq(0), 9, 99).await.unwrap().items, items(["a", "e"]));
}

async fn a_user_keeps_so_much(backups: &dyn Backups) {
    let limits = BackupLimits { records: 4, bytes: 20, chains: 2 };
    let append = async |whose, number, append| {
        backups.append(user(whose), device(number), append, at(0), limits).await.unwrap()
    };
    assert_eq!(append(1, 10, append_at(0, ["a", "b"])).await, Appended::Done(seq(2)));
    assert_eq!(append(1, 11, append_at(0, ["c", "d", "e"])).await, Appended::Full, "records are counted");
    assert_eq!(append(1, 11, append_at(0, ["c"])).await, Appended::Done(seq(1)));
    assert_eq!(append(1, 12, append_at(0, ["d"])).await, Appended::Full, "chains are counted");
    assert_eq!(
        append(1, 11, append_at(1, ["eighteen bytes and"])).await,
        Appended::Full,
        "bytes are counted"
    );
    assert_eq!(append(1, 11, append_at(1, ["seventeen bytes, "])).await, Appended::Done(seq(2)));
    assert_eq!(append(1, 10, append_at(0, ["a", "b"])).await, Appended::Done(seq(2)), "a retry");
    assert_eq!(append(1, 10, append_at(0, ["x"])).await, Appended::Stale(seq(2)));
    assert_eq!(append(2, 20, append_at(0, ["f"])).await, Appended::Done(seq(1)), "another user");
}

async fn what_was_erased_does_not_come_back(backups: &dyn Backups) {
    for number in 0..700 {
        appends(backups, 1, 10, append_at(number, ["a"]), 0).await;
    }
    appends(backups, 1, 11, append_at(0, ["b"]), 0).await;
    appends(backups, 2, 20, append_at(0, ["c"]), 0).await;
    for _ in 0..2 {
        backups.erase(user(1)).await.unwrap();
        assert_eq!(backups.chains(user(1)).await, Ok(vec![]));
        assert_eq!(backups.records(user(1), device(10), seq(0), 9, 99).await.unwrap().items, items([]));
    }
    let late = backups.append(user(1), device(10), append_at(0, ["a"]), at(0), PLENTY).await;
    assert_eq!(late, Ok(Appended::Full));
    backups.erase(user(3)).await.unwrap();
    let late = backups.append(user(3), device(30), append_at(0, ["a"]), at(0), PLENTY).await;
    assert_eq!(late, Ok(Appended::Full), "one who had none");
    assert_eq!(backups.chains(user(2)).await, Ok(vec![chain(20, 1, 0)]));
}

/// What was answered is there after a restart: `open` opens the store, `close` stops it.
pub async fn backups_restart_contract(
    open: impl AsyncFn() -> Arc<dyn Backups>,
    close: impl AsyncFn(Arc<dyn Backups>),
) {
    let backups = open().await;
    appends(&*backups, 1, 10, append_at(0, ["a", "b"]), 7).await;
    appends(&*backups, 2, 20, append_at(0, ["c"]), 7).await;
    backups.erase(user(2)).await.unwrap();
    close(backups).await;
    for _ in 0..2 {
        let backups = open().await;
        assert_eq!(backups.chains(user(1)).await, Ok(vec![chain(10, 2, 7)]));
        assert_eq!(backups.records(user(1), device(10), seq(1), 9, 99).await.unwrap().items, items(["b"]));
        appends(&*backups, 1, 10, append_at(0, ["a", "b"]), 9).await;
        let late = backups.append(user(2), device(20), append_at(0, ["a"]), at(0), PLENTY).await;
        assert_eq!(late, Ok(Appended::Full));
        let two = BackupLimits { records: 2, ..PLENTY };
        let full = backups.append(user(1), device(10), append_at(2, ["c"]), at(0), two).await;
        assert_eq!(full, Ok(Appended::Full), "what is kept is still counted");
        close(backups).await;
    }
}
