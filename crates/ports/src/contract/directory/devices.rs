//! What every engine of devices and tokens does.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{WholeDirectory, enter, enter_devices, new_device, token};
use crate::contract::samples::{at, device, name, sorted, user};
use crate::directory::{Device, NewDevice, TokenOwner};

/// The guarantees of [`crate::Devices`].
pub async fn devices_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    a_device_comes_with_its_token(&*make().await).await;
    the_oldest_device_stands_first(&*make().await).await;
    a_user_has_so_many_devices_at_most(&*make().await).await;
    of_many_devices_at_once_so_many_get_in(&*make().await).await;
    a_new_token_ends_the_old_one(&*make().await).await;
    nobody_touches_anothers_device(&*make().await).await;
    an_ended_token_leaves_the_device(&*make().await).await;
    all_other_tokens_end(&*make().await).await;
    a_removed_device_is_gone(&*make().await).await;
    devices_are_renamed(&*make().await).await;
    what_was_seen_is_noted(&*make().await).await;
    who_is_suspended_or_erased_has_no_live_token(&*make().await).await;
}

fn owner(number: u64, whose: u64) -> TokenOwner {
    TokenOwner { user: user(whose), device: device(number), expires_at: at(1_000_000) }
}

async fn a_device_comes_with_its_token(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    assert_eq!(directory.add_device(new_device(10, 1), 9).await, Ok(true));
    assert_eq!(directory.token_owner(&token(10)).await, Ok(Some(owner(10, 1))));
    assert_eq!(directory.token_owner(&token(11)).await, Ok(None));
    let expected = Device {
        id: device(10),
        user: user(1),
        name: name("Device 10"),
        created_at: at(10),
        last_seen: None,
        logged_in: true,
    };
    assert_eq!(directory.devices(user(1)).await, Ok(vec![expected]));
    assert_eq!(directory.devices(user(2)).await, Ok(vec![]));
    assert_eq!(directory.add_device(new_device(20, 2), 9).await, Ok(false), "no such user");
    assert_eq!(directory.token_owner(&token(20)).await, Ok(None));
}

async fn ids(directory: &dyn WholeDirectory, whose: u64) -> Vec<u64> {
    directory.devices(user(whose)).await.unwrap().iter().map(|device| device.id.get()).collect()
}

async fn the_oldest_device_stands_first(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    for (number, since) in [(11, 3), (12, 1), (13, 2)] {
        let device = NewDevice { created_at: at(since), ..new_device(number, 1) };
        directory.add_device(device, 9).await.unwrap();
    }
    assert_eq!(ids(directory, 1).await, [12, 13, 11]);
}

async fn a_user_has_so_many_devices_at_most(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    assert_eq!(directory.add_device(new_device(10, 1), 2).await, Ok(true));
    assert_eq!(directory.add_device(new_device(11, 1), 2).await, Ok(true));
    assert_eq!(directory.add_device(new_device(12, 1), 2).await, Ok(false));
    assert_eq!(directory.token_owner(&token(12)).await, Ok(None));
    assert_eq!(directory.add_device(new_device(20, 2), 2).await, Ok(true), "another user has his own");
    directory.end_token(user(1), device(10)).await.unwrap();
    assert_eq!(directory.add_device(new_device(12, 1), 2).await, Ok(false), "one without a token counts");
    assert_eq!(directory.remove_device(user(1), device(10)).await, Ok(true));
    assert_eq!(directory.add_device(new_device(12, 1), 2).await, Ok(true));
    assert_eq!(ids(directory, 1).await, [11, 12]);
}

async fn of_many_devices_at_once_so_many_get_in(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    let added = join_all((10..30).map(|number| directory.add_device(new_device(number, 1), 4))).await;
    assert_eq!(added.iter().filter(|added| **added == Ok(true)).count(), 4);
    assert_eq!(ids(directory, 1).await.len(), 4);
}

async fn a_new_token_ends_the_old_one(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11]).await;
    assert_eq!(directory.renew_token(user(1), device(10), token(90), at(5_000)).await, Ok(true));
    assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
    let renewed = TokenOwner { expires_at: at(5_000), ..owner(10, 1) };
    assert_eq!(directory.token_owner(&token(90)).await, Ok(Some(renewed)));
    assert_eq!(directory.token_owner(&token(11)).await, Ok(Some(owner(11, 1))));
    directory.end_token(user(1), device(10)).await.unwrap();
    assert_eq!(
        directory.renew_token(user(1), device(10), token(91), at(5_000)).await,
        Ok(true),
        "after a logout too"
    );
    assert!(directory.devices(user(1)).await.unwrap().iter().all(|device| device.logged_in));
}

async fn nobody_touches_anothers_device(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10, 20]).await;
    let before = directory.devices(user(1)).await;
    for stranger in [2, 9] {
        let renewed = directory.renew_token(user(stranger), device(10), token(90), at(5_000)).await;
        assert_eq!(renewed, Ok(false));
        assert_eq!(directory.rename_device(user(stranger), device(10), &name("Mine")).await, Ok(false));
        assert_eq!(directory.end_token(user(stranger), device(10)).await, Ok(()));
        assert_eq!(directory.remove_device(user(stranger), device(10)).await, Ok(false));
    }
    assert_eq!(directory.end_other_tokens(user(2), None).await, Ok(vec![device(20)]));
    assert_eq!(directory.devices(user(1)).await, before);
    assert_eq!(directory.token_owner(&token(10)).await, Ok(Some(owner(10, 1))));
    assert_eq!(directory.token_owner(&token(90)).await, Ok(None));
}

