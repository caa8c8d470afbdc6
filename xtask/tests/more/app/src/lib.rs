#![allow(dead_code, unused, deprecated, non_camel_case_types, clippy::all)]
//! More cases for the audit, of its own kind.
pub mod forms;
#[path = "elsewhere/odd_name.rs"]
pub mod moved;
#[cfg(feature = "extra-http")]
pub mod behind_feature;
#[cfg(test)]
mod tests;
mod shadow;
mod traps;
mod verdicts;
mod handles;
mod sockets;
mod macros;
mod chains;
mod stacks;
mod sight;
mod containers;
mod bypasses;
mod included {
    include!("included_part.rs");
}
