//! Faults to order: operations on a live disk that fail, and on which files.

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A read fails: `SQLITE_IOERR_READ`.
    ReadEio,
    /// A write fails, perhaps after some of it was written: `SQLITE_IOERR_WRITE`.
    WriteEio,
    /// A sync of a file fails: `SQLITE_IOERR_FSYNC`. As on Linux, what was unsynced is then partly lost although it can
    /// still be read, and a later sync that answers well does not write it.
    SyncEio,
    /// A write finds no room, perhaps after some of it was written: `SQLITE_FULL`.
    DiskFull,
}

/// Which files a fault is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnPath {
    /// All of them.
    Any,
    /// Those whose path ends so: `log.db` is the database alone, `log.db-wal` its WAL.
    EndingIn(String),
    /// Those whose path contains this: `log.db` is the database with its WAL and its journal.
    Containing(String),
}

impl OnPath {
    fn fits(&self, path: &str) -> bool {
        match self {
            Self::Any => true,
            Self::EndingIn(end) => path.ends_with(end.as_str()),
            Self::Containing(part) => path.contains(part.as_str()),
        }
    }
}

impl From<&str> for OnPath {
    /// As [`OnPath::EndingIn`].
    fn from(end: &str) -> Self {
        Self::EndingIn(end.to_owned())
    }
}

/// An operation that can be made to fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    Sync,
}

impl Fault {
    fn hits(self) -> Operation {
        match self {
            Self::ReadEio => Operation::Read,
            Self::WriteEio | Self::DiskFull => Operation::Write,
            Self::SyncEio => Operation::Sync,
        }
    }
}

pub(crate) struct Rule {
    pub(crate) fault: Fault,
    /// Fitting operations that still go well.
    pub(crate) after: u64,
    pub(crate) path: OnPath,
    /// False: it fires once and is gone.
    pub(crate) lasting: bool,
}

/// The faults that are ordered and not withdrawn.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    pub(crate) fired: u64,
}

impl Faults {
    pub(crate) fn order(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(crate) fn withdraw_all(&mut self) {
        self.rules.clear();
    }

    /// Counts an operation, and says how it fails if it does.
    pub(crate) fn strike(&mut self, operation: Operation, path: &str) -> Option<Fault> {
        let mut due = None;
        for (i, rule) in self.rules.iter_mut().enumerate() {
            if rule.fault.hits() == operation && rule.path.fits(path) {
                if rule.after > 0 {
                    rule.after -= 1;
                } else if due.is_none() {
                    due = Some((i, rule.fault, rule.lasting));
                }
            }
        }
        let (i, fault, lasting) = due?;
        if !lasting {
            self.rules.remove(i);
        }
        self.fired += 1;
        Some(fault)
    }
}
