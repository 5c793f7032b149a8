//! The operations on names: open, delete, look up, spell out a path; and the odds and ends of a VFS.

use super::file::{Handle, SimFile};
use super::{Anchor, PATH_BYTES_MAX};
use crate::dice::Dice;
use crate::disk::Shared;
use crate::live::{OpenHow, Refusal};
use rusqlite::ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

/// The only time there is on a simulated disk: 2000-01-01 00:00 UTC, as milliseconds of the Julian day.
const NOW_JULIAN_MS: i64 = 210_866_760_000_000 + 946_684_800_000;

/// Files whose first sync SQLite's Unix VFS follows by a sync of their directory.
const SYNCED_WITH_DIRECTORY: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

pub(super) fn vfs(name: *const c_char, anchor: &'static Anchor) -> ffi::sqlite3_vfs {
    ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: size_of::<SimFile>() as c_int,
        mxPathname: PATH_BYTES_MAX,
        pNext: std::ptr::null_mut(),
        zName: name,
        pAppData: std::ptr::from_ref(anchor).cast_mut().cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: Some(dl_open),
        xDlError: Some(dl_error),
        xDlSym: Some(dl_sym),
        xDlClose: Some(dl_close),
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }
}

/// The disk behind a VFS, if it still exists.
///
/// # Safety
/// `vfs` was made by [`vfs`].
unsafe fn disk(vfs: *mut ffi::sqlite3_vfs) -> Option<Arc<Shared>> {
    // SAFETY: by the contract the struct is one of ours; those are never freed, and neither is the anchor in `pAppData`.
    let anchor = unsafe { &*(*vfs).pAppData.cast::<Anchor>() };
    anchor.disk.lock().upgrade()
}

/// # Safety
/// `name` is null or a string of C that outlives `'a`.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and a string of C by the contract.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let file = file.cast::<SimFile>();
    // SAFETY: SQLite hands over `szOsFile` bytes, aligned for it, that become a `SimFile`. Until an open goes well its
    // method table stays null, which tells SQLite not to close it.
    unsafe { file.write(SimFile::unopened()) };
    // SAFETY: SQLite passes the VFS it was given.
    let Some(disk) = (unsafe { disk(vfs) }) else { return ffi::SQLITE_CANTOPEN };
    let handle = if name.is_null() || flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0 {
        Handle::scratch(disk)
    } else {
        // SAFETY: not null, so it is a string of C that lives as long as the call.
        let Some(path) = (unsafe { path(name) }) else { return ffi::SQLITE_CANTOPEN };
        let path: Arc<str> = path.into();
        let create = flags & ffi::SQLITE_OPEN_CREATE != 0;
        let how = OpenHow { create, exclusive: flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 };
        let Ok(ino) = disk.live.lock().open(&path, how) else { return ffi::SQLITE_CANTOPEN };
        Handle::named(disk, ino, path, create && flags & SYNCED_WITH_DIRECTORY != 0)
    };
    // SAFETY: `file` is a `SimFile` since the first line; `flags_out` is null or points to an int.
    unsafe {
        (*file).open(handle);
        if !flags_out.is_null() {
            *flags_out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: SQLite passes the VFS it was given, and a string of C.
    let (Some(disk), Some(path)) = (unsafe { (disk(vfs), path(name)) }) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    match disk.live.lock().delete(&path.into(), sync_dir & 1 != 0) {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refusal::Absent) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the VFS it was given, and a string of C.
    let (Some(disk), Some(path)) = (unsafe { (disk(vfs), path(name)) }) else {
        return ffi::SQLITE_IOERR_ACCESS;
    };
    let Ok(found) = disk.live.lock().find(path) else { return ffi::SQLITE_IOERR_ACCESS };
    // As SQLite's Unix VFS has it: an empty journal counts as none.
    let yes = found.is_some_and(|len| len > 0 || flags != ffi::SQLITE_ACCESS_EXISTS);
    // SAFETY: SQLite passes a place for the answer.
    unsafe { *out = c_int::from(yes) };
    ffi::SQLITE_OK
}

/// Every path hangs at `/`; `.` and `..` are resolved. Directories need not be made: any one is there.
unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a string of C.
    let Some(path) = (unsafe { path(name) }) else { return ffi::SQLITE_CANTOPEN };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let full = format!("/{}\0", parts.join("/"));
    if full.len() > room.max(0) as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has `room` bytes, and `full` with its zero is no longer.
    unsafe { out.cast::<u8>().copy_from_nonoverlapping(full.as_ptr(), full.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn dl_open(_: *mut ffi::sqlite3_vfs, _: *const c_char) -> *mut c_void {
    std::ptr::null_mut()
}

unsafe extern "C" fn dl_error(_: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) {
    if room > 0 {
        // SAFETY: `out` has `room` bytes, so there is one for the zero of an empty text.
        unsafe { *out = 0 };
    }
}

unsafe extern "C" fn dl_sym(
    _: *mut ffi::sqlite3_vfs,
    _: *mut c_void,
    _: *const c_char,
) -> Option<unsafe extern "C" fn(*mut ffi::sqlite3_vfs, *mut c_void, *const c_char)> {
    None
}

unsafe extern "C" fn dl_close(_: *mut ffi::sqlite3_vfs, _: *mut c_void) {}

/// The disk's own seeded numbers. SQLite asks its default VFS only, so this matters where this one is made the default.
unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite passes the VFS it was given.
    let seed = unsafe { disk(vfs) }.map_or(0, |disk| disk.seed);
    let mut dice = Dice::of(&[3, seed]);
    for at in 0..room.max(0) as usize {
        // SAFETY: `out` has `room` bytes.
        unsafe { *out.add(at) = dice.next() as c_char };
    }
    room
}

#[expect(clippy::disallowed_methods, reason = "SQLite's busy handler asks its VFS to wait; that is this")]
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(u64::from(micros.max(0).unsigned_abs())));
    micros
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite passes a place for the answer.
    unsafe { *out = NOW_JULIAN_MS as f64 / 86_400_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_: *mut ffi::sqlite3_vfs, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite passes a place for the answer.
    unsafe { *out = NOW_JULIAN_MS };
    ffi::SQLITE_OK
}
