//! Chinwag.
