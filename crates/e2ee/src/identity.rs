//! Who a user is and which devices are theirs.
