//! The operations on an open file.

use crate::content::Content;
use crate::disk::Shared;
use crate::live::{FILE_BYTES_MAX, Refusal};
use crate::lock::Level;
use crate::shm::ShmHold;
use crate::state::Ino;
use rusqlite::ffi;
use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// What SQLite and its Unix VFS assume of a disk: sectors of 4,096 bytes, and a write of part of a sector leaves the rest
/// of it alone.
const SECTOR_BYTES: c_int = 4096;
const CHARACTERISTICS: c_int = ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE | ffi::SQLITE_IOCAP_SUBPAGE_READ;

/// SQLite's file object: its method table first, then what is ours.
#[repr(C)]
pub(super) struct SimFile {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

impl SimFile {
    pub(super) fn unopened() -> Self {
        Self { base: ffi::sqlite3_file { pMethods: std::ptr::null() }, handle: std::ptr::null_mut() }
    }

    pub(super) fn open(&mut self, handle: Handle) {
        self.handle = Box::into_raw(Box::new(handle));
        self.base.pMethods = &raw const METHODS;
    }
}

/// One opening of a file.
pub(super) struct Handle {
    disk: Arc<Shared>,
    of: Opened,
}

enum Opened {
    /// A temporary file of SQLite: it dies with its handle, so no power cut can show it and it makes no steps.
    Scratch(Content),
    Named(Named),
}

struct Named {
    ino: Ino,
    path: Arc<str>,
    /// The first sync is followed by one of the directory.
    sync_directory: bool,
    level: Level,
    shm: Option<ShmHold>,
    persist_wal: bool,
}

impl Handle {
    pub(super) fn scratch(disk: Arc<Shared>) -> Self {
        Self { disk, of: Opened::Scratch(Content::default()) }
    }

    pub(super) fn named(disk: Arc<Shared>, ino: Ino, path: Arc<str>, sync_directory: bool) -> Self {
        let named = Named { ino, path, sync_directory, level: Level::None, shm: None, persist_wal: false };
        Self { disk, of: Opened::Named(named) }
    }

