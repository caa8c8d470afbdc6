//! What is shown of a text.
//! They never render a page.

use super::*;

#[track_caller]
fn check(raw: &str, text: &str, title: &str) {
    let expected = Cell { text: text.to_owned(), title: title.to_owned() };
    assert_eq!(Cell::new(raw), expected);
}

#[test]
fn a_cell_is_short_and_its_title_bounded() {
    check("", "", "");
    check(&"ä".repeat(120), &"ä".repeat(120), "");
    check(&"ä".repeat(121), &format!("{}…", "ä".repeat(119)), &"ä".repeat(121));
    let title = format!("{}…", "a".repeat(999));
    check(&"a".repeat(16 << 10), &format!("{}…", "a".repeat(119)), &title);
}

#[test]
fn what_changes_how_others_are_read_is_not_shown() {
    check("a\u{202e}b\u{2066}c\nd\u{7}e\u{9b}f\u{200f}g\u{61c}h\u{2028}i", "abcdefghi", "");
    check("שלום 日本 é", "שלום 日本 é", "");
}
