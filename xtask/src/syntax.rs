//! Rust source as plain data: what a scan needs of a file, after its syntax tree has been dropped.
//! It never resolves a name; scopes say where to look.

mod edition;
mod expressions;
mod ir;
mod items;
mod macros;
mod names;
mod patterns;
mod tolerant;
mod tree;
mod types;

pub use ir::{
    Arm, Binding, BindingId, Field, Function, Generic, Impl, Item, ItemId, ItemKind, Node, NodeId,
    NodeKind, Origin, Param, Pattern, Pos, Scope, ScopeId, ScopeKind, Step, Through, Tree,
};
pub use items::requires_test_of as requires_test;
pub use names::{Path, Segment, SelfType, Type};
pub use tolerant::{Lexed, Lexeme, Mention, tolerant_tokens};
pub use tree::{Refused, parse, scan_tokens};

#[cfg(test)]
mod tests;
