//! The heuristic, path by path, and against 200 real ones.

use super::*;

#[track_caller]
fn check(path: &str, expected: &str) {
    let mut out = String::new();
    heuristic(path, &mut out);
    assert_eq!(out, expected);
}

#[test]
fn ids_become_placeholders_and_words_stay() {
    check("/users/12345/orders/8f14e45fceea167a", "/users/{int}/orders/{hash}");
    check("/v1/customers/cus_9s6XKzkNRiz8i3/sources", "/v1/customers/{id}/sources");
    check("/o/550e8400-e29b-41d4-a716-446655440000", "/o/{uuid}");
    check("/days/2026-11-21/report", "/days/{date}/report");
    check("/people/ann@example.com", "/people/{email}");
    check("/v2.1/chat/completions", "/v2.1/chat/completions");
    check("/repos/rust-lang/rust/issues/1", "/repos/rust-lang/rust/issues/{int}");
    check("/health-check/readiness", "/health-check/readiness");
    check("/", "/");
    check("", "");
}

#[test]
fn a_host_cannot_have_more_templates_than_its_cap() {
    let mut templates = Templates::default();
    for n in 0..MAX_PER_HOST {
        let given = format!("/route-{n}");
        assert_eq!(templates.admit("h", &given, ""), given);
    }
    assert_eq!(templates.admit("h", "/one-more", ""), OVERFLOW);
    assert_eq!(templates.admit("h", "/route-0", ""), "/route-0");
    assert_eq!(templates.admit("other", "/one-more", ""), "/one-more");
}

/// One path of the corpus: what is marked as an id, and with which placeholder.
struct Sample {
    vendor: &'static str,
    path: String,
    template: String,
    /// For each segment, the ids in it.
    ids: Vec<Vec<&'static str>>,
}

fn corpus() -> Vec<Sample> {
    let lines = include_str!("corpus.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(sample).collect()
}

fn sample(line: &'static str) -> Sample {
    let (vendor, marked) = line.split_once('\t').unwrap();
    let (mut path, mut template, mut ids) = (String::new(), String::new(), vec![]);
    for (n, segment) in marked.split('/').enumerate() {
        if n > 0 {
            path.push('/');
            template.push('/');
        }
        let mut of_segment = Vec::new();
        for (n, part) in segment.split('{').enumerate() {
            let rest = if n == 0 {
                part
            } else {
                let (placeholder, rest) = part.split_once('=').unwrap();
                let (id, rest) = rest.split_once('}').unwrap();
                template.push_str(&format!("{{{placeholder}}}"));
                path.push_str(id);
                of_segment.push(id);
                rest
            };
            template.push_str(rest);
            path.push_str(rest);
        }
        ids.push(of_segment);
    }
    Sample { vendor, path, template, ids }
}

/// How many of the corpus come out as a person would expect; a figure below is a step back.
const EXPECTED: usize = 195;

#[test]
fn real_paths_become_what_a_person_expects_and_none_leaks_an_id() {
    let (mut n_met, mut n_held_met, mut leaks) = (0, 0, Vec::new());
    let corpus = corpus();
    for (n, sample) in corpus.iter().enumerate() {
        let mut out = String::new();
        heuristic(&sample.path, &mut out);
        if out == sample.template {
            n_met += 1;
            n_held_met += usize::from(n % 5 == 4);
        } else {
            println!("{}: {} -> {out}, expected {}", sample.vendor, sample.path, sample.template);
        }
        let segments: Vec<&str> = out.split('/').collect();
        for (n, ids) in sample.ids.iter().enumerate() {
            let is_leaked = |id: &&&str| segments.get(n).is_none_or(|s| s.contains(**id));
            leaks.extend(ids.iter().filter(is_leaked).map(|id| (sample.vendor, *id)));
        }
    }
    println!("{n_met} of {} paths came out as expected; held back: {n_held_met}", corpus.len());
    assert!(leaks.is_empty(), "{leaks:?}");
    assert!(corpus.len() == 200 && n_met >= EXPECTED, "{n_met} of {}", corpus.len());
}

#[test]
fn words_of_apis_stay() {
    let words = "users oauth2 s3 ipv4 ipv6 geo3d v1beta v1beta1 v2alpha sha256 base64 md5 k8s b2b \
        i18n 2fa 3ds mp4 24hr 30d x509 web3 fido2 graphql postgresql GraphQL PostgreSQL webhooks \
        sObjects OAuth iOS eBay TwitterDev oauth2callback getXmlHttpRequest WiFi ChatGPT \
        us-east-1 gpt-4o gpt-35-turbo gemini-1.5-pro claude-3-haiku llama-3.1-8b-instruct 1.1 v2.1 \
        health-check chat.postMessage me @me users.lookupByEmail README.md schema.org en-US zh_CN \
        cryptocurrency authentication subscriptions rhythms synchronizes";
    for word in words.split_whitespace() {
        check(&format!("/rest/{word}/x"), &format!("/rest/{word}/x"));
    }
}

#[test]
fn structure_around_an_id_stays() {
    check("/operations/123:cancel", "/operations/{int}:cancel");
    check("/Products(7)/Name", "/Products({int})/Name");
    check("/Orders('8f14e45fceea')", "/Orders('{hash}')");
    check("/albums/1,2,3", "/albums/{int}");
    check("/fields/name,email", "/fields/name,email");
    check("/near/-122.4,37.7", "/near/{id}");
    check("/near/12.4,37.7;12.5,37.8", "/near/{id}");
    check("/call/+15551234567", "/call/{id}");
    check("/people/ann%40example.com", "/people/{email}");
    check("/on/2026-11-21T10%3A00%3A00Z", "/on/{date}");
    check("/on/2026-11-21T10:00:00Z", "/on/{date}");
    check("/cursor/dXNlcjoxMjM0NTY3", "/cursor/{base64}");
    check("/tenants/zürich", "/tenants/{id}");
    check("/hosts/192.168.17.4", "/hosts/{id}");
    check("/dt=2026-11-21/x", "/dt={date}/x");
    check(&format!("/{}1{}", "(".repeat(9_000), ")".repeat(9_000)), "/{id}");
}

/// Numbers below whatever is asked for, always the same ones (xorshift).
fn draws() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below
    }
}

