//! What an instruction in a comment says: `egret: allow(reqwest) reason=".." until="2027-01-01"`.
//! It never guesses: anything else behind `egret: allow` is an error that says what would be right.

use jiff::civil::Date;

use super::PREFIX;
use crate::findings::Allowed;

const FORM: &str = "write `egret: allow(<crate or rule>) reason=\"why\"`";

/// The instructions in a comment, each with the offset of its `egret:`. A line of a comment holds
/// one when it starts with `egret:` and a word with a bracket; prose about egret is no instruction.
pub(super) fn in_comment(comment: &str) -> Vec<(usize, Result<Allowed, String>)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in comment.split_inclusive('\n') {
        let trimmed = line.trim_start_matches(|letter: char| {
            letter.is_whitespace() || letter == '/' || letter == '*'
        });
        let start = offset + (line.len() - trimmed.len());
        offset += line.len();
        let text = trimmed.trim_end().trim_end_matches("*/");
        if let Some(instruction) = text.strip_prefix(PREFIX).and_then(instruction) {
            found.push((start, instruction));
        }
    }
    found
}

/// `None` for prose.
fn instruction(text: &str) -> Option<Result<Allowed, String>> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let rest = rest.trim_start();
    match rest.strip_prefix('(') {
        Some(rest) if word == "allow" => Some(allow(rest)),
        Some(_) if !word.is_empty() => Some(Err(format!("`{word}` is no instruction; {FORM}"))),
        _ if word == "allow" => Some(Err(format!("`allow` names nothing in brackets; {FORM}"))),
        _ => None,
    }
}

/// What follows the opening bracket.
fn allow(text: &str) -> Result<Allowed, String> {
    let (list, mut rest) =
        text.split_once(')').ok_or_else(|| format!("the bracket is not closed; {FORM}"))?;
    let subjects: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if subjects.iter().any(String::is_empty) {
        return Err(format!("a name in the brackets is empty; {FORM}"));
    }
    let mut allowed = Allowed { subjects, reason: None, until: None };
    while let Some((key, value, after)) = pair(rest)? {
        let slot = match key {
            "reason" => &mut allowed.reason,
            "until" => &mut allowed.until,
            _ => return Err(format!("`{key}` is unknown; only `reason` and `until` may follow")),
        };
        if slot.replace(value).is_some() {
            return Err(format!("`{key}` is given twice"));
        }
        rest = after;
    }
    if let Some(until) = &allowed.until {
        check_date(until)?;
    }
    allowed.reason = allowed.reason.filter(|reason| !reason.trim().is_empty());
    Ok(allowed)
}

/// The next `key="value"` and what follows it; `None` at the end.
fn pair(text: &str) -> Result<Option<(&str, String, &str)>, String> {
    let text = text.trim_start();
    if text.is_empty() {
        return Ok(None);
    }
    let unreadable = || format!("`{text}` is no `name=\"value\"`; {FORM}");
    let (key, rest) = text.split_once('=').ok_or_else(unreadable)?;
    let rest = rest.trim_start().strip_prefix('"').ok_or_else(unreadable)?;
    let mut value = String::new();
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok(Some((key.trim(), value, &rest[at + 1..]))),
            // A backslash takes the next letter as it is, so that a reason can quote something.
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    Err(format!("the quote behind `{}` is not closed", key.trim()))
}

fn check_date(text: &str) -> Result<(), String> {
    let is_plain = text.len() == "2027-01-01".len();
    match text.parse::<Date>() {
        Ok(_) if is_plain => Ok(()),
        _ => Err(format!("`{text}` is no date; write `until=\"2027-01-01\"`")),
    }
}
