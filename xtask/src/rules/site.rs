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

/// The rule that a site breaks, with what is to be done for its crate; none if it is covered.
#[must_use]
pub fn of_site(
    client: &str,
    symbol: &str,
    kind: Kind,
    verdict: Verdict,
    is_socket: bool,
) -> Option<Broken> {
    let mut broken = of_verdict(client, kind, verdict, is_socket)?;
    if WRAPPABLE.contains(&client) && !matches!(verdict, Verdict::Mixed | Verdict::Unknown) {
        broken.hint = way_in(client, symbol, kind).unwrap_or(broken.hint);
    }
    Some(broken)
}

/// How egret gets into a client that `egret::wrap` does not take.
fn way_in(client: &str, symbol: &str, kind: Kind) -> Option<&'static str> {
    let is_call = kind == Kind::Call;
    match client {
        "reqwest" if symbol.starts_with("reqwest::blocking::") => Some(if is_call {
            "call `egret::blocking::get(..)`, or wrap a client: `egret::blocking::wrap(client)`"
        } else {
            "wrap it where it is made: `egret::blocking::wrap(client)`"
        }),
        "ureq" if is_call => Some(
            "call through an agent with `.middleware(egret::ureq::middleware())` in its config",
        ),
        "ureq" => Some("put egret into its config: `.middleware(egret::ureq::middleware())`"),
        "tonic" if is_call => {
            Some("make the channel first, and put it under `.layer(egret::tower_client())`")
        }
        "hyper" | "hyper-util" | "tonic" => {
            Some("put it under egret's layer: `.layer(egret::tower_client()).service(client)`")
        }
        _ => None,
    }
}

fn of_verdict(client: &str, kind: Kind, verdict: Verdict, is_socket: bool) -> Option<Broken> {
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
