//! What every engine of key packages does.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::{WholeDirectory, enter, enter_devices};
use crate::contract::samples::{device, user};
use crate::directory::{Publish, Published, REMEMBERED, Stock};

/// The guarantees of [`crate::KeyPackages`].
pub async fn key_packages_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    packages_are_given_out_once_and_the_oldest_first(&*make().await).await;
    the_last_resort_is_given_out_again_and_again(&*make().await).await;
    many_claims_at_once_share_nothing(&*make().await).await;
    what_is_published_twice_is_there_once(&*make().await).await;
    what_was_given_out_is_not_taken_again(&*make().await).await;
    so_many_may_wait(&*make().await).await;
    each_device_gives_one(&*make().await).await;
    nobody_publishes_for_another(&*make().await).await;
    keys_go_with_their_device_and_their_user(&*make().await).await;
}

fn package(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// What a device of the user of `number / 10` publishes.
fn publish(number: u64, packages: &[&str]) -> Publish {
    Publish {
        user: user(number / 10),
        device: device(number),
        packages: packages.iter().map(|text| package(text)).collect(),
        last_resort: None,
        waiting_max: 200,
    }
}

fn last_resort(number: u64, text: &str) -> Publish {
    Publish { last_resort: Some(package(text)), ..publish(number, &[]) }
}

fn stocked(available: usize, last_resort: bool) -> Published {
    Published::Done(Stock { available, last_resort })
}

/// What a claim of all devices of a user gives: device, package, whether it is the last resort.
async fn claims(directory: &dyn WholeDirectory, whose: u64) -> Vec<(u64, String, bool)> {
    let claimed = directory.claim(user(whose), None).await.unwrap();
    let plain = |text: Vec<u8>| String::from_utf8(text).unwrap();
    claimed.into_iter().map(|key| (key.device.get(), plain(key.package), key.last_resort)).collect()
}

fn once(number: u64, text: &str) -> (u64, String, bool) {
    (number, text.to_owned(), false)
}

async fn packages_are_given_out_once_and_the_oldest_first(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10]).await;
    assert_eq!(directory.stock(user(1), device(10)).await, Ok(Stock::default()));
    assert_eq!(directory.publish(publish(10, &["b", "a"])).await, Ok(stocked(2, false)));
    assert_eq!(directory.publish(publish(10, &["c"])).await, Ok(stocked(3, false)));
    for text in ["b", "a", "c"] {
        assert_eq!(claims(directory, 1).await, [once(10, text)]);
    }
    assert_eq!(claims(directory, 1).await, []);
    assert_eq!(directory.stock(user(1), device(10)).await, Ok(Stock::default()));
    assert_eq!(claims(directory, 2).await, [], "who has no device");
    assert_eq!(claims(directory, 3).await, [], "who never was");
}

async fn the_last_resort_is_given_out_again_and_again(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10]).await;
    assert_eq!(directory.publish(last_resort(10, "old")).await, Ok(stocked(0, true)));
    assert_eq!(directory.publish(publish(10, &["a"])).await, Ok(stocked(1, true)), "it stays");
    assert_eq!(claims(directory, 1).await, [once(10, "a")], "the one-time ones come first");
    for _ in 0..3 {
        assert_eq!(claims(directory, 1).await, [(10, "old".to_owned(), true)]);
    }
    assert_eq!(directory.publish(last_resort(10, "new")).await, Ok(stocked(0, true)));
    assert_eq!(claims(directory, 1).await, [(10, "new".to_owned(), true)]);
    let stock = Stock { available: 0, last_resort: true };
    assert_eq!(directory.stock(user(1), device(10)).await, Ok(stock));
}

async fn many_claims_at_once_share_nothing(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11]).await;
    let names: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for number in [10, 11] {
        directory.publish(publish(number, &names)).await.unwrap();
    }
    let claimed = join_all((0..60).map(|_| claims(directory, 1))).await.concat();
    assert_eq!(claimed.len(), 100, "every package is given out");
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 100, "and none twice");
}

async fn what_is_published_twice_is_there_once(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11]).await;
    directory.publish(publish(10, &["a", "b"])).await.unwrap();
    let again = Publish { last_resort: Some(package("z")), ..publish(10, &["a", "b", "c", "c"]) };
    assert_eq!(directory.publish(again).await, Ok(stocked(3, true)));
    assert_eq!(directory.publish(publish(11, &["a"])).await, Ok(stocked(1, false)), "another device's own");
}

