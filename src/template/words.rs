//! Tells words from random letters and digits.
//! Never learns: what it knows is in its tables.

/// Words of APIs with more than one digit in them, in lower case.
const KNOWN: [&str; 83] = [
    "10k",
    "10q",
    "13f",
    "20f",
    "401k",
    "a11y",
    "aes128",
    "aes256",
    "amd64",
    "arm64",
    "b2b2c",
    "base32",
    "base58",
    "base64",
    "c2b2c",
    "camt053",
    "crc32",
    "d365",
    "dynamics365",
    "ed25519",
    "edi850",
    "es256",
    "es384",
    "es512",
    "float32",
    "float64",
    "form1040",
    "form1099",
    "h264",
    "h265",
    "hs256",
    "hs384",
    "hs512",
    "http11",
    "i18n",
    "i386",
    "int16",
    "int32",
    "int64",
    "ipv4v6",
    "iso20022",
    "iso27001",
    "iso8601",
    "l10n",
    "log4j2",
    "m365",
    "microsoft365",
    "mt940",
    "o11y",
    "oauth20",
    "office365",
    "p256",
    "p384",
    "pain001",
    "pkcs11",
    "pkcs12",
    "ps256",
    "rfc2822",
    "rfc3339",
    "route53",
    "rs256",
    "rs384",
    "rs512",
    "s3v4",
    "saml20",
    "secp256k1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "top10",
    "top100",
    "uint32",
    "uint64",
    "utf16",
    "utf32",
    "win32",
    "win64",
    "x12",
    "x25519",
    "x509",
    "x64",
    "x86",
];

/// What may stand behind one or two digits: `24hr`, `30d`, `2nd`.
const UNITS: [&str; 24] = [
    "d", "day", "days", "g", "gb", "h", "hours", "hr", "k", "kb", "m", "mb", "min", "mo", "months",
    "ms", "nd", "px", "rd", "s", "st", "th", "w", "x",
];

/// Pairs of letters that fewer than one in 10,000 pairs of English and of programmers' words are:
/// for each first letter a bit for each second one. Counted over the 7,793 words that occur at least
/// six times in the comments and documentation of 44,000 files of public Rust crates; without those
/// that products brought in (`graphql`, `influxdb`, `webhook`).
const RARE: [u32; 26] = [
    0x0014280, 0x2e1a460, 0x2c02240, 0x2c10400, 0x2000200, 0x2e1a6c0, 0x3e1862a, 0x2e086ee,
    0x1510380, 0x3ebbeee, 0x3e356ee, 0x2c20280, 0x2e326e4, 0x2810000, 0x2010080, 0x2e12222,
    0x3eff7ff, 0x2810200, 0x2810242, 0x2210600, 0x3f10680, 0x3ffbeee, 0x3f1966e, 0x3f72e62,
    0x3b104a8, 0x1cfbeee,
];

/// Fewest letters that can be told from a word by their pairs.
const MIN_LETTERS: usize = 6;

/// Longest known word.
const MAX_KNOWN_BYTES: usize = 12;

/// Whether `part` (letters and digits alone) is a known word with digits in it.
pub(super) fn is_known(part: &str) -> bool {
    let n_digits = part.bytes().take_while(u8::is_ascii_digit).count();
    let (start, unit) = part.as_bytes().split_at(n_digits);
    (start.is_empty() && is_version(unit))
        || is_listed(&KNOWN, part.as_bytes())
        || ((1..=2).contains(&n_digits) && is_listed(&UNITS, unit))
}

