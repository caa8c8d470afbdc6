//! What a method does with the client: the one it is called on, or one that it is given.
//! It never looks behind a method that is nobody's here; its name decides then.

use super::flow::{Flow, Value};
use super::outcome::Outcome;
use super::stack::{State, Whose};
use crate::knowledge::Role;
use crate::resolve::is_transparent;
use crate::syntax::{NodeId, NodeKind};

impl Flow<'_, '_> {
    /// `client.method(..)`.
    pub(super) fn method(&mut self, value: &Value, call: NodeId, name: &str, args: &[NodeId]) {
        if value.state == State::Kept {
            return self.kept_method(value, call, name, args);
        }
        let covers = &self.follower.resolver.knowledge.covers;
        let is_stacked = value.state != State::Raw;
        if let ([middleware], true) = (args, is_stacked && covers.is_push(name)) {
            let whose = self.follower.whose(value.file, *middleware);
            return self.with_state(value, call, value.state.with(whose));
        }
        if is_stacked {
            return self.stacked_method(value, call, name);
        }
        if self.enter_closure(value, call, name, args) {
            return;
        }
        let ty = self.follower.resolver.type_of(value.file, value.node);
        if let Some((file, item)) = self.follower.resolver.method(&ty, name) {
            if self.is_approved(file, item) {
                return self.end(value, Outcome::Covered, "covered by an approved wrapper".into());
            }
            if self.enter_this(value, file, item) {
                return;
            }
        }
        if name == "into" || name == "try_into" {
            return self.turned(value, call);
        }
        let role = ty.peeled().foreign().and_then(|of| self.follower.resolver.knowledge.role(&of));
        if role != Some(Role::Client)
            && covers.is_layer(name)
            && let [middleware] = args
        {
            let whose = self.follower.whose(value.file, *middleware);
            return self.with_state(value, call, value.state.with(whose));
        }
        if is_transparent(name) {
            return self.at(value, call);
        }
        if self.follower.reads_container(value.file, value.node, name, args) {
            return self.at(value, call);
        }
        let is_builder = matches!(role, Some(Role::Builder | Role::Config));
        if !is_builder && covers.is_send(name) {
            return self.end(value, Outcome::Sent, format!("sends with `.{name}()`, unwrapped"));
        }
        // Settings of a builder, and whatever is not known to end its way.
        if role != Some(Role::Client) {
            self.at(value, call);
        }
    }

    /// A stack that is finished.
    pub(super) fn built(&mut self, value: &Value, call: NodeId, state: State) {
        match state.outcome() {
            (Outcome::Covered, text) => self.covered(value, call, text),
            (outcome, text) => self.end(value, outcome, text.to_owned()),
        }
    }

    fn kept_method(&mut self, value: &Value, call: NodeId, name: &str, args: &[NodeId]) {
        let resolver = self.follower.resolver;
        let covers = &resolver.knowledge.covers;
        if covers.is_push(name) {
            return self.at(value, call);
        }
        if self.takes_raw(value, call) || self.enter_closure(value, call, name, args) {
            return;
        }
        let ty = resolver.type_of(value.file, value.node);
        if let Some((file, item)) = resolver.method(&ty, name) {
            self.enter_this(value, file, item);
        } else if is_transparent(name)
            || matches!(name, "build" | "finish" | "into" | "try_into" | "get")
        {
            self.at(value, call);
        }
    }

    /// Whether the raw client is taken out of its stack here, which ends this way.
    pub(super) fn takes_raw(&mut self, value: &Value, call: NodeId) -> bool {
        let takes = self.follower.takes_raw(value.file, call);
        if takes {
            self.push(value, Outcome::Sent, "taken raw out of its stack".into());
        }
        takes
    }

    fn stacked_method(&mut self, value: &Value, call: NodeId, name: &str) {
        if name == "build" || name == "finish" {
            return self.built(value, call, value.state);
        }
        if is_transparent(name) || self.follower.resolver.knowledge.covers.is_layer(name) {
            return self.at(value, call);
        }
        if self.follower.resolver.knowledge.covers.is_send(name) {
            let (outcome, text) = value.state.outcome();
            return self.end(value, outcome, text.to_owned());
        }
        self.at(value, call);
    }