async fn what_was_given_out_is_not_taken_again(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10]).await;
    directory.publish(publish(10, &["first"])).await.unwrap();
    assert_eq!(claims(directory, 1).await, [once(10, "first")]);
    assert_eq!(directory.publish(publish(10, &["first"])).await, Ok(stocked(0, false)));
    let names: Vec<_> = (1..REMEMBERED).map(|number| number.to_string()).collect();
    for some in names.chunks(200) {
        let some: Vec<_> = some.iter().map(String::as_str).collect();
        directory.publish(publish(10, &some)).await.unwrap();
        join_all(some.iter().map(|_| claims(directory, 1))).await;
    }
    assert_eq!(directory.publish(publish(10, &["first"])).await, Ok(stocked(0, false)));
    directory.publish(publish(10, &["last"])).await.unwrap();
    assert_eq!(claims(directory, 1).await, [once(10, "last")]);
    assert_eq!(directory.publish(publish(10, &["last", "1"])).await, Ok(stocked(0, false)));
}

async fn so_many_may_wait(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10]).await;
    let few = |packages| Publish { waiting_max: 2, ..publish(10, packages) };
    let three = Publish { last_resort: Some(package("z")), ..few(&["a", "b", "c"]) };
    assert_eq!(directory.publish(three).await, Ok(Published::TooMany));
    let nothing = directory.stock(user(1), device(10)).await;
    assert_eq!(nothing, Ok(Stock::default()), "nothing of it is there");
    assert_eq!(directory.publish(few(&["a", "b"])).await, Ok(stocked(2, false)));
    assert_eq!(directory.publish(few(&["b", "a"])).await, Ok(stocked(2, false)), "they are there already");
    assert_eq!(directory.publish(few(&["c"])).await, Ok(Published::TooMany));
    claims(directory, 1).await;
    assert_eq!(directory.publish(few(&["c"])).await, Ok(stocked(2, false)));
}

async fn each_device_gives_one(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [12, 10, 11, 13, 20]).await;
    for number in [10, 11, 12, 20] {
        directory.publish(publish(number, &["a", "b", "c"])).await.unwrap();
    }
    assert_eq!(claims(directory, 1).await, [10, 11, 12].map(|number| once(number, "a")));
    let some = [device(12), device(10), device(13), device(20), device(99)];
    let claimed = directory.claim(user(1), Some(&some)).await.unwrap();
    let claimed: Vec<_> = claimed.iter().map(|key| key.device.get()).collect();
    assert_eq!(claimed, [10, 12], "others' and those without any are left out");
    assert_eq!(directory.claim(user(1), Some(&[])).await, Ok(vec![]));
    assert_eq!(claims(directory, 2).await, [once(20, "a")], "another's were left alone");
}

async fn nobody_publishes_for_another(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10]).await;
    let other = Publish { user: user(2), ..publish(10, &["a"]) };
    assert_eq!(directory.publish(other).await, Ok(Published::NoDevice));
    assert_eq!(directory.publish(publish(11, &["a"])).await, Ok(Published::NoDevice));
    directory.publish(publish(10, &["a"])).await.unwrap();
    assert_eq!(directory.stock(user(2), device(10)).await, Ok(Stock::default()));
}

async fn keys_go_with_their_device_and_their_user(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10, 11, 20]).await;
    for number in [10, 11, 20] {
        directory
            .publish(Publish { packages: vec![package("a")], ..last_resort(number, "z") })
            .await
            .unwrap();
    }
    directory.remove_device(user(1), device(10)).await.unwrap();
    assert_eq!(directory.stock(user(1), device(10)).await, Ok(Stock::default()));
    assert_eq!(claims(directory, 1).await, [once(11, "a")]);
    assert_eq!(directory.publish(publish(10, &["b"])).await, Ok(Published::NoDevice));
    directory.end_token(user(1), device(11)).await.unwrap();
    assert_eq!(claims(directory, 1).await, [(11, "z".to_owned(), true)], "a log-out takes nothing");
    directory.erase(user(2)).await.unwrap();
    assert_eq!(directory.stock(user(2), device(20)).await, Ok(Stock::default()));
    assert_eq!(claims(directory, 2).await, []);
    assert_eq!(directory.publish(publish(20, &["b"])).await, Ok(Published::NoDevice));
}
