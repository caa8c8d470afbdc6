//! The project's own tools as a library: the house rules as a check, and the list of CI steps.
//! It never changes a file: it reads the tree, runs commands and reports.

pub mod ci;
pub mod tidy;
