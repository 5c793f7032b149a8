//! The public face of a simulated disk.

use crate::fault::{Fault, OnPath, Rule};
use crate::history::{NoSuchStep, Step};
use crate::image::{Image, Landed};
use crate::live::Live;
use crate::model::Model;
use crate::vfs::Registered;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the handles and the open files of a disk share.
pub(crate) struct Shared {
    pub(crate) live: Mutex<Live>,
    pub(crate) seed: u64,
}

/// A simulated disk, registered with SQLite under a name of its own. Copies are handles to the same disk.
///
/// Each change is a step with a number from 1, over all files of the disk. When the last handle goes, no database can be
/// opened by the name any more; connections that are open go on.
///
/// Same model, seed and operations, same steps; same step and choice seed, same image.
#[derive(Clone)]
pub struct Disk {
    shared: Arc<Shared>,
    vfs: Arc<Registered>,
}

impl Disk {
    /// An empty disk. `seed` decides what the faults leave behind and, with the choice seeds, what the images hold.
    #[must_use]
    pub fn new(model: Model, seed: u64) -> Self {
        Self::with(Live::new(model, seed, BTreeMap::new()), seed)
    }

    /// The machine starts again: a fresh disk with a name of its own that durably holds what the image holds.
    #[must_use]
    pub fn from_image(image: &Image) -> Self {
        Self::with(Live::new(image.model, image.seed, image.files.clone()), image.seed)
    }

    fn with(live: Live, seed: u64) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let shared = Arc::new(Shared { live: Mutex::new(live), seed });
        let name = format!("powercut-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let vfs = Arc::new(Registered::new(name, &shared));
        Self { shared, vfs }
    }

    /// The name for `vfs=` in a URI and for [`Connection::open_with_flags_and_vfs`]; no other disk of this process has
    /// or will have it.
    #[must_use]
    pub fn vfs_name(&self) -> &str {
        self.vfs.name()
    }

    /// Opens or creates a database with rusqlite's default flags. A relative path hangs at `/`; folders need not be made.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open(&self, path: &str) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(path, OpenFlags::default(), self.vfs_name())
    }

    /// The seed of a choice on this disk.
    fn mixed(&self, choice_seed: u64) -> u64 {
        choice_seed ^ self.shared.seed.rotate_left(32)
    }

    /// How many steps there have been: the number of the last one.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.shared.live.lock().history().steps()
    }

    /// The earliest step that [`Disk::image_at`] knows: 0, until history was forgotten.
    #[must_use]
    pub fn first_step(&self) -> usize {
        self.shared.live.lock().history().first()
    }

    /// The steps that are remembered, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Step> {
        self.shared.live.lock().history().log()
    }

    /// Forgets the steps before `step`, for long runs; [`Model::history_bytes_max`] does so by itself.
    pub fn forget_before(&self, step: usize) {
        self.shared.live.lock().forget_before(step);
    }

    /// What the disk could hold if the power went right after step number `step` (0: before the first). `choice_seed`
    /// picks the kind of survivors ([`Landed`]) and the survivors. The disk itself goes on untouched. Walking through the
    /// steps upwards is fastest.
    ///
    /// # Errors
    /// There is no such step, or it was forgotten.
    pub fn image_at(&self, step: usize, choice_seed: u64) -> Result<Image, NoSuchStep> {
        self.image_with(step, Image::kind_of(choice_seed), choice_seed)
    }

    /// As [`Disk::image_at`], with the kind of survivors given.
    ///
    /// # Errors
    /// There is no such step, or it was forgotten.
    pub fn image_with(&self, step: usize, landed: Landed, choice_seed: u64) -> Result<Image, NoSuchStep> {
        self.shared.live.lock().image(step, landed, self.mixed(choice_seed))
    }

    /// The power goes now: as [`Disk::cut`], and what is left.
    #[must_use]
    pub fn power_cut(&self, choice_seed: u64) -> Image {
        let mut live = self.shared.live.lock();
        live.dead = true;
        live.image_now(Image::kind_of(choice_seed), self.mixed(choice_seed))
    }

    /// The machine is dead: every operation fails from now on, apart from letting go of locks and files, and no step is
    /// added. There is no way back but [`Disk::from_image`].
    pub fn cut(&self) {
        self.shared.live.lock().dead = true;
    }

    /// The machine dies right after step number `step`, at once where that has been.
    pub fn cut_at(&self, step: usize) {
        let mut live = self.shared.live.lock();
        live.dead |= live.history().steps() >= step;
        live.dies_at = Some(step);
    }

    /// Whether the power has gone.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.shared.live.lock().dead
    }

    /// Makes one operation fail: the first of its kind on `path` after `after_n_operations` of them that go well.
    /// Several orders count side by side; an operation that several want to fail takes the oldest.
    pub fn fail_next(&self, fault: Fault, after_n_operations: u64, path: impl Into<OnPath>) {
        let rule = Rule { fault, after: after_n_operations, path: path.into(), lasting: false };
        self.shared.live.lock().faults.order(rule);
    }

    /// As [`Disk::fail_next`], and every further one until [`Disk::heal`].
    pub fn fail_from(&self, fault: Fault, after_n_operations: u64, path: impl Into<OnPath>) {
        let rule = Rule { fault, after: after_n_operations, path: path.into(), lasting: true };
        self.shared.live.lock().faults.order(rule);
    }

    /// Withdraws all faults that were ordered. It does not end a lie or a cut.
    pub fn heal(&self) {
        self.shared.live.lock().faults.withdraw_all();
    }

    /// How many operations have failed by order so far.
    #[must_use]
    pub fn faults_fired(&self) -> u64 {
        self.shared.live.lock().faults.fired
    }

    /// While on, every sync of files and directories answers well and does nothing.
    pub fn lying_sync(&self, on: bool) {
        self.shared.live.lock().lying = on;
    }

    /// Syncs a directory, as a program does that opens it and calls fsync; after [`Disk::cut`] it does nothing.
    pub fn sync_directory(&self, directory: &str) {
        let _ = self.shared.live.lock().sync_directory(directory);
    }

    /// The paths of all files as programs see them now, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.shared.live.lock().paths()
    }

    /// The bytes of a file as programs see them now, synced or not.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.live.lock().peek(path)
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("vfs", &self.vfs_name())
            .field("steps", &self.steps())
            .finish_non_exhaustive()
    }
}
