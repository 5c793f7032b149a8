//! What every engine of presence does.

use std::sync::Arc;

use chinwag_proto::frame::{PresenceStatus, Status};
use futures_util::future::join_all;

use super::samples::{at, device, user, users};
use crate::{Claim, Presence, Session};

fn session(whose: u64, of: u64) -> Session {
    Session { user: user(whose), device: device(of), node: 0, incarnation: 1 }
}

async fn status(presence: &dyn Presence, whose: u64) -> Status {
    presence.status(&[user(whose)]).await.unwrap()[0].status
}

/// The guarantees of [`Presence`].
pub async fn presence_contract(make: impl AsyncFn() -> Arc<dyn Presence>) {
    a_user_is_there_while_a_device_is(&*make().await).await;
    he_is_away_while_no_device_is_active(&*make().await).await;
    a_later_claim_replaces_an_earlier_one(&*make().await).await;
    a_replaced_connection_changes_nothing_any_more(&*make().await).await;
    it_stays_replaced_after_the_newer_one_has_gone(&*make().await).await;
    claims_made_at_once_are_all_different(&*make().await).await;
    answers_stand_in_the_order_asked(&*make().await).await;
    sessions_die_with_their_nodes_incarnation(&*make().await).await;
    last_seen_is_the_last_release(&*make().await).await;
    a_refresh_does_not_make_active(&*make().await).await;
}

