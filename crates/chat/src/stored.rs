//! The bytes in which entries, states and views are stored.
