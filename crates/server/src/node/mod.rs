//! The node: wiring and life.