async fn a_user_is_there_while_a_device_is(presence: &dyn Presence) {
    assert_eq!(status(presence, 1).await, Status::Offline);
    let phone = presence.claim(session(1, 10), at(0)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    let laptop = presence.claim(session(1, 11), at(5)).await.unwrap();
    presence.release(session(1, 10), phone, at(10)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    presence.release(session(1, 11), laptop, at(20)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Offline);
    presence.release(session(1, 11), laptop, at(20)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Offline);
}

async fn he_is_away_while_no_device_is_active(presence: &dyn Presence) {
    let phone = presence.claim(session(1, 10), at(0)).await.unwrap();
    let laptop = presence.claim(session(1, 11), at(0)).await.unwrap();
    presence.set_active(session(1, 10), phone, false).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    presence.set_active(session(1, 11), laptop, false).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Away);
    presence.set_active(session(1, 10), phone, true).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    presence.release(session(1, 10), phone, at(9)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Away);
    let again = presence.claim(session(1, 11), at(10)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online, "a fresh session is active");
    presence.release(session(1, 11), again, at(11)).await.unwrap();
}

async fn a_later_claim_replaces_an_earlier_one(presence: &dyn Presence) {
    let first = presence.claim(session(1, 10), at(0)).await.unwrap();
    assert_eq!(presence.refresh(session(1, 10), first, at(1)).await, Ok(true));
    let second = presence.claim(session(1, 10), at(2)).await.unwrap();
    assert!(second > first);
    assert_eq!(presence.refresh(session(1, 10), first, at(3)).await, Ok(false));
    assert_eq!(presence.refresh(session(1, 10), second, at(4)).await, Ok(true));
    let elsewhere = Session { node: 1, ..session(1, 10) };
    let third = presence.claim(elsewhere, at(5)).await.unwrap();
    assert!(third > second);
    assert_eq!(presence.refresh(session(1, 10), second, at(6)).await, Ok(false));
    let other = presence.claim(session(1, 11), at(7)).await.unwrap();
    assert_eq!(
        presence.refresh(elsewhere, third, at(8)).await,
        Ok(true),
        "another device's claim is its own"
    );
    assert_eq!(presence.refresh(session(1, 11), other, at(8)).await, Ok(true));
}

async fn a_replaced_connection_changes_nothing_any_more(presence: &dyn Presence) {
    let first = presence.claim(session(1, 10), at(0)).await.unwrap();
    let second = presence.claim(session(1, 10), at(1)).await.unwrap();
    presence.set_active(session(1, 10), first, false).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    presence.release(session(1, 10), first, at(2)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
    presence.release(session(1, 10), second, at(3)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Offline);
}

async fn it_stays_replaced_after_the_newer_one_has_gone(presence: &dyn Presence) {
    let first = presence.claim(session(1, 10), at(0)).await.unwrap();
    let second = presence.claim(session(1, 10), at(1)).await.unwrap();
    presence.release(session(1, 10), second, at(2)).await.unwrap();
    assert_eq!(presence.refresh(session(1, 10), first, at(3)).await, Ok(false));
    assert_eq!(status(presence, 1).await, Status::Offline);
}

async fn claims_made_at_once_are_all_different(presence: &dyn Presence) {
    let claims = join_all((0..20).map(|_| presence.claim(session(1, 10), at(0)))).await;
    let mut claims: Vec<Claim> = claims.into_iter().map(Result::unwrap).collect();
    claims.sort_unstable();
    claims.dedup();
    assert_eq!(claims.len(), 20);
    for (place, &claim) in claims.iter().enumerate() {
        assert_eq!(
            presence.refresh(session(1, 10), claim, at(1)).await,
            Ok(place == 19),
            "the highest alone lives"
        );
    }
}

async fn answers_stand_in_the_order_asked(presence: &dyn Presence) {
    presence.claim(session(3, 30), at(0)).await.unwrap();
    let asked = users([2, 3, 1, 3]);
    let answered = presence.status(&asked).await.unwrap();
    let stand = |whose: u64, status| PresenceStatus { user_id: user(whose), status, last_seen: None };
    let (off, on) = (Status::Offline, Status::Online);
    assert_eq!(answered, [stand(2, off), stand(3, on), stand(1, off), stand(3, on)]);
    assert_eq!(presence.status(&[]).await, Ok(vec![]));
}

async fn sessions_die_with_their_nodes_incarnation(presence: &dyn Presence) {
    presence.claim(session(1, 10), at(0)).await.unwrap();
    presence.claim(Session { node: 7, ..session(3, 30) }, at(0)).await.unwrap();
    // The node crashed and is back: nobody has released the session of its last life.
    let reborn = Session { incarnation: 2, ..session(2, 20) };
    presence.claim(reborn, at(1)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Offline);
    assert_eq!(status(presence, 2).await, Status::Online);
    assert_eq!(status(presence, 3).await, Status::Online, "another node's sessions stand");
    let back = Session { incarnation: 2, ..session(1, 10) };
    presence.claim(back, at(2)).await.unwrap();
    assert_eq!(status(presence, 1).await, Status::Online);
}

async fn last_seen_is_the_last_release(presence: &dyn Presence) {
    let seen = async || presence.status(&[user(1)]).await.unwrap()[0].last_seen;
    assert_eq!(seen().await, None, "never");
    let phone = presence.claim(session(1, 10), at(0)).await.unwrap();
    let laptop = presence.claim(session(1, 11), at(0)).await.unwrap();
    presence.release(session(1, 10), phone, at(50)).await.unwrap();
    assert_eq!(seen().await, None, "a device is connected");
    presence.release(session(1, 11), laptop, at(70)).await.unwrap();
    assert_eq!(seen().await, Some(at(70)));
    let phone = presence.claim(session(1, 10), at(80)).await.unwrap();
    assert_eq!(seen().await, None);
    presence.release(session(1, 10), phone, at(90)).await.unwrap();
    assert_eq!(seen().await, Some(at(90)));
}

async fn a_refresh_does_not_make_active(presence: &dyn Presence) {
    let phone = presence.claim(session(1, 10), at(0)).await.unwrap();
    presence.set_active(session(1, 10), phone, false).await.unwrap();
    assert_eq!(presence.refresh(session(1, 10), phone, at(1)).await, Ok(true));
    assert_eq!(status(presence, 1).await, Status::Away);
}
