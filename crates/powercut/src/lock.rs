//! The file locks of SQLite's rollback mode, between the connections of one process: the rules of its Unix VFS without
//! the part that speaks to other processes.

/// How far one connection has locked a file. The order is that of strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    #[default]
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

/// The locks on a file over all connections.
#[derive(Default)]
pub(crate) struct FileLock {
    strongest: Level,
    sharers: usize,
}

impl FileLock {
    /// Raises `held` to `want`; false says that another connection stands in the way. A refused wish for `Exclusive` may
    /// leave `Pending` behind, which keeps new readers out.
    pub(crate) fn raise(&mut self, held: &mut Level, want: Level) -> bool {
        if *held >= want {
            return true;
        }
        if *held != self.strongest && (self.strongest >= Level::Pending || want > Level::Shared) {
            return false;
        }
        match want {
            Level::Shared => {
                *held = Level::Shared;
                self.sharers += 1;
                self.strongest = self.strongest.max(Level::Shared);
                return true;
            }
            Level::Exclusive => {
                if *held == Level::Reserved {
                    *held = Level::Pending;
                    self.strongest = Level::Pending;
                }
                if self.sharers > 1 {
                    return false;
                }
            }
            _ => {}
        }
        *held = want;
        self.strongest = want;
        true
    }

    /// Lowers `held` to `to`, which is `Shared` or `None`.
    pub(crate) fn lower(&mut self, held: &mut Level, to: Level) {
        if *held <= to {
            return;
        }
        if *held > Level::Shared {
            self.strongest = Level::Shared;
        }
        if to == Level::None {
            self.sharers -= 1;
            if self.sharers == 0 {
                self.strongest = Level::None;
            }
        }
        *held = to;
    }

    /// Whether some connection is about to write.
    pub(crate) fn is_reserved(&self) -> bool {
        self.strongest > Level::Shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_and_many_readers_until_the_writer_commits() {
        let mut lock = FileLock::default();
        let (mut writer, mut reader, mut late) = (Level::None, Level::None, Level::None);
        assert!(lock.raise(&mut writer, Level::Shared));
        assert!(lock.raise(&mut reader, Level::Shared));
        assert!(lock.raise(&mut writer, Level::Reserved));
        assert!(!lock.raise(&mut reader, Level::Reserved), "a second writer is kept out");
        assert!(lock.raise(&mut late, Level::Shared), "a reader is let in beside a reserved lock");
        assert!(!lock.raise(&mut writer, Level::Exclusive), "readers are still there");
        assert_eq!(writer, Level::Pending);
        lock.lower(&mut late, Level::None);
        assert!(!lock.raise(&mut late, Level::Shared), "no new reader while a writer waits");
        lock.lower(&mut reader, Level::None);
        assert!(lock.raise(&mut writer, Level::Exclusive));
        lock.lower(&mut writer, Level::None);
        assert!(!lock.is_reserved());
        assert!(lock.raise(&mut late, Level::Shared));
    }
}
