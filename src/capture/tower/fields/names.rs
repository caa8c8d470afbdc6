//! The names of fields in what says that they are wrong.
//! Never takes a text for a name that does not look like one: it may be a value.

use serde_json::{Map, Value};

/// Where lists of errors are kept.
const LISTS: [&str; 9] = [
    "errors",
    "error",
    "detail",
    "details",
    "invalid-params",
    "invalid_params",
    "violations",
    "fieldViolations",
    "field_violations",
];

/// Of these, the ones whose members' names are fields where they hold an object.
const BY_FIELD: [&str; 1] = ["errors"];

/// How an error of a list names its field.
const NAMES: [&str; 9] = [
    "pointer",
    "parameter",
    "field",
    "name",
    "path",
    "param",
    "property",
    "propertyPath",
    "instancePath",
];

/// Lists of the parts of a name.
const PATHS: [&str; 2] = ["loc", "path"];

/// Parts of a name that say where in the request it stands.
const PLACES: [&str; 6] = ["body", "query", "path", "header", "cookie", "data"];

const MAX_DEPTH: usize = 5;

const MAX_NAME_BYTES: usize = 100;

/// Names in a JSON document; of one that was cut, up to where it is whole.
pub(super) fn in_json(text: &str, is_cut: bool) -> Vec<String> {
    let document = if is_cut { mended(text) } else { text.to_owned() };
    let mut names = Vec::new();
    match serde_json::from_str::<Value>(&document) {
        Ok(Value::Object(object)) => in_object(&object, 0, &mut names),
        Ok(list @ Value::Array(_)) => in_list(&list, false, 0, &mut names),
        Ok(Value::String(text)) => names.extend(in_text(&text)),
        _ => {}
    }
    names
}

fn in_object(object: &Map<String, Value>, depth: usize, names: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    for list in LISTS {
        let Some(value) = object.get(list) else { continue };
        in_list(value, BY_FIELD.contains(&list), depth, names);
    }
}

/// What a key of [`LISTS`] holds.
fn in_list(value: &Value, is_by_field: bool, depth: usize, names: &mut Vec<String>) {
    match value {
        Value::Array(errors) => {
            for error in errors.iter().filter_map(Value::as_object) {
                match name_of(error) {
                    Some(name) => names.push(name),
                    None => in_object(error, depth + 1, names),
                }
            }
        }
        Value::Object(fields) if is_by_field => {
            names.extend(fields.keys().filter_map(|name| plausible(name)));
        }
        Value::Object(error) => match name_of(error) {
            Some(name) => names.push(name),
            None => in_object(error, depth + 1, names),
        },
        // axum's texts, put into JSON by whoever wraps them.
        Value::String(text) => names.extend(in_text(text)),
        _ => {}
    }
}

/// The field that one error of a list is about.
fn name_of(error: &Map<String, Value>) -> Option<String> {
    let path = PATHS.iter().find_map(|key| error.get(*key)?.as_array());
    if let Some(path) = path {
        return of_path(path);
    }
    if let Some(source) = error.get("source").and_then(Value::as_object) {
        return name_of(source);
    }
    NAMES.iter().find_map(|key| plausible(error.get(*key)?.as_str()?))
}

/// `["body", "items", 0, "price"]` is `items.0.price`.
fn of_path(path: &[Value]) -> Option<String> {
    let mut parts: Vec<_> = path
        .iter()
        .filter_map(|part| match part {
            Value::String(text) => Some(text.clone()),
            Value::Number(index) => Some(index.to_string()),
            _ => None,
        })
        .collect();
    if parts.len() > 1 && PLACES.contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    plausible(&parts.join("."))
}

/// The name in the text of one of axum's rejections.
pub(super) fn in_text(text: &str) -> Option<String> {
    const BEFORE: [&str; 2] = ["Failed to deserialize ", "Failed to parse the request body"];
    if let Some(about) = text.strip_prefix("Invalid URL: ") {
        let (name, rest) = about.strip_prefix("Cannot parse `")?.split_once('`')?;
        return if rest.starts_with(" with value") { plausible(name) } else { None };
    }
    if !BEFORE.iter().any(|before| text.starts_with(before)) {
        return None;
    }
    let (_, about) = text.split_once(": ")?;
    // `path: what is wrong`; the path is left out where it is the document itself.
    let (path, wrong) = match about.split_once(": ") {
        Some((path, wrong)) if !path.contains(' ') => (path, wrong),
        _ => ("", about),
    };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|before| Some(wrong.strip_prefix(before)?.split_once('`')?.0));
    match (path, named) {
        ("" | ".", Some(name)) => plausible(name),
        ("" | ".", None) => None,
        // serde names an unknown field in the path too.
        (path, Some(name)) if path == name || path.ends_with(&format!(".{name}")) => {
            plausible(path)
        }
        (path, Some(name)) => plausible(&format!("{path}.{name}")),
        (path, None) => plausible(path),
    }
}

/// The name itself where it looks like one (`items[0].price`, `#/items/0`, `invalid-name`).
fn plausible(name: &str) -> Option<String> {
    let name = name.trim_start_matches(['#', '/']);
    let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().any(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]/$~?".contains(&byte));
    is_name.then(|| name.to_owned())
}

/// A document that was cut, up to its last whole member, with what is open closed.
fn mended(text: &str) -> String {
    let mut open = Vec::new();
    let (mut is_in_string, mut is_escaped) = (false, false);
    let mut whole = (0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        if is_in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_in_string = true,
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop();
                whole = (at + 1, open.clone());
            }
            b',' => whole = (at, open.clone()),
            _ => {}
        }
    }
    let (end, open) = whole;
    text[..end].chars().chain(open.into_iter().rev()).collect()
}
