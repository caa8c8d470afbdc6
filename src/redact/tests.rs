//! Redaction, case by case.

use super::*;

/// `scheme|host|port|path|query` of what is left of a URL.
#[track_caller]
fn check(raw: &str, expected: &str) {
    let mut scratch = String::new();
    let url = SafeUrl::parse(raw, &mut scratch);
    let port = url.port.map(|port| port.to_string()).unwrap_or_default();
    let got = format!("{}|{}|{port}|{}|{}", url.scheme, url.host, url.path, url.query);
    assert_eq!(got, expected, "{raw}");
}

#[test]
fn plain_urls_pass_untouched() {
    check("https://api.example.com/v1/charges", "https|api.example.com||/v1/charges|");
    check("http://127.0.0.1:8080/a?b=c&d=e", "http|127.0.0.1|8080|/a|b=c&d=e");
    check("HTTPS://API.Example.com", "https|api.example.com|||");
    check("https://[::1]:9/x", "https|::1|9|/x|");
    check("/v1/only/path?x=1", "|||/v1/only/path|x=1");
    check("api.example.com/v1", "|api.example.com||/v1|");
    check("https://api.example.com?x=1", "https|api.example.com|||x=1");
    check("https://h/users/@me", "https|h||/users/@me|");
    check(
        "https://h/s?keyword=shoes&author=ann&design=2",
        "https|h||/s|keyword=shoes&author=ann&design=2",
    );
    check("", "||||");
}

#[test]
fn user_info_and_fragment_are_gone() {
    check("https://ann:pa55@h.example/x", "https|h.example||/x|");
    check("https://ann:p@55@h.example/x#access_token=s", "https|h.example||/x|");
    check("postgres://ann:pa55@db:5432/x", "|db|5432|/x|");
    check("ann:pa55@h.example/x", "|h.example||/x|");
}

#[test]
fn malformed_authorities_leave_nothing() {
    check("https://ann:pa/55@h.example/x", "||||");
    check("https://h:port/x", "||||");
    check("https://exa mple/x?token=1", "||||");
    check("https://[::1/x", "||||");
}

#[test]
fn query_values_are_redacted_by_their_keys() {
    for key in [
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Goog-Signature",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "access_token",
        "api_key",
        "apikey",
        "api-key",
        "key",
        "client_secret",
        "password",
        "pwd",
        "Authorization",
        "auth",
        "id_token",
        "hmac",
        "jwt",
        "sessionId",
        "X-API-Key",
        "%74oken",
        "refreshToken",
        "oauth_signature",
    ] {
        check(
            &format!("https://h/x?a=1&{key}=s3cr3t&b=2"),
            &format!("https|h||/x|a=1&{key}=REDACTED&b=2"),
        );
    }
    check("https://h/x?token=", "https|h||/x|token=");
    check("https://h/x?sig=s;b=2", "https|h||/x|sig=REDACTED;b=2");
}

#[test]
fn secrets_inside_values_are_found() {
    check("https://h/x?next=https%3A%2F%2Fa%3Ab%40c%2F", "https|h||/x|next=REDACTED");
    check("https://h/x?u=https%3A%2F%2Fs3%2Fo%3FX-Amz-Signature%3Dabc", "https|h||/x|u=REDACTED");
    check("https://h/x?u=https%253A%252F%252Fs3%252F%253Fsig%253Dabc", "https|h||/x|u=REDACTED");
    check("https://h/x?data=%7B%22password%22%3A%22abc%22%7D", "https|h||/x|data=REDACTED");
    check("https://h/x?eyJhbGciOiJIUzI1NiJ9.e30.abc", "https|h||/x|REDACTED");
    check("https://h/x?q=sk_live_0123456789abcdef", "https|h||/x|q=REDACTED");
    check(
        "https://h/x?next=https%3A%2F%2Fexample.com%2Fa",
        "https|h||/x|next=https%3A%2F%2Fexample.com%2Fa",
    );
}

