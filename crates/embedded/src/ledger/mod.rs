//! The ledger on two SQLite files.
