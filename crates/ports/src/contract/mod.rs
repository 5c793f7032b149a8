//! Contract suites: one per trait, run by every adapter and by the in-memory twins.
