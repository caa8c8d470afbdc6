//! Lowering, on small sources.
//! It never resolves names.

use super::{ItemKind, NodeKind, Refused, parse, scan_tokens};

fn paths(source: &str) -> Vec<String> {
    let tree = parse(source).unwrap();
    tree.nodes
        .iter()
        .filter_map(|node| match &node.kind {
            NodeKind::Path(path) if path.segments.len() > 1 => {
                let names: Vec<&str> = path.segments.iter().map(|s| s.name.as_str()).collect();
                Some(format!("{}:{}", node.pos.line, names.join("::")))
            }
            _ => None,
        })
        .collect()
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(paths(source), expected, "{source}");
}

#[test]
fn paths_are_found_wherever_they_stand() {
    check("fn f() { a::b(); }", &["1:a::b"]);
    check("fn f() { x!(a::b(), y = c::d()) }", &["1:a::b", "1:c::d"]);
    check(
        "fn f() { select! { r = a::b() => { c::d() } _ = z => e::f::<T>(1), } }",
        &["1:a::b", "1:c::d", "1:e::f"],
    );
    check("macro_rules! m { ($x:ty) => { { let y = a::b::<$x>(); y } } }", &["1:a::b"]);
    check("macro_rules! m { ($($x:ty),*) => { $( a::b($x); )* } }", &["1:a::b"]);
    check("lazy_static! { pub static ref X: T = a::b(); }", &["1:a::b"]);
    check(
        "cfg_if! { if #[cfg(x)] { fn f() { a::b(); } } else { fn g() { c::d(); } } }",
        &["1:a::b", "1:c::d"],
    );
    check("fn f() { stringify!(a::b()); }", &[]);
    // As written in 2015: names that are keywords now, and parameters without names.
    check(
        "use a::async::B; fn f() { let try = try!(B::await(async::c())); }",
        &["1:B::await", "1:async::c"],
    );
    check("trait T { fn f(&self, A<(B, C)>, D) { a::b() } }", &["1:a::b"]);
    check("fn f(x: Box<Fn(u8) + Send>, y: &'a mut FnMut()) -> &Fn() { a::b() }", &["1:a::b"]);
    check("mod async { fn f() { a::b() } }", &["1:a::b"]);
    check("fn f() { weird!{ @go [a::b(x)] => ~ c::d } }", &["1:a::b", "1:c::d"]);
    check("fn f() { x\n.y(|z| a::b)\n.w(); }", &["2:a::b"]);
}

#[test]
fn locals_shadow_and_are_counted() {
    let tree = parse("fn f(a: T) { let b = a; let a = 1; { let a = b; a; } a; }").unwrap();
    let uses: Vec<(&str, usize)> =
        tree.bindings.iter().map(|b| (b.name.as_str(), b.uses.len())).collect();
    assert_eq!(uses, [("a", 1), ("b", 1), ("a", 1), ("a", 1)]);
}

#[test]
fn what_nests_too_deeply_is_refused() {
    let deep = format!("fn f() {{ {}x{} }}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(parse(&deep).unwrap_err(), Refused::TooDeep);
    let unary = format!("fn f() {{ {}x }}", "!".repeat(10_000));
    assert_eq!(parse(&unary).unwrap_err(), Refused::TooDeep);
}

#[test]
fn what_does_not_parse_is_searched_by_tokens() {
    let source = "use a::{b, c as d};\nfn {{name}}() {\n  // e::f\n  let x = g::h::i(\"j::k\");\n}";
    assert!(parse(source).is_err());
    let tree = scan_tokens(source);
    let names: Vec<&str> = tree.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["b", "d", ""]);
    let ItemKind::MacroCall(found) = &tree.items[2].kind else { panic!("no mentions") };
    assert_eq!(found.len(), 1);
    assert_eq!(tree.nodes[0].pos.line, 4);
}
