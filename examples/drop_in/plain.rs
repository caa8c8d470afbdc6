//! The program as it was.
//! Never recorded.

use ::reqwest;

#[path = "program.rs"]
pub(crate) mod program;
