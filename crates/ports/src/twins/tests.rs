//! The twins run the contract suites.
