//! The gateway's figures. Handles are taken once, after the recorder stands: nothing is looked up by name
//! on the way of a message.

use std::time::Duration;

use chinwag_proto::error::Close;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The gateway's figures.
pub(crate) struct Meters {
    /// Open WebSockets, those not authenticated yet included.
    pub(crate) connections: Gauge,
    /// Records taken from clients.
    pub(crate) sends: Counter,
    /// Acknowledgments written.
    pub(crate) acks: Counter,
    /// Live entries written, each for each connection.
    pub(crate) deliveries: Counter,
    /// Live entries and frames dropped because a connection reads too slowly.
    pub(crate) dropped: Counter,
    /// Times that a client was told to sync because of that.
    pub(crate) resyncs: Counter,
    /// Sends refused because the device has used up its budget.
    pub(crate) refusals: Counter,
    deliver: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Self {
        describe();
        Self {
            connections: gauge!("chinwag_connections"),
            sends: counter!("chinwag_sends_total"),
            acks: counter!("chinwag_acks_total"),
            deliveries: counter!("chinwag_deliveries_total"),
            dropped: counter!("chinwag_live_frames_dropped_total"),
            resyncs: counter!("chinwag_resyncs_total"),
            refusals: counter!("chinwag_send_refusals_total"),
            deliver: histogram!("chinwag_send_to_deliver_seconds"),
        }
    }

    /// A live entry was written so many milliseconds after its record was taken.
    pub(crate) fn delivered(&self, after_ms: i64) {
        self.deliveries.increment(1);
        // A clock that steps back makes no negative time.
        let after = Duration::from_millis(u64::try_from(after_ms).unwrap_or(0));
        self.deliver.record(after.as_secs_f64());
    }

    /// A connection was closed by the server with a code, or (`None`) by the client or the network.
    pub(crate) fn closed(&self, close: Option<u16>) {
        let code = close.map_or_else(|| "none".to_owned(), |code| code.to_string());
        counter!("chinwag_closes_total", "code" => code).increment(1);
    }
}

/// Registers what the figures mean; the names are public and never change.
fn describe() {
    metrics::describe_gauge!("chinwag_connections", "Open WebSockets");
    metrics::describe_counter!("chinwag_sends_total", "Records taken from WebSocket clients");
    metrics::describe_counter!("chinwag_acks_total", "Acknowledgments written to WebSocket clients");
    metrics::describe_counter!("chinwag_deliveries_total", "Live entries written, each for each connection");
    metrics::describe_counter!(
        "chinwag_live_frames_dropped_total",
        "Live frames dropped for slow connections"
    );
    metrics::describe_counter!("chinwag_resyncs_total", "Times that a client was told to sync");
    metrics::describe_counter!("chinwag_send_refusals_total", "Sends refused because of the device's budget");
    metrics::describe_counter!("chinwag_closes_total", "WebSockets closed, by the server's close code");
    metrics::describe_histogram!(
        "chinwag_send_to_deliver_seconds",
        "From taking a record to writing its entry to a connection"
    );
    for close in [
        Close::GoingAway,
        Close::TooSlow,
        Close::RateLimited,
        Close::BadFrame,
        Close::Unauthenticated,
        Close::DeviceRevoked,
        Close::AuthTimeout,
        Close::Replaced,
        Close::FrameTooLarge,
    ] {
        counter!("chinwag_closes_total", "code" => close.code().to_string()).increment(0);
    }
}
