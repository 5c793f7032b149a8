//! What every list does that grows by compare-and-append.

use chinwag_proto::Seq;
use futures_util::future::join_all;

use super::samples::seq;
use crate::chain::{Append, Appended, Page};

/// Such a list, fresh, as an engine gives it.
pub(super) struct List<A, P> {
    /// Appends.
    pub(super) append: A,
    /// Reads after a number: so many, so many bytes.
    pub(super) page: P,
}

pub(super) fn items<const N: usize>(texts: [&str; N]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(super) fn at<const N: usize>(after: u64, texts: [&str; N]) -> Append {
    Append { after: seq(after), items: items(texts) }
}

fn page<const N: usize>(texts: [&str; N], head: u64) -> Page {
    Page { items: items(texts), head: seq(head) }
}

impl<A: AsyncFn(Append) -> Appended, P: AsyncFn(Seq, usize, usize) -> Page> List<A, P> {
    /// All that holds for such a list.
    pub(super) async fn keeps_its_contract(&self) {
        self.it_grows_at_its_end_alone().await;
        self.it_is_read_in_pages().await;
        self.of_many_who_append_at_once_one_does().await;
    }

    async fn it_grows_at_its_end_alone(&self) {
        let append = &self.append;
        assert_eq!((self.page)(Seq::ZERO, 9, 99).await, page([], 0));
        assert_eq!(append(at(1, ["x"])).await, Appended::Stale(Seq::ZERO), "above its end");
        assert_eq!(append(at(0, ["a", "b"])).await, Appended::Done(seq(2)));
        assert_eq!(append(at(0, ["x"])).await, Appended::Stale(seq(2)));
        assert_eq!(append(at(1, ["b", "x"])).await, Appended::Stale(seq(2)), "half of it stands");
        assert_eq!(append(at(2, ["c"])).await, Appended::Done(seq(3)));
        assert_eq!(append(at(0, ["a", "b"])).await, Appended::Done(seq(2)), "a retry, as the first time");
        assert_eq!(append(at(2, ["c"])).await, Appended::Done(seq(3)));
        assert_eq!(append(at(2, ["x"])).await, Appended::Stale(seq(3)));
        assert_eq!(append(at(3, ["c"])).await, Appended::Done(seq(4)), "the same item, elsewhere");
        assert_eq!(append(at(u64::MAX, ["x"])).await, Appended::Stale(seq(4)));
        assert_eq!((self.page)(Seq::ZERO, 9, 99).await, page(["a", "b", "c", "c"], 4));
    }

    async fn it_is_read_in_pages(&self) {
        let page_of = &self.page;
        assert_eq!(page_of(seq(1), 2, 99).await, page(["b", "c"], 4));
        assert_eq!(page_of(seq(3), 9, 99).await, page(["c"], 4));
        assert_eq!(page_of(seq(4), 9, 99).await, page([], 4));
        assert_eq!(page_of(seq(u64::MAX), 9, 99).await, page([], 4));
        assert_eq!((self.append)(at(4, ["five5", "six"])).await, Appended::Done(seq(6)));
        assert_eq!(page_of(seq(2), 9, 7).await, page(["c", "c", "five5"], 6), "bytes are counted");
        assert_eq!(page_of(seq(2), 9, 6).await, page(["c", "c"], 6));
        assert_eq!(page_of(seq(4), 9, 1).await, page(["five5"], 6), "one at least");
        assert_eq!(page_of(seq(4), 9, 0).await, page(["five5"], 6));
    }

    async fn of_many_who_append_at_once_one_does(&self) {
        let names: Vec<_> = (0..20).map(|number| number.to_string()).collect();
        let appended = join_all(names.iter().map(|name| (self.append)(at(6, [name.as_str()])))).await;
        let done: Vec<_> = appended.iter().filter(|one| **one == Appended::Done(seq(7))).collect();
        assert_eq!(done.len(), 1, "{appended:?}");
        assert!(appended.iter().all(|one| matches!(one, Appended::Done(_) | Appended::Stale(_))));
        let last = (self.page)(seq(6), 9, 99).await;
        let winner = appended.iter().position(|one| matches!(one, Appended::Done(_))).unwrap();
        assert_eq!(last.items, [names[winner].as_bytes()]);
    }
}