/// Whether a sorted list of words in small letters has this one, in whatever case.
fn is_listed(words: &[&str], word: &[u8]) -> bool {
    let mut lower = [0u8; MAX_KNOWN_BYTES];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    words.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

/// `v1`, `v2024`, `v1beta1`, `v2alpha`.
fn is_version(part: &[u8]) -> bool {
    let Some((b'v' | b'V', rest)) = part.split_first() else { return false };
    let n_digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = &rest[n_digits..];
    let stages: [&[u8]; 6] = [b"", b"alpha", b"beta", b"eap", b"preview", b"rc"];
    let stage = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let numbered = rest.len() - stage;
    (1..=4).contains(&n_digits)
        && stages.contains(&&rest[..stage])
        && numbered <= usize::from(stage > 0)
        && rest[stage..].iter().all(u8::is_ascii_digit)
}

/// One digit amid letters: fine in `geo3d`, `b2b` and `oauth2callback`, not in `PT4KHLK`.
pub(super) fn is_split_by_digit(bytes: &[u8]) -> bool {
    let mut runs = bytes.split(u8::is_ascii_digit);
    let (before, after) = (runs.next().unwrap_or_default(), runs.next().unwrap_or_default());
    if is_jumble(before) || is_jumble(after) {
        return true;
    }
    if n_odd_humps(before) + n_odd_humps(after) > 0 || (bytes.len() >= 8 && is_shouted(bytes)) {
        return true;
    }
    if before.is_empty() || after.is_empty() {
        return false;
    }
    let is_word = |run: &[u8]| run.len() >= 3 && has_vowel(run);
    let is_short = before.len() == 1 && after.len() == 1;
    let is_tailed =
        after.len() == 1 && (before.len() == 1 || is_word(before)) && !is_shouted(bytes);
    !(is_short || is_tailed || (is_word(before) && is_word(after) && !is_shouted(bytes)))
}

fn is_shouted(letters: &[u8]) -> bool {
    letters.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Words of camel case that have two letters, or no vowel.
const HUMPS: [&str; 115] = [
    "ad", "ai", "aml", "an", "as", "at", "atm", "aws", "be", "by", "ca", "cdn", "cms", "cpu",
    "crm", "css", "csv", "ctx", "db", "dns", "do", "eu", "ev", "ex", "fi", "fn", "gb", "gcp", "go",
    "gpu", "grpc", "he", "hls", "hr", "html", "http", "https", "id", "ids", "if", "in", "io", "ip",
    "is", "it", "js", "jwt", "kb", "kyc", "lg", "mb", "me", "ml", "mls", "mp", "mrr", "ms", "msg",
    "mx", "my", "nd", "nft", "ng", "no", "ns", "of", "on", "op", "or", "os", "pc", "pdf", "png",
    "pos", "pt", "qr", "re", "rx", "sdk", "sg", "sku", "sm", "sms", "so", "sql", "ssh", "ssl",
    "sso", "st", "str", "svc", "th", "tls", "tmp", "to", "ts", "tv", "tx", "txt", "ui", "uk", "un",
    "up", "us", "vat", "vm", "vpc", "vpn", "we", "wi", "xl", "xls", "xml", "xs", "zip",
];

/// So many that no more are counted.
const MANY_ODD_HUMPS: usize = 2;

/// How many humps of camel case are no words, at most two: random letters of both cases have little else.
fn n_odd_humps(letters: &[u8]) -> usize {
    if !(letters.iter().any(u8::is_ascii_lowercase) && letters.iter().any(u8::is_ascii_uppercase)) {
        return 0;
    }
    let (mut n_odd, mut start) = (0, 0);
    for end in 1..=letters.len() {
        let is_capital = |n: usize| letters.get(n).is_some_and(u8::is_ascii_uppercase);
        let is_small = |n: usize| letters.get(n).is_some_and(u8::is_ascii_lowercase);
        // `APIKey` is `API` and `Key`.
        let is_next = is_capital(end) && (is_small(end - 1) || is_small(end + 1));
        if is_next || end == letters.len() {
            n_odd += usize::from(is_odd_hump(&letters[start..end], start == 0));
            start = end;
            if n_odd >= MANY_ODD_HUMPS {
                break;
            }
        }
    }
    n_odd
}

fn is_odd_hump(hump: &[u8], is_first: bool) -> bool {
    let is_acronym = hump.len() <= 5 && hump.iter().all(u8::is_ascii_uppercase);
    if hump.len() <= 1 || is_acronym {
        return hump.len() == 1 && !is_first;
    }
    let is_listed = || is_listed(&HUMPS, hump);
    // A long hump is a word with a rare pair more likely than chance.
    let is_jumbled = n_rare_pairs(hump) > usize::from(hump.len() > 4);
    (hump.len() == 2 || !has_vowel(hump) || is_jumbled) && !is_listed()
}

fn has_vowel(letters: &[u8]) -> bool {
    letters.iter().any(|b| b"aeiouyAEIOUY".contains(b))
}

/// Whether letters follow each other as they do in no language.
pub(super) fn is_jumble(letters: &[u8]) -> bool {
    if letters.len() < MIN_LETTERS {
        return false;
    }
    let n_odd = n_odd_humps(letters);
    let n_rare = n_rare_pairs(letters);
    n_odd >= MANY_ODD_HUMPS || (n_rare >= 2 && (n_rare + n_odd) * 5 >= letters.len())
}

/// Pairs of letters that no word has, or hardly any.
pub(super) fn n_rare_pairs(letters: &[u8]) -> usize {
    let index = |b: u8| usize::from(b.to_ascii_lowercase().wrapping_sub(b'a'));
    let is_camel = letters.iter().any(u8::is_ascii_lowercase);
    let is_rare = |pair: &&[u8]| {
        // Where a hump begins anything may follow anything.
        if is_camel && pair[1].is_ascii_uppercase() {
            return false;
        }
        let row = RARE.get(index(pair[0])).copied().unwrap_or_default();
        row >> index(pair[1]).min(31) & 1 == 1
    };
    letters.windows(2).filter(is_rare).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(KNOWN.is_sorted() && UNITS.is_sorted() && HUMPS.is_sorted());
    }
}
