//! What every engine of read and delivered marks does.

use std::sync::Arc;

use futures_util::future::join_all;

use super::samples::{direct, group, seq, user, users};
use crate::{Cursors, Mark};

fn mark(read: u64, delivered: u64) -> Mark {
    Mark { read: seq(read), delivered: seq(delivered) }
}

/// The guarantees of [`Cursors`].
pub async fn cursors_contract(make: impl AsyncFn() -> Arc<dyn Cursors>) {
    marks_only_grow(&*make().await).await;
    read_raises_delivered(&*make().await).await;
    the_order_of_calls_does_not_matter(&*make().await).await;
    answers_stand_in_the_order_asked(&*make().await).await;
    marks_are_of_one_user_in_one_chat(&*make().await).await;
    what_was_raised_is_read_at_once_also_after_a_flush(&*make().await).await;
    a_long_list_is_answered_whole(&*make().await).await;
}

async fn marks_only_grow(cursors: &dyn Cursors) {
    let (chat, alice) = (direct(1, 2), user(1));
    assert_eq!(cursors.raise(chat, alice, mark(5, 7)).await, Ok(mark(5, 7)));
    assert_eq!(cursors.raise(chat, alice, mark(3, 6)).await, Ok(mark(5, 7)));
    assert_eq!(cursors.raise(chat, alice, mark(0, 9)).await, Ok(mark(5, 9)));
    assert_eq!(cursors.raise(chat, alice, mark(6, 0)).await, Ok(mark(6, 9)));
    assert_eq!(cursors.raise(chat, alice, mark(0, 0)).await, Ok(mark(6, 9)));
    assert_eq!(cursors.of_user(alice, &[chat]).await, Ok(vec![mark(6, 9)]));
}

async fn read_raises_delivered(cursors: &dyn Cursors) {
    assert_eq!(cursors.raise(group(1), user(1), mark(4, 0)).await, Ok(mark(4, 4)));
    assert_eq!(cursors.raise(group(1), user(1), mark(9, 5)).await, Ok(mark(9, 9)));
}

async fn the_order_of_calls_does_not_matter(cursors: &dyn Cursors) {
    let raises = (1..=40).map(|n| cursors.raise(group(1), user(1), mark(n * 7 % 41, n * 11 % 41)));
    for raised in join_all(raises).await {
        raised.unwrap();
    }
    assert_eq!(cursors.of_user(user(1), &[group(1)]).await, Ok(vec![mark(40, 40)]));
}

async fn answers_stand_in_the_order_asked(cursors: &dyn Cursors) {
    cursors.raise(group(1), user(1), mark(1, 1)).await.unwrap();
    cursors.raise(direct(1, 2), user(1), mark(2, 2)).await.unwrap();
    cursors.raise(group(1), user(3), mark(3, 3)).await.unwrap();
    let (one, two, three, none) = (mark(1, 1), mark(2, 2), mark(3, 3), Mark::default());
    let chats = [group(9), group(1), direct(1, 2), group(1)];
    assert_eq!(cursors.of_user(user(1), &chats).await, Ok(vec![none, one, two, one]));
    let members = users([3, 2, 1, 3]);
    assert_eq!(cursors.of_chat(group(1), &members).await, Ok(vec![three, none, one, three]));
    assert_eq!(cursors.of_user(user(1), &[]).await, Ok(vec![]));
    assert_eq!(cursors.of_chat(group(1), &[]).await, Ok(vec![]));
}

async fn marks_are_of_one_user_in_one_chat(cursors: &dyn Cursors) {
    // Ids that would meet if a key were put together carelessly.
    let chats =
        [direct(1, 2), direct(1, 12), direct(11, 2), group(1), group(2), group(12), super::samples::inbox(1)];
    for (place, &chat) in (1..).zip(&chats) {
        cursors.raise(chat, user(1), mark(place, place)).await.unwrap();
    }
    let expected: Vec<_> = (1..=7).map(|place| mark(place, place)).collect();
    assert_eq!(cursors.of_user(user(1), &chats).await, Ok(expected));
    assert_eq!(cursors.of_user(user(11), &chats).await, Ok(vec![Mark::default(); 7]));
}

async fn what_was_raised_is_read_at_once_also_after_a_flush(cursors: &dyn Cursors) {
    let (chat, alice) = (group(1), user(1));
    for step in 1..=20 {
        cursors.raise(chat, alice, mark(step, step)).await.unwrap();
        assert_eq!(cursors.of_chat(chat, &[alice]).await, Ok(vec![mark(step, step)]));
        cursors.flush().await.unwrap();
        assert_eq!(cursors.of_chat(chat, &[alice]).await, Ok(vec![mark(step, step)]));
        assert_eq!(cursors.raise(chat, alice, mark(0, 0)).await, Ok(mark(step, step)));
    }
    cursors.flush().await.unwrap();
}

async fn a_long_list_is_answered_whole(cursors: &dyn Cursors) {
    let chats: Vec<_> = (1..=1_000).map(group).collect();
    for number in (1..=1_000).step_by(3) {
        cursors.raise(group(number), user(1), mark(number, number)).await.unwrap();
    }
    cursors.flush().await.unwrap();
    let expected: Vec<_> = (1..=1_000)
        .map(|number| if number % 3 == 1 { mark(number, number) } else { Mark::default() })
        .collect();
    assert_eq!(cursors.of_user(user(1), &chats).await, Ok(expected));
}

/// A clean stop loses no mark: `open` opens the store, `close` stops it after its `flush`.
pub async fn cursors_restart_contract(
    open: impl AsyncFn() -> Arc<dyn Cursors>,
    close: impl AsyncFn(Arc<dyn Cursors>),
) {
    let chats: Vec<_> = (1..=50).map(group).collect();
    for life in 0..3_u64 {
        let cursors = open().await;
        for (place, &chat) in (1..).zip(&chats) {
            let before = if life == 0 { Mark::default() } else { mark(place + life - 1, place + life - 1) };
            assert_eq!(cursors.of_chat(chat, &[user(1)]).await, Ok(vec![before]));
            let raised = mark(place + life, place + life);
            assert_eq!(cursors.raise(chat, user(1), raised).await, Ok(raised));
        }
        cursors.flush().await.unwrap();
        close(cursors).await;
    }
}
