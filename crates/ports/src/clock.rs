//! The wall clock, as a parameter. Timers are the runtime's business.

use chinwag_proto::Timestamp;

/// Tells the wall time; it may step back.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
