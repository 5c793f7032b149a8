//! What the live bus lost without saying so: every group that is heard here is held against the ledger,
//! and every connected user's memberships against the groups that are heard, part by part.
//!
//! Direct chats have no entry in any table here: a loss there is seen by the client as a gap in seq, or by
//! its next `heads`.

use std::sync::Weak;
use std::time::Duration;

use chinwag_ports::Unavailable;
use chinwag_proto::{ChatId, Seq, UserId};
use tokio::time::{MissedTickBehavior, interval};

use super::Gateway;
use super::frames::join_groups;
use super::groups::Groups;

/// A group whose head stands above what was handed on. Its commits may still be under way.
struct Behind {
    group: ChatId,
    last: Seq,
    head: Seq,
}

/// Compares until the gateway is gone; all parts in `period`.
pub(super) async fn run(gateway: Weak<Gateway>, period: Duration) {
    let parts = u32::try_from(Groups::parts()).unwrap_or(1);
    let mut ticks = interval((period / parts).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut behind = Vec::new();
    for part in (0..Groups::parts()).cycle() {
        ticks.tick().await;
        let Some(gateway) = gateway.upgrade() else {
            return;
        };
        let compared = async {
            tell(&gateway, std::mem::take(&mut behind)).await?;
            compare_heads(&gateway, part, &mut behind).await?;
            compare_memberships(&gateway, part).await
        };
        if let Err(why) = compared.await {
            tracing::debug!(reason = %why, "chats could not be compared; they are at the next round");
        }
    }
}

/// Finds groups whose head stands above what was handed on, and leaves those that nobody here is in.
async fn compare_heads(gateway: &Gateway, part: usize, behind: &mut Vec<Behind>) -> Result<(), Unavailable> {
    for (group, last) in gateway.hub().groups().part(part) {
        let Some(snapshot) = gateway.services().ports.ledger.snapshot(group).await? else {
            continue;
        };
        let head = snapshot.head.seq;
        gateway.hub().leave_if_empty(group, &snapshot.state);
        if last == Seq::ZERO {
            gateway.hub().groups().catch_up(group, last, head);
        } else if head > last {
            behind.push(Behind { group, last, head });
        }
    }
    Ok(())
}

/// Those that have not moved since the last part was compared have lost commits.
async fn tell(gateway: &Gateway, behind: Vec<Behind>) -> Result<(), Unavailable> {
    for Behind { group, last, head } in behind {
        if gateway.hub().groups().catch_up(group, last, head)
            && let Some(snapshot) = gateway.services().ports.ledger.snapshot(group).await?
        {
            tracing::warn!(chat = %group, "the live bus lost commits; their readers are told to sync");
            gateway.hub().missed(group, head, &snapshot.state);
        }
    }
    Ok(())
}

/// Finds groups of connected users that are not heard here.
async fn compare_memberships(gateway: &Gateway, part: usize) -> Result<(), Unavailable> {
    let mut users: Vec<UserId> =
        gateway.hub().users().part(part).iter().map(|connection| connection.user()).collect();
    users.sort_unstable();
    users.dedup();
    for user in users {
        for group in join_groups(gateway, user).await? {
            if let Some(snapshot) = gateway.services().ports.ledger.snapshot(group).await? {
                gateway.hub().missed(group, snapshot.head.seq, &snapshot.state);
            }
        }
    }
    Ok(())
}
