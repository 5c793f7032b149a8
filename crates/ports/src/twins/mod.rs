//! In-memory twins of every port, for tests.