#[test]
fn tokens_in_paths_are_found() {
    check(
        "https://api.telegram.org/bot12345:AAE-abcdefgh/getMe",
        "https|api.telegram.org||/REDACTED/getMe|",
    );
    check(
        "https://api.telegram.org/bot12345%3AAAE-abcdefgh/getMe",
        "https|api.telegram.org||/REDACTED/getMe|",
    );
    check(
        "https://hooks.slack.com/services/T0000/B0000/abcdefGHIJ0123456789",
        "https|hooks.slack.com||/services/T0000/B0000/REDACTED|",
    );
    check("https://h/webhooks/42/abcdefGHIJ0123456789", "https|h||/webhooks/42/REDACTED|");
    check("https://h/reset-password/abcdef0123456789abcd", "https|h||/reset-password/REDACTED|");
    check("https://h/x;jsessionid=abcdef/y", "https|h||/REDACTED/y|");
    check(
        "https://h/users/8f14e45fceea167a5a36dedd4bea2543",
        "https|h||/users/8f14e45fceea167a5a36dedd4bea2543|",
    );
}

#[test]
fn what_a_fresh_pair_of_eyes_found() {
    check("https://a/proxy/https://ann:pw@inner/x", "https|a||/proxy/https://REDACTED/x|");
    check("https://a/x?u=//ann:pw@inner/x", "https|a||/x|u=REDACTED");
    check("https://a/x?u=ann:pw@inner/x", "https|a||/x|u=REDACTED");
    check("https://a/u/ann:pw@home/x", "https|a||/u/REDACTED/x|");
    check("https://a/x?h=Bearer+abcdef", "https|a||/x|h=REDACTED");
    check("https://a/x?h=Basic+YTpi", "https|a||/x|h=REDACTED");
    check("https://a/x?h=abc%20Bearer%20abcdef", "https|a||/x|h=REDACTED");
    check("https://a/x?q=user:ghp_0123456789abcdef", "https|a||/x|q=REDACTED");
    check("https://a/files/backup.ghp_0123456789abcdef", "https|a||/files/REDACTED|");
    check("https://a/cb/state-eyJhbGciOiJIUzI1NiJ9", "https|a||/cb/REDACTED|");
    check("https://a/x?%2574oken=x", "https|a||/x|%2574oken=REDACTED");
    for key in [
        "oauth",
        "oauth2",
        "authn",
        "xauth",
        "authcode",
        "userpass",
        "dbpass",
        "userpwd",
        "passcode",
        "pass1",
        "key1",
        "pswd",
        "psk",
        "code_verifier",
        "SAMLResponse",
    ] {
        check(&format!("https://a/x?{key}=abc"), &format!("https|a||/x|{key}=REDACTED"));
    }
    check("https://a/x?code=4/0AX4XfWh-abc", "https|a||/x|code=REDACTED");
    check(
        "https://a/x?code=NO&passenger=2&authority=x",
        "https|a||/x|code=NO&passenger=2&authority=x",
    );
    check("https://a/login/password/hunter2", "https|a||/login/password/REDACTED|");
    check("https://a/oauth/token/revoke", "https|a||/oauth/token/revoke|");
    check("https://a/keys/12345", "https|a||/keys/12345|");
    check(
        "https://o.example/webhookb2/550e8400-e29b-41d4-a716-446655440000/IncomingWebhook/8f14e45fceea167a",
        "https|o.example||/webhookb2/REDACTED/IncomingWebhook/REDACTED|",
    );
    check("https:///ann:pw@h/x", "||||");
    check("https://h/mailto:ann@example.com", "https|h||/mailto:ann@example.com|");
    check(
        "https://h/x?pkg=task-sk-learn-contrib-package",
        "https|h||/x|pkg=task-sk-learn-contrib-package",
    );
}

#[test]
fn long_texts_are_cut_visibly() {
    let long = format!("https://h/{}", "ä".repeat(MAX_TEXT_BYTES));
    let mut scratch = String::new();
    let url = SafeUrl::parse(&long, &mut scratch);
    assert!(url.path.len() <= MAX_TEXT_BYTES && url.path.ends_with(TRUNCATED));
}

#[test]
fn what_a_cut_goes_through_is_not_shown() {
    // A token that begins within what is shown and ends behind it.
    let long = format!("https://h/{}/ghp_0123456789abcdef", "a/".repeat((MAX_TEXT_BYTES - 30) / 2));
    let mut scratch = String::new();
    assert!(!SafeUrl::parse(&long, &mut scratch).path.contains("ghp"));
    assert_eq!(text(&long), REDACTED);
    // A long secret leaves room that what was only half seen must not fill.
    let n_before = MAX_TEXT_BYTES + MARGIN_BYTES - 1000 - "s=&ghp_0123".len();
    let long = format!(
        "https://h/?s={}&token={}&ghp_0123456789abcdef",
        "a ".repeat(496),
        "b".repeat(n_before)
    );
    let mut scratch = String::new();
    let query = SafeUrl::parse(&long, &mut scratch).query;
    assert!(!query.contains("ghp") && query.ends_with(TRUNCATED), "{query}");
    // What stands before the path must leave room for it.
    check(&format!("https://{}@h/x", "a".repeat(MAX_ORIGIN)), "||||");
}

