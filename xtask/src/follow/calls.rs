//! What becomes of a client that is an argument: of a function here, of others, of a stack.
//! It never looks into functions that are not of the workspace.

use super::flow::{Flow, Value};
use super::outcome::Outcome;
use super::stack::State;
use crate::resolve::{Def, Space, is_wrapper};
use crate::syntax::{ItemId, ItemKind, NodeId, NodeKind};

impl Flow<'_, '_> {
    /// `callee(.., client, ..)`.
    pub(super) fn argument(
        &mut self,
        value: &Value,
        call: NodeId,
        callee: NodeId,
        args: &[NodeId],
    ) {
        let index = args.iter().position(|arg| *arg == value.node).unwrap_or(0);
        self.call_with(value, call, callee, index, args);
    }

    pub(super) fn call_with(
        &mut self,
        value: &Value,
        call: NodeId,
        callee: NodeId,
        index: usize,
        args: &[NodeId],
    ) {
        let resolver = self.follower.resolver;
        let node = resolver.node(value.file, callee);
        if value.state == State::Kept && self.takes_raw(value, call) {
            return;
        }
        let NodeKind::Path(path) = &node.kind else {
            return self.enter_called_value(value, callee, index);
        };
        match resolver.path(value.file, node.scope, path, Space::Value) {
            Some(Def::Item(file, item)) => self.local_call(value, file, item, index),
            Some(Def::Variant(file, item, variant)) => {
                self.enter_variant(value, file, item, &variant, &index.to_string());
            }
            Some(Def::Foreign(whole)) => self.foreign_call(value, call, &whole, index, args),
            _ => {
                let names: Vec<&str> =
                    path.segments.iter().map(|segment| segment.name.as_str()).collect();
                self.given(value, &names.join("::"));
            }
        }
    }

    fn local_call(&mut self, value: &Value, file: usize, item: ItemId, index: usize) {
        match &self.follower.resolver.item(file, item).kind {
            ItemKind::Function(function) => {
                if self.is_approved(file, item) {
                    let text = "covered by an approved wrapper".into();
                    return self.end(value, Outcome::Covered, text);
                }
                match index.checked_sub(usize::from(function.this.is_some())) {
                    Some(index) => self.enter_parameter(value, file, item, index),
                    None => {
                        self.enter_this(value, file, item);
                    }
                }
            }
            ItemKind::Struct { .. } => self.enter_field_of(value, file, item, &index.to_string()),
            _ => {}
        }
    }

    fn foreign_call(
        &mut self,
        value: &Value,
        call: NodeId,
        whole: &[String],
        index: usize,
        args: &[NodeId],
    ) {
        let path = whole.join("::");
        let covers = &self.follower.resolver.knowledge.covers;
        if covers.is_cover(&path) || self.follower.approved.has_wrapper(&path) {
            self.covered(value, call, "wrapped by egret");
        } else if covers.is_stack(&path) && value.state == State::Raw {
            self.with_state(value, call, State::EMPTY);
        } else if covers.is_stack(&path) || covers.continues_stack(&path) {
            self.at(value, call);
        } else if covers.is_whole(&path) {
            let stack = args.iter().find(|arg| **arg != value.node);
            let state =
                stack.map_or(State::EMPTY, |stack| self.follower.whole_stack(value.file, *stack));
            self.built(value, call, state);
        } else if covers.is_empty_stack(&path) {
            self.end(value, Outcome::Empty, "turned into a client with no middleware".into());
        } else if is_wrapper(whole) || is_holder_of_closure(whole) || is_unpacked(whole) {
            self.at(value, call);
        } else if path.ends_with("::from") || path.ends_with("::into") {
            self.turned(value, call);
        } else {
            let _ = index;
            self.given(value, &path);
        }
    }
}

/// `LazyLock::new(closure)`: its value is the holder's.
fn is_holder_of_closure(path: &[String]) -> bool {
    let of = path.len().checked_sub(2).and_then(|at| path.get(at));
    let last = path.last().map(String::as_str);
    of.is_some_and(|of| of.contains("Lazy") || of == "OnceCell" || of == "OnceLock")
        || matches!(last, Some("spawn_blocking" | "spawn" | "block_in_place" | "spawn_local"))
        || matches!(last, Some("from_fn" | "catch_unwind" | "timeout" | "identity" | "leak"))
}

/// Functions that give what is in their argument, or an iterator of it.
fn is_unpacked(path: &[String]) -> bool {
    let of = path.len().checked_sub(2).and_then(|at| path.get(at)).map(String::as_str);
    let last = path.last().map(String::as_str);
    match of {
        Some("Arc" | "Rc" | "Box" | "Mutex" | "RwLock" | "Cell" | "RefCell" | "OnceCell") => {
            matches!(
                last,
                Some("unwrap_or_clone" | "try_unwrap" | "into_inner" | "pin" | "get_mut")
            )
        }
        Some("iter") => matches!(last, Some("once" | "repeat" | "repeat_n")),
        _ => false,
    }
}
