//! What every engine of device chains does.

use std::sync::Arc;

use super::{WholeDirectory, enter};
use crate::chain::{Append, Appended};
use crate::contract::chain::{List, at, items};
use crate::contract::samples::{seq, user};

/// The guarantees of [`crate::DeviceChains`].
pub async fn device_chains_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    let directory = make().await;
    enter(&*directory, [1]).await;
    let list = List {
        append: async |append: Append| directory.append_links(user(1), append, 4_096).await.unwrap(),
        page: async |after, limit, bytes| directory.links(user(1), after, limit, bytes).await.unwrap(),
    };
    list.keeps_its_contract().await;
    each_user_has_his_own(&*make().await).await;
    a_chain_has_an_end(&*make().await).await;
    a_chain_outlives_its_user(&*make().await).await;
}

async fn each_user_has_his_own(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    assert_eq!(directory.append_links(user(1), at(0, ["a"]), 9).await, Ok(Appended::Done(seq(1))));
    assert_eq!(directory.append_links(user(2), at(0, ["b"]), 9).await, Ok(Appended::Done(seq(1))));
    assert_eq!(directory.append_links(user(2), at(1, ["c"]), 9).await, Ok(Appended::Done(seq(2))));
    assert_eq!(directory.links(user(1), seq(0), 9, 99).await.unwrap().items, items(["a"]));
    assert_eq!(directory.links(user(2), seq(0), 9, 99).await.unwrap().items, items(["b", "c"]));
    assert_eq!(directory.links(user(3), seq(0), 9, 99).await.unwrap().items, items([]));
}

async fn a_chain_has_an_end(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    assert_eq!(directory.append_links(user(1), at(0, ["a", "b"]), 1).await, Ok(Appended::Full));
    assert_eq!(directory.append_links(user(1), at(0, ["a"]), 2).await, Ok(Appended::Done(seq(1))));
    assert_eq!(directory.append_links(user(1), at(1, ["b", "c"]), 2).await, Ok(Appended::Full));
    assert_eq!(directory.append_links(user(1), at(1, ["b"]), 2).await, Ok(Appended::Done(seq(2))));
    assert_eq!(directory.append_links(user(1), at(1, ["b"]), 2).await, Ok(Appended::Done(seq(2))), "a retry");
    assert_eq!(directory.append_links(user(1), at(1, ["x"]), 2).await, Ok(Appended::Stale(seq(2))));
}

async fn a_chain_outlives_its_user(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    directory.append_links(user(1), at(0, ["a"]), 9).await.unwrap();
    directory.erase(user(1)).await.unwrap();
    assert_eq!(directory.links(user(1), seq(0), 9, 99).await.unwrap().items, items(["a"]));
    for (whose, append) in [(1, at(1, ["b"])), (2, at(0, ["b"]))] {
        assert_eq!(directory.append_links(user(whose), append, 9).await, Ok(Appended::Full));
    }
    assert_eq!(directory.links(user(1), seq(0), 9, 99).await.unwrap().head, seq(1));
}