#[test]
fn no_path_makes_it_panic() {
    const PIECES: [&str; 28] = [
        "a", "Z", "7", ".", "..", "-", "_", ":", ";", ",", "=", "(", ")", "'", "@", "%", "%2",
        "%C3", "%2F", "!", "{", "}", "/", "é", "日", " ", "eyJ", "+",
    ];
    let mut random = draws();
    for _ in 0..50_000 {
        let path: String = (0..random(14)).map(|_| PIECES[random(PIECES.len())]).collect();
        let mut out = String::new();
        heuristic(&path, &mut out);
        assert_eq!(out.matches('/').count(), path.matches('/').count(), "{path} {out}");
    }
}

/// Ids of the forms that are in use, drawn from a seed. What is spelled with both cases and no digit
/// may look like words by chance; how often is bounded here.
#[test]
fn random_ids_of_known_forms_hardly_ever_come_through() {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    const CAPITAL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const HEX: &str = "0123456789abcdef";
    // What it is, what stands before, its alphabet, its length, most of 10,000 that come through.
    let forms = [
        ("decimal", "", "0123456789", 6, 0),
        ("short hash", "", HEX, 8, 0),
        ("object id", "", HEX, 24, 0),
        ("digest", "", HEX, 64, 0),
        ("capital digest", "", "0123456789ABCDEF", 40, 0),
        ("Twilio", "AC", HEX, 32, 0),
        ("ULID", "01", CROCKFORD, 24, 2),
        ("KSUID", "2", MIXED, 26, 2),
        ("nanoid", "", URL, 21, 20),
        ("video", "", URL, 11, 450),
        ("cuid", "c", LOWER, 24, 2),
        ("Stripe", "cus_", MIXED, 14, 60),
        ("key", "sk-", MIXED, 48, 2),
        ("record", "rec", MIXED, 14, 80),
        ("Salesforce", "001", MIXED, 15, 2),
        ("capitals", "", CAPITAL, 10, 60),
        ("small letters", "", LOWER, 16, 50),
        ("base64url", "", URL, 43, 2),
    ];
    let mut random = draws();
    for (form, prefix, alphabet, length, most) in forms {
        let comes_through = |_: &i32| {
            let letters = (0..length).map(|_| alphabet.as_bytes()[random(alphabet.len())]);
            let id = format!("{prefix}{}", String::from_utf8(letters.collect()).unwrap());
            let mut out = String::new();
            heuristic(&format!("/v1/things/{id}/parts"), &mut out);
            out.contains(&id)
        };
        let n_leaked = (0..10_000).filter(comes_through).count();
        println!("{form}: {n_leaked} of 10,000 came through");
        assert!(n_leaked <= most, "{form}: {n_leaked}");
    }
}

#[test]
fn segments_are_what_stands_between_slashes() {
    for path in ["", "/", "a", "/a", "a/", "//", "/a//b/c/", "/users/12/orders"] {
        assert!(segments(path).eq(path.split('/')), "{path}");
    }
}
