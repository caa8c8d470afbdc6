//! Tests of the exceptions in comments: what is read, what is covered, what becomes of it.
//! They never read a file.

use super::read;

/// One line per instruction: the comment's place, the lines that it covers, what it says.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = read("a.rs", text)
        .iter()
        .map(|found| {
            let content = match &found.content {
                Ok(allowed) => format!(
                    "{} because {:?} until {:?}",
                    allowed.subjects.join("+"),
                    allowed.reason.as_deref().unwrap_or("-"),
                    allowed.until.as_deref().unwrap_or("-")
                ),
                Err(problem) => problem.clone(),
            };
            let (place, lines) = (&found.place, &found.lines);
            format!(
                "{}:{} covers {}-{}: {content}",
                place.line,
                place.column,
                lines.start(),
                lines.end()
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_comment_above_covers_the_next_statement() {
    check(
        "fn f() {\n    // egret: allow(reqwest) reason=\"probe\"\n\n    // more\n    let a =\n        \
         make(|x| {\n            x\n        });\n    let b = 1;\n}\n",
        &["2:8 covers 5-8: reqwest because \"probe\" until \"-\""],
    );
}

#[test]
fn a_comment_behind_code_covers_its_own_line() {
    check(
        "let a = 1; // egret: allow(a, b-c) reason=\"x\" until=\"2027-01-01\"\nlet b = 2;\n",
        &["1:15 covers 1-1: a+b-c because \"x\" until \"2027-01-01\""],
    );
}

#[test]
fn an_arm_a_field_and_a_last_expression_end_where_they_end() {
    let comment = "// egret: allow(a) reason=\"x\"\n";
    let says = "a because \"x\" until \"-\"";
    let arm = format!("match x {{\n{comment}A => f(1,\n2),\nB => g(),\n}}");
    check(&arm, &[&format!("2:4 covers 3-4: {says}")]);
    let tail = format!("{{\n{comment}f()\n.g()\n}}\nlet y = 1;");
    check(&tail, &[&format!("2:4 covers 3-4: {says}")]);
    let item = format!("{comment}#[derive(Default)]\nstruct A {{\n    b: B,\n}}");
    check(&item, &[&format!("1:4 covers 2-3: {says}")]);
    let types = format!("{comment}let m: HashMap<A, B> = f(\n);\n");
    check(&types, &[&format!("1:4 covers 2-3: {says}")]);
}

#[test]
fn block_comments_count_too() {
    check(
        "/* egret: allow(a) reason=\"x\" */ let a = 1;\n/*\n * egret: allow(b) reason=\"y\"\n */\nlet b = 1;\n",
        &[
            "1:4 covers 1-1: a because \"x\" until \"-\"",
            "3:4 covers 5-5: b because \"y\" until \"-\"",
        ],
    );
}

#[test]
fn strings_and_documentation_say_nothing() {
    let line = "// egret: allow(a) reason=1";
    for text in [
        format!("let a = \"{line}\";"),
        format!("let a = \"\\\"{line}\";"),
        format!("let a = r#\"\"{line}\"#;"),
        format!("let a = br##\"\"# {line}\"##;"),
        format!("let a = c\"{line}\";"),
        format!("let a = \"\n{line}\n\";"),
        "/// egret: allow(a)\n/** egret: allow(a) */\n//! egret: allow(a)\nfn f() {}".to_owned(),
        "// egret: says what it does\n// The egret: allow(a) form.\nfn f() {}".to_owned(),
    ] {
        check(&text, &[]);
    }
}

#[test]
fn what_looks_like_a_literal_hides_no_comment() {
    let line = "// egret: allow(a) reason=\"x\"";
    for text in
        ["'\"'", "'\\''", "b'\"'", "'é'", "f::<'a>()", "'a: loop {}", "r#type", "/* /* */ */"]
    {
        let text = format!("{text}; {line}");
        assert_eq!(read("a.rs", &text).len(), 1, "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_what_would_be_right() {
    let form = "write `egret: allow(<crate or rule>) reason=\"why\"`";
    check(
        "// egret: allow(a\n// egret: allow a\n// egret: alow(a)\n// egret: allow(a) becuase=\"x\"\n\
         // egret: allow(a) reason=\"x\n// egret: allow(a) until=\"soon\"\n// egret: allow() reason=\"x\"\n\
         // egret: allow(a) reason=\"  \"\n// egret: allow(a) reason=\"x\" reason=\"y\"\n",
        &[
            &format!("1:4 covers 1-1: the bracket is not closed; {form}"),
            &format!("2:4 covers 2-2: `allow` names nothing in brackets; {form}"),
            &format!("3:4 covers 3-3: `alow` is no instruction; {form}"),
            "4:4 covers 4-4: `becuase` is unknown; only `reason` and `until` may follow",
            "5:4 covers 5-5: the quote behind `reason` is not closed",
            "6:4 covers 6-6: `soon` is no date; write `until=\"2027-01-01\"`",
            &format!("7:4 covers 7-7: a name in the brackets is empty; {form}"),
            "8:4 covers 8-8: a because \"-\" until \"-\"",
            "9:4 covers 9-9: `reason` is given twice",
        ],
    );
}

#[test]
fn any_bytes_are_survived() {
    for text in
        ["egret: /*", "egret: '", "egret: r#", "egret: \"\\", "egret: b'", "'\u{10ffff}egret:"]
    {
        assert_eq!(read("a.rs", text).len(), 0, "{text}");
    }
}

/// Every text of up to five pieces that matter to the lexer, around an instruction.
#[test]
fn every_short_text_is_survived() {
    const PIECES: [&str; 12] =
        ["/", "*", "\"", "'", "r#", "b", "\n", "\\", "é", "(", "egret: allow(a) reason=\"x\"", "}"];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        texts =
            texts.iter().flat_map(|text| PIECES.map(|piece| format!("{text}{piece}"))).collect();
        for text in &texts {
            for found in read("a.rs", &format!("// egret: allow(b)\n{text}")) {
                let n_lines = text.lines().count() + 2;
                assert!(found.place.line <= n_lines && *found.lines.end() <= n_lines, "{text}");
            }
        }
    }
}
