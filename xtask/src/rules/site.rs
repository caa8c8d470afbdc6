//! Which rule a site breaks, by its verdict and by what it calls.
//! It never weighs a context; the policy does.

use super::{
    empty_stack, free_call, mixed, other_library, other_stack, raw_socket, unknown_client,
    unwrapped_client,
};
use crate::findings::{Kind, Rule, Severity, Verdict};

/// Crates into whose clients egret can be put.
const WRAPPABLE: &[&str] = &[
    "reqwest",
    "reqwest-middleware",
    "astral-reqwest-middleware",
    "hyper",
    "hyper-util",
    "ureq",
    "tonic",
];

/// A rule that a site breaks.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    /// The rule.
    pub rule: &'static Rule,
    /// Its weight without a policy.
    pub severity: Severity,
    /// What to do.
    pub hint: &'static str,
}

macro_rules! broken {
    ($rule:ident) => {
        Some(Broken { rule: &$rule::RULE, severity: $rule::SEVERITY, hint: $rule::HINT })
    };
}

/// The rule that a site breaks; none if it is covered.
#[must_use]
pub fn of_site(client: &str, kind: Kind, verdict: Verdict, is_socket: bool) -> Option<Broken> {
    match verdict {
        Verdict::Covered => None,
        _ if is_socket => broken!(raw_socket),
        Verdict::WrappedEmpty => broken!(empty_stack),
        Verdict::WrappedOther => broken!(other_stack),
        Verdict::Mixed => broken!(mixed),
        Verdict::Unknown => broken!(unknown_client),
        Verdict::Unwrapped if !WRAPPABLE.contains(&client) => broken!(other_library),
        Verdict::Unwrapped if kind == Kind::Call => broken!(free_call),
        Verdict::Unwrapped => broken!(unwrapped_client),
    }
}
