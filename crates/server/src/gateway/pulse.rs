//! What is told at most once a second: marks that have moved, and presence. One task for all connections;
//! while nothing has changed, it sleeps and nothing is scheduled.

use std::sync::Arc;
use std::time::Duration;

use chinwag_proto::ServerFrame;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::connection::Connection;
use super::inbox::Caps;

/// Connections that have something to be told at the next beat.
#[derive(Default)]
pub(crate) struct Pulse {
    due: Mutex<Vec<Arc<Connection>>>,
    any: Notify,
}

impl Pulse {
    /// A connection has something to be told.
    pub(crate) fn add(&self, connection: &Arc<Connection>) {
        if connection.begins_to_pulse() {
            self.due.lock().push(Arc::clone(connection));
            self.any.notify_one();
        }
    }

    /// Beats for ever.
    pub(crate) async fn beat(&self, every: Duration, caps: Caps) {
        loop {
            self.any.notified().await;
            sleep(every).await;
            let due = std::mem::take(&mut *self.due.lock());
            for connection in due {
                connection.has_pulsed();
                if !tell(&connection, caps) {
                    self.add(&connection);
                }
            }
        }
    }
}

/// Puts what has changed into the connection's inbox. `false`: it is full, the next beat tries again.
fn tell(connection: &Connection, caps: Caps) -> bool {
    let mut inbox = connection.inbox();
    if connection.ending().is_some() {
        return true;
    }
    if !inbox.has_room(0, caps) {
        return false;
    }
    let Some(screen) = inbox.screen.as_mut() else {
        return true;
    };
    let stirred = screen.is_stirred();
    for cursors in screen.take_cursors() {
        inbox.push_frame(ServerFrame::Cursors(cursors), caps);
    }
    if stirred {
        inbox.push_presence();
    }
    drop(inbox);
    connection.wake();
    true
}
