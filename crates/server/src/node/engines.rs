//! The engines of a node as the node sees them: ports, their health, and a way to close what stands behind
//! them. Which engines they are is known in `wiring` alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::service::Ports;

/// Flushes and closes the engines; when it is done, the data folder is free.
pub type Closing = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Answers why the engines do not take writes just now, naming the one.
pub type Obstacle = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Tells the figures that no engine tells by itself (lengths of queues); called once a second.
pub type Gauges = Box<dyn Fn() + Send>;

/// Open engines.
pub struct Engines {
    /// The engines as ports.
    pub ports: Ports,
    /// Their health.
    pub obstacle: Obstacle,
    /// Their figures.
    pub gauges: Gauges,
    /// Closes them.
    pub close: Closing,
}

impl Engines {
    /// Engines that are always well and have nothing to close, as those in a test's memory are.
    pub fn of(ports: Ports) -> Self {
        Self {
            ports,
            obstacle: Arc::new(|| None),
            gauges: Box::new(|| {}),
            close: Box::new(|| Box::pin(std::future::ready(()))),
        }
    }
}
