//! A simulated disk for SQLite that loses power, fails and lies: to prove what a store keeps, in tests.
//!
//! A [`Disk`] is a SQLite VFS in memory. Everything that changes it is a numbered step; [`Disk::image_at`] says what could
//! be left if the power had gone right after any step, and [`Disk::from_image`] starts a machine on that.
//!
//! ```
//! use chinwag_powercut::{Disk, Model};
//!
//! let disk = Disk::new(Model::strict(), 1);
//! let db = disk.open("/data/log.db")?;
//! db.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA synchronous = FULL")?;
//! db.execute("INSERT INTO t VALUES (42)", [])?;
//! let acknowledged_at = disk.steps();
//!
//! for seed in 0..100 {
//!     let again = Disk::from_image(&disk.image_at(acknowledged_at, seed)?);
//!     let rows: i64 = again.open("/data/log.db")?.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
//!     assert_eq!(rows, 1);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The model
//!
//! - **Bytes.** A write or a truncation goes to a volatile cache. `xSync` makes the file's bytes and length durable. Of
//!   what is not durable a power cut leaves any part: nothing, everything, what was done up to some moment, a subset of the
//!   writes, torn writes ([`Landed`]). Each torn unit ([`TornUnit`]) holds one of the versions it had since the last
//!   sync, in whatever order they were made; files are independent of each other; a length may have grown without its data,
//!   and then holds zeros or rubbish.
//! - **Names.** A creation or deletion has to become durable too, by three models ([`Directory`]): lenient, POSIX with
//!   what SQLite's Unix VFS does, strict. Directory syncs happen where that VFS makes them: in `xDelete` when asked
//!   (rollback journals under `synchronous=EXTRA`) and at the first sync of a journal or WAL.
//! - **Faults.** Reads, writes and syncs can be made to fail ([`Disk::fail_next`]), syncs to lie ([`Disk::lying_sync`]),
//!   the machine to die, now or at a given step ([`Disk::cut`], [`Disk::cut_at`]). A refused write may have been written
//!   in part. After a failed sync part of what was unsynced is lost for good although it can still be read.
//! - **Locks.** File locks and WAL shared memory work between any number of connections and threads of one process.
//! - **Determinism.** Same model, seed and operations, same steps; same step and choice seed, same image. SQLite's own
//!   random numbers belong to the process: [`seed_sqlite_randomness`] where bytes must repeat over runs. The disk's clock
//!   stands still at 2000-01-01.
//!
//! # What is left out
//!
//! - A write of part of a torn unit never harms the rest of the unit, and synced bytes never rot: SQLite assumes the former
//!   (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`), [`Fault::ReadEio`] is the nearest to the latter.
//! - There are no directories to make, rename or lose: any path is there, the folder itself counts as durable. No memory
//!   mapping (`mmap_size` has no effect), no second process, no files beyond 1 GiB, paths of at most 511 bytes.
//! - Temporary files die with their handle and make no steps; faults pass them by.
//! - Beyond 256 MiB of unsynced writes to a file, or 65,536 unsynced names, the disk writes back by itself. Of the past it
//!   remembers [`Model::history_bytes_max`].
//! - Each disk leaves some 300 bytes behind for ever, because SQLite does not say when it lets go of a VFS.
//!
//! `unsafe` stands in the `vfs` module alone, since SQLite calls a VFS through C function pointers.

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
