//! The program as it is with egret.
//! Never changed but for the import.

use egret::http as reqwest;

#[path = "program.rs"]
pub(crate) mod program;