const MAX_ORIGIN: usize = 4096;

/// Texts that make a scan which begins anew at each sign go over everything each time.
const HOSTILE: [&str; 25] = [
    "/AAAAAAAAAAAAAAA1",
    "@",
    "a@",
    ":@",
    "//",
    "sk-",
    "-sk-",
    "eyJ",
    ":",
    "a:",
    "=",
    "key",
    "a=",
    "%25",
    "%2525",
    "Bearer ",
    "\"",
    "\":",
    "/",
    ";",
    "&",
    " ",
    "+",
    "[\"",
    "\\",
];

/// Quadratic work on these takes minutes in a debug build, linear work a moment.
#[test]
fn hostile_texts_do_not_hold_their_caller() {
    for shape in HOSTILE {
        let of_bytes = |n_bytes: usize| shape.repeat(n_bytes / shape.len());
        let (long, huge) = (of_bytes(36 * 1024), of_bytes(64 * 1024));
        for url in [
            long.clone(),
            format!("https://h/{long}"),
            format!("https://h/x?{long}"),
            format!("https://h/{}?{}", &long[..long.len() / 2], &long[..long.len() / 2]),
        ] {
            let mut scratch = String::new();
            let url = SafeUrl::parse(&url, &mut scratch);
            assert!(url.path.len().max(url.query.len()) <= MAX_TEXT_BYTES);
        }
        assert!(text(&long).len() <= MAX_TEXT_BYTES);
        assert!(attribute(&long, &long).len() <= MAX_TEXT_BYTES);
        // Nothing bounds these but that they are linear.
        let _ = std::hint::black_box((secret::holds_secret(&huge), url::path_holds_secret(&huge)));
        for kind in [BodyKind::Json, BodyKind::Form, BodyKind::Text] {
            let _ = std::hint::black_box(body(kind, &long));
        }
    }
}

#[test]
fn labels_and_error_types() {
    assert_eq!(text("stripe"), "stripe");
    assert_eq!(text("Bearer abcdefgh"), REDACTED);
    assert_eq!(text("see https://a:b@c/ for more"), REDACTED);
    assert_eq!(attribute("x-api-key", "v"), REDACTED);
    assert_eq!(attribute("region", "eu-1"), "eu-1");
    assert_eq!(error_type("stripe::CardError"), "stripe::CardError");
    assert_eq!(error_type("error sending request for url (https://a:b@c)"), "_OTHER");
    assert_eq!(method("get"), "GET");
    assert_eq!(method("BREW"), "_OTHER");
}

#[track_caller]
fn check_body(kind: BodyKind, text: &str, expected: &str) {
    assert_eq!(body(kind, text), expected, "{text}");
}

