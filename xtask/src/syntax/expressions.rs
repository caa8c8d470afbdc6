//! Lowers expressions and blocks into the flat list of nodes, parents before children.
//! It never evaluates anything; operators that change nothing about a client are told apart.

use syn::{Block, Expr, Lit, RangeLimits, Stmt, UnOp};

use super::ids::{NodeId, Pos};
use super::ir::ScopeKind;
use super::nodes::{Arm, NodeKind, Origin, Through};
use super::patterns::member;
use super::tree::{Lower, at};
use super::types;

impl Lower {
    /// Lowers a function's body.
    pub(super) fn body(&mut self, block: &Block) -> NodeId {
        self.block(block, None, false)
    }

    pub(super) fn block(
        &mut self,
        block: &Block,
        parent: Option<NodeId>,
        is_async: bool,
    ) -> NodeId {
        let span = block.brace_token.span.open();
        let has_items = block.stmts.iter().any(|statement| matches!(statement, Stmt::Item(_)));
        let id = self.push(NodeKind::Other(Vec::new()), parent, span);
        let (statements, tail) = if has_items {
            self.in_scope(ScopeKind::Block, false, |lower, _| lower.statements(&block.stmts, id))
        } else {
            self.statements(&block.stmts, id)
        };
        self.set(id, NodeKind::Block { statements, tail, is_async })
    }

    /// Lowers statements; those that are the value of the block come apart.
    pub(super) fn statements(
        &mut self,
        statements: &[Stmt],
        block: NodeId,
    ) -> (Vec<NodeId>, Option<NodeId>) {
        self.in_block(|lower| {
            // Items are in sight before the statements that stand above them.
            for statement in statements {
                if let Stmt::Item(item) = statement {
                    lower.any_item(item);
                }
            }
            let mut lowered = Vec::new();
            let mut tail = None;
            for (index, statement) in statements.iter().enumerate() {
                let is_last = index + 1 == statements.len();
                let (node, is_value) = match statement {
                    Stmt::Item(_) => continue,
                    Stmt::Local(local) => (lower.local_statement(local, block), false),
                    Stmt::Expr(value, semicolon) => {
                        (lower.expression(value, Some(block)), semicolon.is_none())
                    }
                    Stmt::Macro(call) => {
                        let is_value = call.semi_token.is_none();
                        (lower.macro_call(&call.mac, Some(block)), is_value)
                    }
                };
                if is_last && is_value {
                    tail = Some(node);
                } else {
                    lowered.push(node);
                }
            }
            (lowered, tail)
        })
    }

    fn local_statement(&mut self, local: &syn::Local, parent: NodeId) -> NodeId {
        let id = self.push(NodeKind::Other(Vec::new()), Some(parent), local.let_token.span);
        let init = local.init.as_ref().map(|init| self.expression(&init.expr, Some(id)));
        let diverge = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        let diverge = diverge.map(|(_, diverge)| self.expression(diverge, Some(id)));
        let pattern = self.pattern(&local.pat, Origin::Let(id), None);
        let ty = match &local.pat {
            syn::Pat::Type(typed) => Some(types::ty(&typed.ty)),
            _ => None,
        };
        self.set(id, NodeKind::Let { pattern, ty, init, diverge })
    }

    pub(super) fn expression(&mut self, whole: &Expr, parent: Option<NodeId>) -> NodeId {
        let id = self.push_at(NodeKind::Other(Vec::new()), parent, Pos::default());
        let kind = self.kind(whole, id);
        self.set(id, kind);
        self.tree.nodes[id.index()].pos = self.start_of(whole, id);
        id
    }

    /// Where an expression starts: for chains, where the innermost receiver does.
    fn start_of(&self, whole: &Expr, id: NodeId) -> Pos {
        let whole = inside_parentheses(whole);
        let first = match &self.tree.nodes[id.index()].kind {
            NodeKind::Method { receiver: first, .. }
            | NodeKind::Call { callee: first, .. }
            | NodeKind::Field { base: first, .. }
            | NodeKind::Index(first, _)
            | NodeKind::Assign { place: first, .. }
            | NodeKind::Through(Through::Try | Through::Await | Through::Cast(_), first) => {
                Some(*first)
            }
            NodeKind::Other(children) if matches!(whole, Expr::Binary(_)) => {
                children.first().copied()
            }
            _ => None,
        };
        match first {
            Some(first) => self.tree.nodes[first.index()].pos,
            None => at(first_span(whole)),
        }
    }

