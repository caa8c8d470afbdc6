//! One client's ways, step by step: from an expression to what is done with its value.
//! It never goes in circles, and never further than a bound.

use rustc_hash::FxHashSet as HashSet;

use super::Follower;
use super::outcome::{Ending, Outcome};
use super::stack::State;
use crate::syntax::{ItemId, NodeId, NodeKind};

/// Far more steps than any client takes.
const MAX_STEPS: usize = 4_000;

/// A value that holds the client, some steps inside of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Value {
    pub(super) file: usize,
    pub(super) node: NodeId,
    pub(super) state: State,
    /// The way from the value to the client: elements of tuples, the innermost first.
    pub(super) inside: Vec<usize>,
}

pub(super) struct Flow<'f, 'a> {
    pub(super) follower: &'f Follower<'a>,
    waiting: Vec<Value>,
    seen: HashSet<Value>,
    /// Functions that give the client, of which the same is true.
    seen_functions: HashSet<Value>,
    endings: Vec<Ending>,
    /// Where sight of the client was lost, in case that nothing else is known of it.
    notes: Vec<Ending>,
}

impl<'f, 'a> Flow<'f, 'a> {
    pub(super) fn new(follower: &'f Follower<'a>) -> Self {
        Self {
            follower,
            waiting: Vec::new(),
            seen: HashSet::default(),
            seen_functions: HashSet::default(),
            endings: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, file: usize, node: NodeId, state: State) {
        self.go(Value { file, node, state, inside: Vec::new() });
    }

    pub(super) fn go(&mut self, value: Value) {
        if self.seen.insert(value.clone()) {
            self.waiting.push(value);
        }
    }

    /// Follows everything to its end.
    pub(super) fn run(mut self) -> Vec<Ending> {
        let mut n_steps = 0;
        while let Some(value) = self.waiting.pop() {
            n_steps += 1;
            if n_steps > MAX_STEPS {
                self.push(&value, Outcome::Lost, "followed too far; split the function".into());
                break;
            }
            self.step(&value);
        }
        if self.endings.is_empty() { self.notes } else { self.endings }
    }

    /// Whether a function that gives the client comes up for the first time.
    pub(super) fn is_new_function(&mut self, function: &Value) -> bool {
        self.seen_functions.insert(function.clone())
    }

    /// The client goes out of sight here, which decides only if no other way of it is known.
    pub(super) fn note(&mut self, value: &Value, text: &str) {
        if value.state == State::Raw {
            let pos = self.follower.pos(value.file, value.node);
            let (file, text) = (value.file, text.to_owned());
            self.notes.push(Ending { file, pos, outcome: Outcome::Lost, text });
        }
    }

    /// How this way ends. What is covered already has ended, and is not judged again.
    pub(super) fn end(&mut self, value: &Value, outcome: Outcome, text: String) {
        if value.state != State::Kept {
            self.push(value, outcome, text);
        }
    }

    pub(super) fn push(&mut self, value: &Value, outcome: Outcome, text: String) {
        let observed =
            matches!(outcome, Outcome::Sent) && self.follower.is_observed(value.file, value.node);
        let outcome = if observed { Outcome::Covered } else { outcome };
        let pos = self.follower.pos(value.file, value.node);
        self.endings.push(Ending { file: value.file, pos, outcome, text });
    }

    /// Covered by this call; what it gives may still hand out the raw client.
    pub(super) fn covered(&mut self, value: &Value, call: NodeId, text: &str) {
        self.end(value, Outcome::Covered, text.to_owned());
        self.with_state(value, call, State::Kept);
    }

    /// The same client in another expression of the same file.
    pub(super) fn at(&mut self, value: &Value, node: NodeId) {
        self.go(Value { node, ..value.clone() });
    }

    pub(super) fn with_state(&mut self, value: &Value, node: NodeId, state: State) {
        self.go(Value { node, state, ..value.clone() });
    }

    fn step(&mut self, value: &Value) {
        let id = value.node;
        let Some(parent) = self.follower.resolver.node(value.file, id).parent else {
            return self.out_of_body(value, id);
        };
        let node = self.follower.resolver.node(value.file, parent);
        match &node.kind {
            NodeKind::Method { receiver, name, args, .. } if *receiver == id => {
                self.method(value, parent, name, args);
            }
            NodeKind::Method { receiver, name, args, .. } => {
                self.method_argument(value, parent, *receiver, name, args);
            }
            NodeKind::Call { callee, .. } if *callee == id => self.at(value, parent),
            NodeKind::Call { callee, args } => self.argument(value, parent, *callee, args),
            NodeKind::Let { init: Some(init), pattern, .. } if *init == id => {
                self.enter_pattern(value, pattern);
            }
            NodeKind::Match { scrutinee, arms } => {
                if *scrutinee == id {
                    for arm in arms {
                        self.enter_pattern(value, &arm.pattern);
                    }
                } else {
                    self.at(value, parent);
                }
            }
            NodeKind::For { iterator, pattern, .. } if *iterator == id => {
                self.enter_pattern(value, pattern);
            }
            NodeKind::If { condition, .. } if *condition != id => self.at(value, parent),
            NodeKind::Block { tail: Some(tail), .. } if *tail == id => self.at(value, parent),
            NodeKind::Through(..) | NodeKind::Array(_) => self.at(value, parent),
            NodeKind::Index(base, _) if *base == id => self.at(value, parent),
            NodeKind::Tuple(parts) => {
                let index = parts.iter().position(|part| *part == id).unwrap_or(0);
                let mut inside = value.inside.clone();
                inside.push(index);
                self.go(Value { node: parent, inside, ..value.clone() });
            }
            NodeKind::Field { name, .. } => self.element(value, parent, name),
            NodeKind::Struct { path, fields, rest } if *rest != Some(id) => {
                let name = fields.iter().find(|(_, field)| *field == id).map(|(name, _)| name);
                if let Some(name) = name {
                    self.struct_field(value, path, node.scope, name);
                }
            }
            NodeKind::Assign { place, value: given } if *given == id => {
                self.enter_place(value, *place);
            }
            NodeKind::Return(_) => self.out_of_function(value, parent),
            NodeKind::Break { target: Some(target), .. } => self.at(value, *target),
            NodeKind::Closure { .. } => self.out_of_closure(value, parent),
            NodeKind::Other(_) => self.note(value, "in an expression that is not followed"),
            NodeKind::Macro { path, is_parsed, .. } => {
                self.macro_argument(value, parent, path.last().unwrap_or_default(), *is_parsed);
            }
            _ => {}
        }
    }

    fn element(&mut self, value: &Value, field: NodeId, name: &str) {
        let mut inside = value.inside.clone();
        if let Some(index) = inside.pop()
            && name == index.to_string()
        {
            self.go(Value { node: field, inside, ..value.clone() });
        }
    }

    fn macro_argument(&mut self, value: &Value, parent: NodeId, name: &str, is_parsed: bool) {
        let is_text = name.ends_with("print")
            || name.ends_with("println")
            || name.starts_with("assert")
            || name.starts_with("debug_assert")
            || matches!(
                name,
                "format"
                    | "write"
                    | "writeln"
                    | "dbg"
                    | "panic"
                    | "info"
                    | "debug"
                    | "warn"
                    | "error"
                    | "trace"
                    | "matches"
                    | "drop"
            );
        if is_text && name != "dbg" {
            return;
        }
        if is_parsed {
            if !matches!(name, "dbg" | "vec" | "pin" | "join" | "try_join" | "ready") {
                self.note(value, &format!("inside of `{name}!`, which would have to be expanded"));
            }
            self.at(value, parent);
        } else if value.state == State::Raw {
            let text = format!("inside of `{name}!`, whose expansion would have to be known");
            self.end(value, Outcome::Lost, text);
        }
    }

    pub(super) fn given(&mut self, value: &Value, path: &str) {
        let last = path.rsplit("::").next().unwrap_or(path);
        if path.starts_with("std::") || path.starts_with("core::") || path.starts_with("alloc::") {
            if !matches!(last, "drop" | "forget" | "drop_in_place" | "size_of_val") {
                self.note(value, &format!("given to `{path}`, which is not followed"));
            }
            return;
        }
        let (outcome, text) = match value.state {
            State::Raw => (Outcome::Given, format!("given to `{path}` as it came to be")),
            state => (state.outcome().0, state.outcome().1.to_owned()),
        };
        self.end(value, outcome, text);
    }

    pub(super) fn is_approved(&self, file: usize, item: ItemId) -> bool {
        !self.follower.approved.wrappers.is_empty()
            && self.follower.approved.has_wrapper(&self.follower.path_of_item(file, item))
    }
}
