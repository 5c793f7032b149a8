//! A simulated disk for SQLite that can lose power, fail and lie.

mod choose;
mod content;
mod dice;
mod disk;
mod fault;
mod history;
mod image;
mod live;
mod lock;
mod model;
mod shm;
mod state;
mod vfs;

pub use disk::Disk;
pub use fault::{Fault, OnPath};
pub use history::{NoSuchStep, Step, StepKind};
pub use image::{Image, Landed};
pub use model::{Directory, Model, TornUnit};
pub use vfs::seed_sqlite_randomness;
