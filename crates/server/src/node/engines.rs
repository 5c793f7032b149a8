//! The engines of a node as the node sees them: ports, and a way to close what stands behind them. Which
//! engines they are is known in `wiring` alone.

use std::future::Future;
use std::pin::Pin;

use crate::service::Ports;

/// Flushes and closes the engines; when it is done, the data folder is free.
pub type Closing = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Open engines.
pub struct Engines {
    /// The engines as ports.
    pub ports: Ports,
    /// Closes them.
    pub close: Closing,
}