    /// `.into()`: by what is expected of it.
    pub(super) fn turned(&mut self, value: &Value, call: NodeId) {
        let resolver = self.follower.resolver;
        let expected = resolver.expected(value.file, call);
        let of = expected.peeled().foreign();
        if of.as_deref().is_some_and(|of| resolver.knowledge.covers.is_stacked_type(of)) {
            return self.end(
                value,
                Outcome::Empty,
                "turned into a client with no middleware".into(),
            );
        }
        if let Some((file, item)) = resolver.associated_of(&expected, "from") {
            return self.enter_parameter(value, file, item, 0);
        }
        self.at(value, call);
    }

    /// `client.map(|client| ..)`: the closure gets it. Whether that is all there is to it.
    fn enter_closure(&mut self, value: &Value, call: NodeId, name: &str, args: &[NodeId]) -> bool {
        let takes_value = matches!(
            name,
            "map"
                | "and_then"
                | "map_or"
                | "map_or_else"
                | "then"
                | "tap"
                | "pipe"
                | "with"
                | "is_some_and"
                | "is_ok_and"
                | "for_each"
                | "inspect"
                | "tap_mut"
                | "apply"
        );
        if !takes_value {
            return false;
        }
        let Some(last) = args.last() else {
            return false;
        };
        match &self.follower.resolver.node(value.file, *last).kind {
            NodeKind::Closure { params, .. } => {
                if let Some((pattern, _)) = params.first() {
                    self.enter_pattern(value, pattern);
                }
                true
            }
            NodeKind::Path(_) => {
                self.call_with(value, call, *last, 0, &[]);
                true
            }
            _ => false,
        }
    }

    /// `receiver.method(client)`.
    pub(super) fn method_argument(
        &mut self,
        value: &Value,
        call: NodeId,
        receiver: NodeId,
        name: &str,
        args: &[NodeId],
    ) {
        let resolver = self.follower.resolver;
        let index = args.iter().position(|arg| *arg == value.node).unwrap_or(0);
        let ty = resolver.type_of(value.file, receiver);
        if let Some((file, item)) = resolver.method(&ty, name) {
            if self.is_approved(file, item) {
                return self.end(value, Outcome::Covered, "covered by an approved wrapper".into());
            }
            return self.enter_parameter(value, file, item, index);
        }
        let path = ty.peeled().foreign().map(|of| format!("{of}::{name}"));
        let is_cover = |path: &String| {
            resolver.knowledge.covers.is_cover(path) || self.follower.approved.has_wrapper(path)
        };
        if path.as_ref().is_some_and(is_cover) {
            return self.covered(value, call, "wrapped by egret");
        }
        let is_layered = match name {
            "service" => self.is_under_our_layer(value.file, receiver),
            "layer" => self.follower.whose(value.file, receiver) == Whose::Ours,
            _ => false,
        };
        if is_layered {
            return self.end(value, Outcome::Covered, "under a layer that records".into());
        }
        if matches!(name, "unwrap_or" | "or" | "get_or_insert" | "or_insert" | "map_or" | "zip") {
            return self.at(value, call);
        }
        if matches!(
            name,
            "set"
                | "push"
                | "insert"
                | "replace"
                | "push_back"
                | "store"
                | "swap"
                | "try_insert"
                | "push_front"
                | "set_blocking"
        ) {
            return self.enter_place(value, receiver);
        }
        let is_client = |of: String| resolver.knowledge.role(&of) == Some(Role::Client);
        if is_channel(name) && !ty.peeled().foreign().is_some_and(is_client) {
            let text = "sent to whoever receives it, which would have to be known";
            return self.end(value, Outcome::Lost, text.into());
        }
        self.given(value, path.as_deref().unwrap_or(name));
    }

    fn is_under_our_layer(&self, file: usize, receiver: NodeId) -> bool {
        let mut at = Some(receiver);
        while let Some(id) = at {
            at = match &self.follower.resolver.node(file, id).kind {
                NodeKind::Method { receiver, name, args, .. } => {
                    if let ("layer", [layer]) = (name.as_str(), args.as_slice())
                        && self.follower.whose(file, *layer) == Whose::Ours
                    {
                        return true;
                    }
                    Some(*receiver)
                }
                NodeKind::Through(_, inner) => Some(*inner),
                NodeKind::Local(binding) => self.follower.init_of(file, *binding),
                _ => None,
            };
        }
        false
    }
}

/// Methods that put what they are given into a channel.
fn is_channel(method: &str) -> bool {
    matches!(
        method,
        "send"
            | "try_send"
            | "blocking_send"
            | "send_timeout"
            | "send_replace"
            | "unbounded_send"
            | "start_send"
            | "send_async"
    )
}
