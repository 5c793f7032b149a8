//! A list that only grows, in memory.

use chinwag_proto::Seq;

use crate::chain::{Append, Appended, Page};

/// Appends by the rules of [`Append`]; `has_room` says whether there is room for the items.
pub(super) fn append(list: &mut Vec<Vec<u8>>, append: Append, has_room: bool) -> Appended {
    let (after, head) = (usize_of(append.after), list.len());
    let end = after + append.items.len();
    if list.get(after..end).is_some_and(|stands| stands == append.items) {
        return Appended::Done(seq_of(end));
    }
    if after != head {
        return Appended::Stale(seq_of(head));
    }
    if !has_room {
        return Appended::Full;
    }
    list.extend(append.items);
    Appended::Done(seq_of(end))
}

pub(super) fn page(list: &[Vec<u8>], after: Seq, limit: usize, bytes_max: usize) -> Page {
    let mut bytes = 0;
    let fits = |item: &&Vec<u8>| {
        let first = bytes == 0;
        bytes += item.len();
        first || bytes <= bytes_max
    };
    let items = list.iter().skip(usize_of(after)).take(limit).take_while(fits).cloned().collect();
    Page { items, head: seq_of(list.len()) }
}

fn usize_of(seq: Seq) -> usize {
    usize::try_from(seq.get()).unwrap_or(usize::MAX / 2)
}

fn seq_of(number: usize) -> Seq {
    Seq::clamped(number as u64)
}
