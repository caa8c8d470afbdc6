//! Rust source as plain data: what a scan needs of a file, after its syntax tree has been dropped.
//! It never resolves a name; scopes say where to look.

mod attributes;
mod edition;
mod expressions;
mod ids;
mod ir;
mod items;
mod macros;
mod names;
mod nodes;
mod patterns;
mod tolerant;
mod tree;
mod types;

pub use attributes::requires_test_of as requires_test;
pub use ids::{BindingId, ItemId, NodeId, Pos, ScopeId};
pub use ir::{Field, Function, Generic, Impl, Item, ItemKind, Param, Scope, ScopeKind, Tree};
pub use names::{Path, Segment, SelfType, Type};
pub use nodes::{Arm, Binding, Node, NodeKind, Origin, Pattern, Step, Through};
pub use tolerant::{Lexed, Lexeme, Mention, tolerant_tokens};
pub use tree::{Refused, parse, scan_tokens};

#[cfg(test)]
mod tests;