    fn read(&mut self, offset: u64, out: &mut [u8]) -> Result<usize, Refusal> {
        match &mut self.of {
            Opened::Scratch(content) => Ok(content.read(offset, out)),
            Opened::Named(file) => self.disk.live.lock().read(file.ino, &file.path, offset, out),
        }
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Refusal> {
        match &mut self.of {
            Opened::Scratch(_) if offset.saturating_add(data.len() as u64) > FILE_BYTES_MAX => {
                Err(Refusal::Full)
            }
            Opened::Scratch(content) => {
                content.write(offset, data);
                Ok(())
            }
            Opened::Named(file) => self.disk.live.lock().write(file.ino, &file.path, offset, data),
        }
    }

    fn truncate(&mut self, len: u64) -> Result<(), Refusal> {
        match &mut self.of {
            Opened::Scratch(_) if len > FILE_BYTES_MAX => Err(Refusal::Full),
            Opened::Scratch(content) => {
                content.set_len(len);
                Ok(())
            }
            Opened::Named(file) => self.disk.live.lock().truncate(file.ino, &file.path, len),
        }
    }

    fn sync(&mut self) -> Result<(), Refusal> {
        match &mut self.of {
            Opened::Scratch(_) => Ok(()),
            Opened::Named(file) => {
                self.disk.live.lock().sync(file.ino, &file.path, file.sync_directory)?;
                file.sync_directory = false;
                Ok(())
            }
        }
    }

    fn len(&self) -> Result<u64, Refusal> {
        match &self.of {
            Opened::Scratch(content) => Ok(content.len()),
            Opened::Named(file) => self.disk.live.lock().len(file.ino),
        }
    }

    /// The name's part and its disk; none for a temporary file, which nobody else can lock.
    fn named_parts(&mut self) -> Option<(&Shared, &mut Named)> {
        match &mut self.of {
            Opened::Scratch(_) => None,
            Opened::Named(file) => Some((&self.disk, file)),
        }
    }

    fn leave_shm(&mut self) {
        if let Some((disk, file)) = self.named_parts()
            && let Some(mut hold) = file.shm.take()
        {
            let mut live = disk.live.lock();
            if let Some(shm) = live.shm_to_release(file.ino) {
                shm.unlock_all(&mut hold);
            }
            live.shm_leave(file.ino);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.leave_shm();
        if let Some((disk, file)) = self.named_parts() {
            let mut live = disk.live.lock();
            if let Some(lock) = live.file_lock_to_release(file.ino) {
                lock.lower(&mut file.level, Level::None);
            }
            live.close(file.ino);
        }
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The handle behind SQLite's file object.
///
/// # Safety
/// `file` was opened by this VFS and is not yet closed, and no other call on it is running: SQLite uses a file from one
/// thread at a time.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: such a file is a `SimFile` whose handle is a live box (`SimFile::open`), and nobody else uses it now.
    unsafe { &mut *(*file.cast::<SimFile>()).handle }
}

fn code(answer: Result<(), Refusal>, io: c_int) -> c_int {
    match answer {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refusal::Full) => ffi::SQLITE_FULL,
        Err(_) => io,
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let file = file.cast::<SimFile>();
    // SAFETY: SQLite closes an open file once; its handle came from `Box::into_raw` and is not used again, since the
    // method table is taken away with it.
    unsafe {
        drop(Box::from_raw((*file).handle));
        *file = SimFile::unopened();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, out: *mut c_void, n: c_int, offset: i64) -> c_int {
    let n = n.max(0) as usize;
    // SAFETY: the file is open, and SQLite passes a buffer of `n` bytes that is ours for the call. It may not have been
    // written to before, so it is zeroed until it is a slice.
    let (handle, out) = unsafe {
        out.write_bytes(0, n);
        (handle(file), std::slice::from_raw_parts_mut(out.cast::<u8>(), n))
    };
    match handle.read(offset.max(0).unsigned_abs(), out) {
        Ok(have) if have == out.len() => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(_) => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    n: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: the file is open, and SQLite passes `n` bytes that do not change during the call.
    let (handle, data) =
        unsafe { (handle(file), std::slice::from_raw_parts(data.cast::<u8>(), n.max(0) as usize)) };
    code(handle.write(offset.max(0).unsigned_abs(), data), ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    code(handle.truncate(len.max(0).unsigned_abs()), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    code(handle.sync(), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let Ok(len) = handle.len() else { return ffi::SQLITE_IOERR_FSTAT };
    // SAFETY: SQLite passes a place for the answer.
    unsafe { *out = len.cast_signed() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let want = match level {
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        ffi::SQLITE_LOCK_EXCLUSIVE => Level::Exclusive,
        _ => return ffi::SQLITE_OK,
    };
    let Some((disk, file)) = handle.named_parts() else { return ffi::SQLITE_OK };
    let mut live = disk.live.lock();
    let Ok(lock) = live.file_lock(file.ino) else { return ffi::SQLITE_IOERR_LOCK };
    if lock.raise(&mut file.level, want) { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let to = if level == ffi::SQLITE_LOCK_SHARED { Level::Shared } else { Level::None };
    if let Some((disk, file)) = handle.named_parts()
        && let Some(lock) = disk.live.lock().file_lock_to_release(file.ino)
    {
        lock.lower(&mut file.level, to);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let reserved = match handle.named_parts() {
        None => Ok(false),
        Some((disk, file)) => disk.live.lock().file_lock(file.ino).map(|lock| lock.is_reserved()),
    };
    let Ok(reserved) = reserved else { return ffi::SQLITE_IOERR_CHECKRESERVEDLOCK };
    // SAFETY: SQLite passes a place for the answer.
    unsafe { *out = c_int::from(reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let Some((_, file)) = handle.named_parts() else { return ffi::SQLITE_NOTFOUND };
    match op {
        ffi::SQLITE_FCNTL_LOCKSTATE => {
            // SAFETY: the argument of this operation is a place for an int.
            unsafe { *arg.cast::<c_int>() = file.level as c_int };
            ffi::SQLITE_OK
        }
        ffi::SQLITE_FCNTL_PERSIST_WAL => {
            // SAFETY: the argument of this operation points to an int: 0 or 1 to set, negative to ask.
            let arg = unsafe { &mut *arg.cast::<c_int>() };
            match *arg {
                ..0 => *arg = c_int::from(file.persist_wal),
                value => file.persist_wal = value > 0,
            }
            ffi::SQLITE_OK
        }
        ffi::SQLITE_FCNTL_SIZE_HINT => ffi::SQLITE_OK,
        _ => ffi::SQLITE_NOTFOUND,
    }
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    CHARACTERISTICS
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: the file is open; SQLite passes a place for the answer.
    let (handle, out) = unsafe { (handle(file), &mut *out) };
    *out = std::ptr::null_mut();
    let Some((disk, file)) = handle.named_parts() else { return ffi::SQLITE_IOERR_SHMMAP };
    let mut live = disk.live.lock();
    if file.shm.is_none() {
        if live.shm_join(file.ino).is_err() {
            return ffi::SQLITE_IOERR_SHMOPEN;
        }
        file.shm = Some(ShmHold::default());
    }
    let Ok(shm) = live.shm(file.ino) else { return ffi::SQLITE_IOERR_SHMMAP };
    let found = shm.map(region.max(0) as usize, bytes.max(0) as usize, extend != 0);
    match found {
        Some(memory) => *out = memory,
        None if extend != 0 => return ffi::SQLITE_IOERR_SHMSIZE,
        None => {}
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, n: c_int, flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let (first, n) = (first.max(0) as usize, n.max(0) as usize);
    let Some((disk, file)) = handle.named_parts() else { return ffi::SQLITE_IOERR_SHMLOCK };
    let Some(hold) = &mut file.shm else { return ffi::SQLITE_IOERR_SHMLOCK };
    let mut live = disk.live.lock();
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        if let Some(shm) = live.shm_to_release(file.ino) {
            shm.unlock(hold, first, n);
        }
        return ffi::SQLITE_OK;
    }
    let Ok(shm) = live.shm(file.ino) else { return ffi::SQLITE_IOERR_SHMLOCK };
    if shm.lock(hold, first, n, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0) {
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_BUSY
    }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    if let Some((disk, _)) = handle.named_parts() {
        // Taking the lock orders this thread after whoever held it, as the Unix VFS does.
        drop(disk.live.lock());
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    handle.leave_shm();
    ffi::SQLITE_OK
}
