//! Single histories, written by hand.