    fn kind(&mut self, whole: &Expr, id: NodeId) -> NodeKind {
        let here = Some(id);
        match whole {
            Expr::Path(path) => self.path(path, id),
            Expr::Call(call) => {
                let callee = self.expression(&call.func, here);
                NodeKind::Call { callee, args: self.all(&call.args, id) }
            }
            Expr::MethodCall(call) => {
                let receiver = self.expression(&call.receiver, here);
                let args = self.all(&call.args, id);
                let generics = call.turbofish.as_ref().map(types::generic_arguments);
                let (name, generics) = (types::name(&call.method), generics.unwrap_or_default());
                NodeKind::Method { receiver, name, generics, args }
            }
            Expr::Field(field) => {
                let base = self.expression(&field.base, here);
                NodeKind::Field { base, name: member(&field.member) }
            }
            Expr::Struct(literal) => {
                let path = types::qualified(literal.qself.as_ref(), &literal.path);
                let mut fields = Vec::new();
                for field in &literal.fields {
                    fields.push((member(&field.member), self.expression(&field.expr, here)));
                }
                let rest = literal.rest.as_ref().map(|rest| self.expression(rest, here));
                NodeKind::Struct { path, fields, rest }
            }
            Expr::Paren(inner) => self.same(&inner.expr, id),
            Expr::Group(inner) => self.same(&inner.expr, id),
            Expr::Reference(inner) => self.through(Through::Reference, &inner.expr, id),
            Expr::RawAddr(inner) => self.through(Through::Reference, &inner.expr, id),
            Expr::Unary(inner) if matches!(inner.op, UnOp::Deref(_)) => {
                self.through(Through::Dereference, &inner.expr, id)
            }
            Expr::Try(inner) => self.through(Through::Try, &inner.expr, id),
            Expr::Await(inner) => self.through(Through::Await, &inner.base, id),
            Expr::Cast(cast) => self.through(Through::Cast(types::ty(&cast.ty)), &cast.expr, id),
            Expr::Assign(assign) => {
                // The value is evaluated first, and its uses stand before the new value.
                let value = self.expression(&assign.right, here);
                let place = self.expression(&assign.left, here);
                NodeKind::Assign { place, value }
            }
            Expr::Tuple(tuple) => NodeKind::Tuple(self.all(&tuple.elems, id)),
            Expr::Array(array) => NodeKind::Array(self.all(&array.elems, id)),
            Expr::Repeat(repeat) => NodeKind::Array(vec![self.expression(&repeat.expr, here)]),
            Expr::Index(index) => {
                let base = self.expression(&index.expr, here);
                NodeKind::Index(base, self.expression(&index.index, here))
            }
            Expr::Return(inner) => {
                NodeKind::Return(inner.expr.as_ref().map(|value| self.expression(value, here)))
            }
            Expr::Break(inner) => {
                let value = inner.expr.as_ref().map(|value| self.expression(value, here));
                let target = self.target(inner.label.as_ref().map(|label| &label.ident));
                NodeKind::Break { value, target }
            }
            Expr::Macro(call) => self.macro_kind(&call.mac, id),
            Expr::Lit(literal) => NodeKind::Literal(match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            }),
            _ => self.control(whole, id),
        }
    }

    /// Expressions that hold blocks.
    fn control(&mut self, whole: &Expr, id: NodeId) -> NodeKind {
        let here = Some(id);
        match whole {
            Expr::Block(syn::ExprBlock { label: Some(label), block, .. }) => {
                self.breakable(Some(label), false, id, |lower| lower.same_block(block, id, false))
            }
            Expr::Block(block) => self.same_block(&block.block, id, false),
            Expr::Unsafe(block) => self.same_block(&block.block, id, false),
            Expr::Const(block) => self.same_block(&block.block, id, false),
            Expr::TryBlock(block) => self.same_block(&block.block, id, true),
            Expr::Async(block) => self.same_block(&block.block, id, true),
            Expr::Closure(closure) => self.closure(closure, id),
            Expr::Let(condition) => {
                let init = self.expression(&condition.expr, here);
                let pattern = self.pattern(&condition.pat, Origin::Let(id), None);
                NodeKind::Let { pattern, ty: None, init: Some(init), diverge: None }
            }
            Expr::If(branch) => self.branch(branch, id),
            Expr::Match(choice) => self.choice(choice, id),
            Expr::ForLoop(each) => {
                let iterator = self.expression(&each.expr, here);
                let (pattern, body) = self.in_block(|lower| {
                    let pattern = lower.pattern(&each.pat, Origin::For(id), None);
                    let body = lower.breakable(each.label.as_ref(), true, id, |lower| {
                        lower.block(&each.body, here, false)
                    });
                    (pattern, body)
                });
                NodeKind::For { pattern, iterator, body }
            }
            Expr::While(each) => self.in_block(|lower| {
                let condition = lower.expression(&each.cond, here);
                let body = lower.breakable(each.label.as_ref(), true, id, |lower| {
                    lower.block(&each.body, here, false)
                });
                NodeKind::Other(vec![condition, body])
            }),
            Expr::Loop(each) => {
                // The value of a loop is what `break` gives; the body's own value is none.
                let body = self.breakable(each.label.as_ref(), true, id, |lower| {
                    lower.block(&each.body, here, false)
                });
                NodeKind::Other(vec![body])
            }
            _ => self.plain(whole, id),
        }
    }

    /// Expressions whose parts do not become their value.
    fn plain(&mut self, whole: &Expr, id: NodeId) -> NodeKind {
        let parts: Vec<&Expr> = match whole {
            Expr::Binary(binary) => vec![&binary.left, &binary.right],
            Expr::Unary(unary) => vec![&unary.expr],
            Expr::Range(range) => {
                let _: &RangeLimits = &range.limits;
                range.start.iter().chain(&range.end).map(AsRef::as_ref).collect()
            }
            Expr::Yield(inner) => inner.expr.iter().map(AsRef::as_ref).collect(),
            Expr::Verbatim(tokens) => return NodeKind::Other(self.loose(tokens.clone(), Some(id))),
            _ => Vec::new(),
        };
        NodeKind::Other(parts.into_iter().map(|part| self.expression(part, Some(id))).collect())
    }

    fn path(&mut self, path: &syn::ExprPath, id: NodeId) -> NodeKind {
        let path = types::qualified(path.qself.as_ref(), &path.path);
        match path.identifier().and_then(|name| self.local(name)) {
            Some(local) => {
                self.tree.bindings[local.index()].uses.push(id);
                NodeKind::Local(local)
            }
            None => NodeKind::Path(path),
        }
    }

    pub(super) fn all<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a Expr>,
        parent: NodeId,
    ) -> Vec<NodeId> {
        parts.into_iter().map(|part| self.expression(part, Some(parent))).collect()
    }

    /// Parentheses: the node becomes what is inside of them.
    fn same(&mut self, inner: &Expr, id: NodeId) -> NodeKind {
        let kind = self.kind(inner, id);
        self.tree.nodes[id.index()].kind = kind;
        let pos = self.start_of(inner, id);
        let node = &mut self.tree.nodes[id.index()];
        node.pos = pos;
        std::mem::replace(&mut node.kind, NodeKind::Literal(None))
    }

    fn through(&mut self, operator: Through, inner: &Expr, id: NodeId) -> NodeKind {
        NodeKind::Through(operator, self.expression(inner, Some(id)))
    }

    fn same_block(&mut self, block: &Block, id: NodeId, is_async: bool) -> NodeKind {
        let has_items = block.stmts.iter().any(|statement| matches!(statement, Stmt::Item(_)));
        let (statements, tail) = if has_items {
            self.in_scope(ScopeKind::Block, false, |lower, _| lower.statements(&block.stmts, id))
        } else {
            self.statements(&block.stmts, id)
        };
        NodeKind::Block { statements, tail, is_async }
    }

    fn closure(&mut self, closure: &syn::ExprClosure, id: NodeId) -> NodeKind {
        self.in_block(|lower| {
            let mut params = Vec::new();
            for (index, input) in closure.inputs.iter().enumerate() {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                let pattern = lower.pattern(input, Origin::Closure(id, index), None);
                let ty = match input {
                    syn::Pat::Type(typed) => Some(types::ty(&typed.ty)),
                    _ => None,
                };
                params.push((pattern, ty));
            }
            NodeKind::Closure { params, body: lower.expression(&closure.body, Some(id)) }
        })
    }

    fn branch(&mut self, branch: &syn::ExprIf, id: NodeId) -> NodeKind {
        let here = Some(id);
        let (condition, then) = self.in_block(|lower| {
            let condition = lower.expression(&branch.cond, here);
            (condition, lower.block(&branch.then_branch, here, false))
        });
        let other = branch.else_branch.as_ref().map(|(_, other)| self.expression(other, here));
        NodeKind::If { condition, then, other }
    }

    fn choice(&mut self, choice: &syn::ExprMatch, id: NodeId) -> NodeKind {
        let here = Some(id);
        let scrutinee = self.expression(&choice.expr, here);
        let mut arms = Vec::new();
        for arm in &choice.arms {
            let arm = self.in_block(|lower| {
                let pattern = lower.pattern(&arm.pat, Origin::Match(id), None);
                if let syn::Pat::Guard(guarded) = &arm.pat {
                    lower.expression(&guarded.guard, here);
                }
                Arm { pattern, body: lower.expression(&arm.body, here) }
            });
            arms.push(arm);
        }
        NodeKind::Match { scrutinee, arms }
    }
}