async fn an_ended_token_leaves_the_device(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10]).await;
    for _ in 0..2 {
        assert_eq!(directory.end_token(user(1), device(10)).await, Ok(()));
        assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
        let devices = directory.devices(user(1)).await.unwrap();
        assert_eq!((devices.len(), devices[0].logged_in), (1, false));
    }
    assert_eq!(directory.end_token(user(1), device(99)).await, Ok(()), "one that never was");
}

async fn all_other_tokens_end(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10, 11, 12, 13, 20]).await;
    directory.end_token(user(1), device(13)).await.unwrap();
    let ended = directory.end_other_tokens(user(1), Some(device(11))).await.unwrap();
    assert_eq!(sorted(ended), [device(10), device(12)], "those that had one");
    assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
    assert_eq!(directory.token_owner(&token(11)).await, Ok(Some(owner(11, 1))));
    assert_eq!(directory.token_owner(&token(20)).await, Ok(Some(owner(20, 2))));
    assert_eq!(directory.end_other_tokens(user(1), None).await, Ok(vec![device(11)]));
    assert_eq!(directory.end_other_tokens(user(1), None).await, Ok(vec![]));
    assert_eq!(ids(directory, 1).await.len(), 4, "the devices stay");
}

async fn a_removed_device_is_gone(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11]).await;
    assert_eq!(directory.remove_device(user(1), device(10)).await, Ok(true));
    assert_eq!(directory.remove_device(user(1), device(10)).await, Ok(false));
    assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
    assert_eq!(ids(directory, 1).await, [11]);
    assert_eq!(directory.renew_token(user(1), device(10), token(90), at(1)).await, Ok(false));
    assert_eq!(directory.rename_device(user(1), device(10), &name("Gone")).await, Ok(false));
}

async fn devices_are_renamed(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11]).await;
    assert_eq!(directory.rename_device(user(1), device(10), &name("Phone")).await, Ok(true));
    let names: Vec<_> =
        directory.devices(user(1)).await.unwrap().into_iter().map(|device| device.name).collect();
    assert_eq!(names, [name("Phone"), name("Device 11")]);
    assert_eq!(directory.rename_device(user(1), device(99), &name("Phone")).await, Ok(false));
}

async fn what_was_seen_is_noted(directory: &dyn WholeDirectory) {
    enter(directory, [1]).await;
    enter_devices(directory, [10, 11, 12]).await;
    directory.end_token(user(1), device(12)).await.unwrap();
    let seen = [10, 12, 99].map(|number| (device(number), at(500), at(2_000_000)));
    assert_eq!(directory.seen(&seen).await, Ok(()), "one that is not there is passed over");
    let last_seen: Vec<_> =
        directory.devices(user(1)).await.unwrap().iter().map(|device| device.last_seen).collect();
    assert_eq!(last_seen, [Some(at(500)), None, Some(at(500))]);
    let lives =
        async |number| directory.token_owner(&token(number)).await.unwrap().map(|owner| owner.expires_at);
    assert_eq!(lives(10).await, Some(at(2_000_000)));
    assert_eq!(lives(11).await, Some(at(1_000_000)));
    assert_eq!(lives(12).await, None, "a token that was ended does not come back");
    assert_eq!(directory.seen(&[]).await, Ok(()));
}

async fn who_is_suspended_or_erased_has_no_live_token(directory: &dyn WholeDirectory) {
    enter(directory, [1, 2]).await;
    enter_devices(directory, [10, 20]).await;
    directory.set_suspended(user(1), true).await.unwrap();
    assert_eq!(directory.token_owner(&token(10)).await, Ok(None));
    assert_eq!(directory.add_device(new_device(11, 1), 9).await, Ok(false));
    assert_eq!(directory.token_owner(&token(11)).await, Ok(None));
    assert_eq!(
        directory.end_other_tokens(user(1), None).await,
        Ok(vec![device(10)]),
        "it can still be ended"
    );
    assert_eq!(directory.token_owner(&token(20)).await, Ok(Some(owner(20, 2))));
    directory.set_suspended(user(1), false).await.unwrap();
    assert_eq!(directory.token_owner(&token(10)).await, Ok(None), "what was ended stays so");
    assert_eq!(directory.add_device(new_device(11, 1), 9).await, Ok(true));
    directory.erase(user(2)).await.unwrap();
    assert_eq!(directory.token_owner(&token(20)).await, Ok(None));
    assert_eq!(directory.add_device(new_device(21, 2), 9).await, Ok(false));
    assert_eq!(directory.renew_token(user(2), device(20), token(90), at(1)).await, Ok(false));
    assert_eq!(directory.token_owner(&token(90)).await, Ok(None));
}
