//! One task looks after all connections, part by part, so that none needs a timer of its own: silence,
//! stalls, claims, tokens, rights. A second one looks at once at tokens that are said to have died.

use std::sync::{Arc, Weak};
use std::time::Duration;

use chinwag_ports::Unavailable;
use chinwag_proto::error::Close;
use chinwag_proto::{DeviceId, Limits, Timestamp, UserId};
use futures_util::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Gateway;
use super::connection::Connection;
use super::hub::Hub;
use super::table::Table;

/// Parts of the connections.
const PARTS: usize = Table::<UserId>::parts();
/// A token that is in use is written down as such about once in so many heartbeats.
const SEEN_EVERY: u64 = 20;

/// Checks under way at once.
const CHECKS_AT_ONCE: usize = 16;
/// How long the checks of a part may take.
const CHECKS_MAX: Duration = Duration::from_secs(5);

/// How often a part is looked at: all of them four times in a heartbeat.
pub(super) fn tick(limits: &Limits) -> Duration {
    let tick_ms = limits.heartbeat_ms / (4 * PARTS as u64);
    Duration::from_millis(tick_ms.clamp(1, 1_000))
}

/// Looks after the connections until the gateway is gone.
pub(super) async fn run(gateway: Weak<Gateway>, tick: Duration) {
    let mut ticks = interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for part in (0..PARTS).cycle() {
        ticks.tick().await;
        let Some(gateway) = gateway.upgrade() else {
            return;
        };
        gateway.services().presences.announce_due();
        let mut due = gateway.hub().users().part(part);
        due.retain(|connection| look_after(&gateway, connection));
        if due.is_empty() {
            continue;
        }
        // An engine that hangs must not keep anybody from being looked after.
        if timeout(CHECKS_MAX, check_all(&gateway, &due)).await.is_err() {
            tracing::warn!(connections = due.len(), "connections could not be checked in time");
        }
    }
}

/// Looks at tokens that are said to have died, until the gateway is gone.
pub(super) async fn suspects(gateway: Weak<Gateway>, hub: Arc<Hub>) {
    loop {
        let suspects = hub.suspects().await;
        let Some(gateway) = gateway.upgrade() else {
            return;
        };
        for connection in suspects {
            if check_token(&gateway, &connection).await.is_err() {
                // Better to have it come back and show its token than to let a dead one go on.
                connection.end(Close::GoingAway);
            }
        }
    }
}

/// What needs no engine. Answers whether the connection's claim and token are due to be checked.
fn look_after(gateway: &Gateway, connection: &Arc<Connection>) -> bool {
    let now_ms = gateway.now_ms();
    let heartbeat_ms = gateway.services().limits.heartbeat_ms;
    if now_ms > connection.heard_ms() + 2 * heartbeat_ms {
        connection.end(Close::GoingAway);
        return false;
    }
    let stall_ms = u64::try_from(gateway.settings().stall.as_millis()).unwrap_or(u64::MAX);
    if connection.stalled_ms().is_some_and(|since| now_ms >= since.saturating_add(stall_ms)) {
        connection.end(Close::TooSlow);
        return false;
    }
    connection.inbox().expire(now_ms);
    connection.is_due(now_ms, now_ms + heartbeat_ms)
}

/// Claims, tokens and rights; what cannot be looked up now is looked up at the next heartbeat.
async fn check_all(gateway: &Gateway, connections: &[Arc<Connection>]) {
    let rights_ms = u64::try_from(gateway.settings().rights.as_millis()).unwrap_or(u64::MAX);
    let oldest_ms = gateway.now_ms().saturating_sub(rights_ms);
    let mut seen = Vec::new();
    for connection in connections {
        let old_rights =
            connection.inbox().screen.as_ref().is_some_and(|screen| screen.rights_are_older(oldest_ms));
        if old_rights {
            gateway.hub().stir_all(connection);
        }
        if is_to_be_noted(gateway, connection) {
            seen.push(note(gateway, connection));
        }
    }
    let checks = stream::iter(connections).for_each_concurrent(CHECKS_AT_ONCE, |connection| async move {
        let checked = match check_claim(gateway, connection).await {
            Ok(()) => check_token(gateway, connection).await,
            Err(why) => Err(why),
        };
        if let Err(why) = checked {
            tracing::debug!(reason = %why, "a connection could not be checked");
        }
    });
    checks.await;
    write_down(gateway, &seen).await;
}

/// The device may have connected elsewhere since.
async fn check_claim(gateway: &Gateway, connection: &Connection) -> Result<(), Unavailable> {
    let ports = &gateway.services().ports;
    if let Some(claim) = connection.claim()
        && !ports.presence.refresh(connection.session, claim, ports.clock.now()).await?
    {
        connection.end(Close::Replaced);
    }
    Ok(())
}

/// The token may have died, or expired.
async fn check_token(gateway: &Gateway, connection: &Connection) -> Result<(), Unavailable> {
    let ports = &gateway.services().ports;
    match ports.devices.token_owner(&connection.token()).await? {
        Some(owner) if owner.expires_at > ports.clock.now() => Ok(()),
        _ => {
            connection.end(Close::DeviceRevoked);
            Ok(())
        }
    }
}

/// A device, when it was last heard, and until when its token lives therefore.
type Seen = (DeviceId, Timestamp, Timestamp);

fn is_to_be_noted(gateway: &Gateway, connection: &Connection) -> bool {
    let heartbeats = gateway.now_ms() / gateway.services().limits.heartbeat_ms.max(1);
    heartbeats.wrapping_add(connection.number).is_multiple_of(SEEN_EVERY)
}

fn note(gateway: &Gateway, connection: &Connection) -> Seen {
    let services = gateway.services();
    let silent_ms = gateway.now_ms().saturating_sub(connection.heard_ms());
    let heard = services.ports.clock.now().plus_ms(-i64::try_from(silent_ms).unwrap_or(0));
    let token_ms = i64::from(services.limits.token_days) * 24 * 3_600_000;
    (connection.device(), heard, heard.plus_ms(token_ms))
}

/// Notes when a connection that ends was last heard.
pub(super) async fn note_last(gateway: &Gateway, connection: &Connection) {
    write_down(gateway, &[note(gateway, connection)]).await;
}

async fn write_down(gateway: &Gateway, seen: &[Seen]) {
    if seen.is_empty() {
        return;
    }
    if let Err(why) = gateway.services().ports.devices.seen(seen).await {
        tracing::debug!(reason = %why, "signs of life of devices were not noted");
    }
}
