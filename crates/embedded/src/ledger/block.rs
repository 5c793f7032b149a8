//! Looking at a future without waiting for it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The value of a future that needs no other thread and no runtime to come to it; `None` where it does.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    /// A future that yields to others now and then comes through all the same.
    const POLLS_MAX: usize = 1_000;
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    for _ in 0..POLLS_MAX {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}