fn inside_parentheses(mut whole: &Expr) -> &Expr {
    loop {
        whole = match whole {
            Expr::Paren(inner) => &inner.expr,
            Expr::Group(inner) => &inner.expr,
            _ => return whole,
        };
    }
}

/// The first token of an expression that does not start with another expression.
fn first_span(whole: &Expr) -> proc_macro2::Span {
    match whole {
        Expr::Path(path) => path_span(path),
        Expr::Struct(literal) => match (&literal.qself, literal.path.segments.first()) {
            (Some(front), _) => front.lt_token.spans[0],
            (None, Some(first)) => first.ident.span(),
            _ => proc_macro2::Span::call_site(),
        },
        Expr::Macro(call) => super::macros::macro_span(&call.mac),
        Expr::Reference(inner) => inner.and_token.spans[0],
        Expr::Tuple(tuple) => tuple.paren_token.span.open(),
        Expr::Array(array) => array.bracket_token.span.open(),
        Expr::Block(block) => block.block.brace_token.span.open(),
        Expr::Async(block) => block.async_token.span,
        Expr::Unsafe(block) => block.unsafe_token.span,
        Expr::Closure(closure) => closure.inputs_begin.spans[0],
        Expr::If(branch) => branch.if_token.span,
        Expr::Match(choice) => choice.match_token.span,
        Expr::ForLoop(each) => each.for_token.span,
        Expr::While(each) => each.while_token.span,
        Expr::Loop(each) => each.loop_token.span,
        Expr::Let(condition) => condition.let_token.span,
        Expr::Return(inner) => inner.return_token.span,
        Expr::Break(inner) => inner.break_token.span,
        Expr::Lit(literal) => literal.lit.span(),
        _ => proc_macro2::Span::call_site(),
    }
}

fn path_span(path: &syn::ExprPath) -> proc_macro2::Span {
    if let Some(front) = &path.qself {
        return front.lt_token.spans[0];
    }
    if let Some(colons) = &path.path.leading_colon {
        return colons.spans[0];
    }
    path.path.segments.first().map_or_else(proc_macro2::Span::call_site, |one| one.ident.span())
}
