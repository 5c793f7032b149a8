//! How many sends a device may make: a token bucket each (RFC 2697 in spirit), over REST and WebSocket
//! together, on this node.

use std::collections::HashMap;
use std::time::Duration;

use chinwag_proto::{DeviceId, Limits};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Buckets that are full again are dropped when the table has grown to this many.
const SWEEP_AT: usize = 10_000;

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The buckets of all devices that have sent of late.
pub struct SendBudget {
    per_second: f64,
    burst: f64,
    buckets: Mutex<Buckets>,
}

struct Buckets {
    by_device: HashMap<DeviceId, Bucket>,
    sweep_at: usize,
}

impl SendBudget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            per_second: f64::from(limits.sends_per_second.max(1)),
            burst: f64::from(limits.sends_burst.max(1)),
            buckets: Mutex::new(Buckets { by_device: HashMap::new(), sweep_at: SWEEP_AT }),
        }
    }

    /// Takes one send from the device's bucket, or says in how many milliseconds there is one.
    pub fn take(&self, device: DeviceId) -> Result<(), u64> {
        let now = Instant::now();
        let mut buckets = self.buckets.lock();
        if buckets.by_device.len() >= buckets.sweep_at {
            let refill = Duration::from_secs_f64(self.burst / self.per_second);
            buckets.by_device.retain(|_, bucket| now.duration_since(bucket.at) < refill);
            buckets.sweep_at = SWEEP_AT.max(buckets.by_device.len() * 2);
        }
        let bucket = buckets.by_device.entry(device).or_insert(Bucket { tokens: self.burst, at: now });
        let gained = now.duration_since(bucket.at).as_secs_f64() * self.per_second;
        bucket.tokens = (bucket.tokens + gained).min(self.burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let missing = (1.0 - bucket.tokens) / self.per_second;
        Err((missing * 1_000.0).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_the_steady_rate() {
        let limits = Limits { sends_per_second: 20, sends_burst: 60, ..Limits::default() };
        let budget = SendBudget::new(&limits);
        let (device, other) = (DeviceId::new(1).unwrap(), DeviceId::new(2).unwrap());
        assert!((0..60).all(|_| budget.take(device).is_ok()));
        assert_eq!(budget.take(device), Err(50));
        assert_eq!(budget.take(other), Ok(()));
        tokio::time::advance(Duration::from_millis(50)).await;
        assert_eq!((budget.take(device), budget.take(device)), (Ok(()), Err(50)));
    }
}