#[test]
fn bodies_are_masked_whole_or_broken_off() {
    let json = |text, expected| check_body(BodyKind::Json, text, expected);
    json(r#"{"a":1,"b":[true,null]}"#, r#"{"a":1,"b":[true,null]}"#);
    json(r#"{"password":"p\"w","a":1}"#, r#"{"password":"REDACTED","a":1}"#);
    json(r#"{"secret": 17}"#, r#"{"secret": "REDACTED"}"#);
    json(r#"{"auth":{"user":"u","x":["}"]},"a":1}"#, r#"{"auth":"REDACTED","a":1}"#);
    json(r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"REDACTED"}"#);
    json(r#"{"a":"key=abc"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"token":"abc"#, r#"{"token":"REDACTED""#);
    json(r#"{"token":["a",{"b":"#, r#"{"token":"REDACTED""#);
    json(r#"{"tok"#, r#"{"tok"#);
    json(
        "{\"token\" \n:\t\"abc\"}\n{\"token\":\"d\"}",
        "{\"token\" \n:\t\"REDACTED\"}\n{\"token\":\"REDACTED\"}",
    );
    let form = |text, expected| check_body(BodyKind::Form, text, expected);
    form("a=b&c=d", "a=b&c=d");
    form("api%5Fkey=abc&x=1", "api%5Fkey=REDACTED&x=1");
    form("", "");
    check_body(BodyKind::Text, "just words", "just words");
    check_body(BodyKind::Text, "my password: hunter2", REDACTED);
    check_body(BodyKind::Text, "password: REDACTED hunter2", REDACTED);
}

#[test]
fn a_route_says_which_segments_are_secret() {
    let check = |path, template, expected: Option<&str>| {
        assert_eq!(path_by_template(path, template).as_deref(), expected, "{path} {template}");
    };
    check("/invite/hunter2", "/invite/{token}", Some("/invite/REDACTED"));
    check("/a/1/b/x.png", "/a/{id}/b/{password}.png", Some("/a/1/b/REDACTED"));
    check("/users/17", "/users/{int}", None);
    check("/invite/hunter2/more", "/invite/{token}", None);
    check("/invite", "/invite", None);
}

#[test]
fn a_sensitive_name_masks_what_cannot_be_told_from_its_value() {
    let all = |kind, text| check_body(kind, text, REDACTED);
    all(BodyKind::Text, "<Login><Password>hunter2</Password></Login>");
    all(BodyKind::Text, "Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2");
    all(BodyKind::Text, "name,password\nann,hunter2");
    all(BodyKind::Text, "id\tAPI-Key\n1\thunter2");
    all(BodyKind::Text, "<h>Bearer hunter2</h>");
    check_body(BodyKind::Text, "<a>1</a>", "<a>1</a>");
    check_body(BodyKind::Text, "name,author\nann,me", "name,author\nann,me");
    all(BodyKind::Json, r#"[{"name":"Authorization","value":"hunter2"}]"#);
    all(BodyKind::Json, r#"{"value":"hunter2","name":"pass\u0077ord"}"#);
    all(BodyKind::Json, r#"["client_secret","hunter2"]"#);
    all(BodyKind::Json, "{password: 17}");
    all(BodyKind::Json, "<Password>hunter2</Password>");
    all(BodyKind::Json, "{'password': 'hunter2'}");
    all(BodyKind::Form, "<Password>hunter2</Password>");
    check_body(BodyKind::Form, "x=%3CPassword%3Ehunter2%3C", "x=REDACTED");
    check_body(BodyKind::Form, "x=%3Ca%3E1%3C&y=2+3", "x=%3Ca%3E1%3C&y=2+3");
}

#[test]
fn strings_of_json_are_judged_by_what_they_mean() {
    let json = |text, expected| check_body(BodyKind::Json, text, expected);
    json(r#"{"a":"password\u003dhunter2"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"a":"Bearer\thunter2"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"a":"\u0067hp_0123456789abcdef"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"\u0067hp_0123456789abcdef":1}"#, REDACTED);
    json(r#"{"a":"<Password>hunter2</Password>"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"a":"{\"pin\":1234}"}"#, r#"{"a":"REDACTED"}"#);
    json(r#"{"a":"password\u003dhunter2 and"#, r#"{"a":"REDACTED""#);
    json(r#"{"a":"b \u00"#, r#"{"a":"REDACTED""#);
    json(r#"{"a":"b\u0020c\n","d":"please sign"}"#, r#"{"a":"b\u0020c\n","d":"please sign"}"#);
}

#[test]
fn any_blank_stands_between_a_key_and_its_value() {
    for raw in [
        "password\t=\thunter2",
        "password:\n  hunter2",
        "q=password+%3D+hunter2",
        "Basic\taHVu",
        "see\nBearer\nhunter2",
        "Basic%09aHVu",
        "Bearer\u{a0}abcd",
    ] {
        assert_eq!(text(raw), REDACTED, "{raw:?}");
    }
    assert_eq!(text("filter[basic]=true"), "filter[basic]=true");
}

#[test]
fn a_text_that_breaks_off_ends_with_a_whole_word() {
    let check = |cut: &str, expected: &str| assert_eq!(whole_words(cut), expected, "{cut}");
    check("a note ghp_01234567", "a note ");
    check(r#"{"a":"ghp_01234567"#, r#"{"a":""#);
    check("a=1&b=ghp_01", "a=1&b=");
    check("see https://ann:hun", "see ");
    check("see https://ann:hun=", "see https:");
    check("see <https://h>", "see <https://h>");
    check("ghp_01234567", "");
}
