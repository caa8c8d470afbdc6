//! Calls as a busy service makes them: many vendors, endpoints of uneven favour, ids of every
//! form, log-normal timings. It never looks at how any format stores them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use egret::Call;
use egret::record::{Kind, Outcome, Record};
use egret::redact::SafeUrl;

/// Vendors.
const N_HOSTS: usize = 24;

/// Endpoints of each.
const N_TEMPLATES: usize = 10;

/// One call, with texts of its own.
pub struct Made {
    pub host: String,
    pub path: String,
    pub query: String,
    pub template: String,
    /// The path with each id taken out: how it would read if ids cost nothing.
    pub shape: String,
    /// The ids in path and query, and what each is worth in bits: its digits by their alphabet.
    pub ids: Vec<(String, f64)>,
    /// The random part of call, trace and span id, in bits.
    pub key_bits: f64,
    pub method: &'static str,
    pub status: Option<u16>,
    version: &'static str,
    error_type: &'static str,
    target: String,
    start_unix_ns: u64,
    outcome: Outcome,
    numbers: Numbers,
    reused: bool,
    peer: IpAddr,
    call_id: Option<[u8; 16]>,
    trace: Option<([u8; 16], [u8; 8])>,
}

/// Timings and sizes.
#[derive(Clone, Copy)]
struct Numbers {
    dns_ns: Option<u64>,
    connect_ns: Option<u64>,
    ttfb_ns: Option<u64>,
    body_ns: Option<u64>,
    total_ns: u64,
    sent: Option<u64>,
    received: Option<u64>,
}

impl Made {
    /// The call as egret records it.
    pub fn record<'a>(&'a self, url: &'a str, scratch: &'a mut String) -> Record<'a> {
        let url = SafeUrl::parse(url, scratch);
        let mut record = Record::new(Kind::Client, self.method, url, self.start_unix_ns);
        record.outcome = self.outcome;
        record.total_ns = Some(self.numbers.total_ns);
        record.dns_ns = self.numbers.dns_ns;
        record.connect_ns = self.numbers.connect_ns;
        record.ttfb_ns = self.numbers.ttfb_ns;
        record.body_ns = self.numbers.body_ns;
        record.status = self.status;
        record.connection_reused = Some(self.reused);
        record.request_body_bytes = self.numbers.sent;
        record.response_body_bytes = self.numbers.received;
        record.peer_address = Some(self.peer);
        record.call_id = self.call_id;
        record.attempt = self.call_id.map(|_| 1);
        record.trace_id = self.trace.map(|(trace, _)| trace);
        record.span_id = self.trace.map(|(_, span)| span);
        record.set_template(&self.template);
        record.set_protocol_version(self.version);
        record.set_error_type(self.error_type);
        record.set_target(&self.target);
        record
    }

    /// The call as `log()` takes it, which has neither ids nor phases.
    pub fn call<'a>(&'a self, url: &'a str) -> Call<'a> {
        let mut call = Call::new(self.method, url)
            .template(&self.template)
            .target(&self.target)
            .duration(Duration::from_nanos(self.numbers.total_ns));
        if let Some(status) = self.status {
            call = call.status(status);
        }
        if !self.error_type.is_empty() {
            call = call.error(self.error_type);
        }
        if let Some(n_bytes) = self.numbers.sent {
            call = call.request_bytes(n_bytes);
        }
        if let Some(n_bytes) = self.numbers.received {
            call = call.response_bytes(n_bytes);
        }
        call
    }

    /// The URL, as the caller had it.
    pub fn url(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("https://{}{}{mark}{}", self.host, self.path, self.query)
    }
}

/// So many calls in the order of their ends, as they are recorded; always the same ones.
pub fn traffic(n_calls: usize) -> Vec<Made> {
    let mut random = Random(0x6567_7265_7400_0001);
    let vendors: Vec<Vendor> = (0..N_HOSTS).map(|n| Vendor::new(n, &mut random)).collect();
    let mut start_ns = 1_790_000_000_000_000_000;
    let mut calls: Vec<Made> = (0..n_calls)
        .map(|_| {
            // 500 calls a second, as they come: exponential gaps.
            start_ns += (-2_000_000.0 * random.share().max(1e-12).ln()) as u64;
            vendors[random.favour(N_HOSTS)].call(start_ns, &mut random)
        })
        .collect();
    calls.sort_by_key(|call| call.start_unix_ns + call.numbers.total_ns);
    calls
}

struct Vendor {
    host: String,
    name: String,
    version: &'static str,
    peers: Vec<IpAddr>,
    endpoints: Vec<Endpoint>,
    /// Its usual time to the first byte, as a logarithm of nanoseconds.
    usual: f64,
}

struct Endpoint {
    method: &'static str,
    /// The path's parts; `{kind}` for an id.
    template: String,
    query: &'static str,
}

const NAMES: [&str; 12] = [
    "payments",
    "mail",
    "maps",
    "search",
    "storage",
    "identity",
    "ledger",
    "messaging",
    "geo",
    "pricing",
    "shipping",
    "risk",
];
const NOUNS: [&str; 16] = [
    "users",
    "orders",
    "charges",
    "items",
    "invoices",
    "events",
    "messages",
    "refunds",
    "carts",
    "sessions",
    "files",
    "addresses",
    "products",
    "reviews",
    "webhooks",
    "tokens",
];
const IDS: [&str; 5] = ["{int}", "{uuid}", "{hash}", "{id}", "{int}"];

impl Vendor {
    fn new(n: usize, random: &mut Random) -> Self {
        let name = NAMES[n % NAMES.len()];
        let host = match n {
            0..12 => format!("api.{name}.example.com"),
            _ => format!("{name}.eu-{}.example.net", n % 4),
        };
        let peer = |n: u64| IpAddr::V4(Ipv4Addr::new(203, 0, 113, n as u8));
        let peers = (0..1 + random.below(4)).map(|_| peer(random.below(250))).collect();
        let endpoints = (0..N_TEMPLATES).map(|place| Endpoint::new(n, place, random)).collect();
        let version = if n % 3 == 0 { "1.1" } else { "2" };
        let usual = (20_000_000.0 + 15_000_000.0 * random.below(12) as f64).ln();
        Self { host, name: name.to_owned(), version, peers, endpoints, usual }
    }

    fn call(&self, start_unix_ns: u64, random: &mut Random) -> Made {
        let endpoint = &self.endpoints[random.favour(N_TEMPLATES)];
        let mut ids = Vec::new();
        let path = filled(&endpoint.template, random, &mut ids);
        let query = match endpoint.query {
            "" => String::new(),
            query => filled(query, random, &mut ids),
        };
        let (status, error_type, outcome) = match random.below(1_000) {
            0..4 => (None, "timeout", Outcome::Failed),
            4..6 => (None, "connect", Outcome::Failed),
            6..20 => (Some(404), "", Outcome::Completed),
            20..30 => (Some(429), "", Outcome::Completed),
            30..40 => (Some(503), "", Outcome::Completed),
            40..140 => (Some(201), "", Outcome::Completed),
            140..170 => (Some(204), "", Outcome::Completed),
            _ => (Some(200), "", Outcome::Completed),
        };
        let reused = random.below(100) >= 6;
        let numbers = self.numbers(endpoint, reused, status, random);
        let mut key_bits = 0.0;
        let call_id = (random.below(2) == 0).then(|| {
            key_bits += 74.0;
            random.uuid_v7(start_unix_ns)
        });
        let trace = (random.below(10) < 7).then(|| {
            key_bits += 192.0;
            (random.bytes(), random.next().to_le_bytes())
        });
        Made {
            host: self.host.clone(),
            shape: endpoint.template.clone(),
            template: endpoint.template.clone(),
            path,
            query,
            ids,
            key_bits,
            method: endpoint.method,
            version: self.version,
            error_type,
            target: self.name.clone(),
            start_unix_ns,
            status,
            outcome,
            numbers,
            reused,
            peer: self.peers[random.below(self.peers.len() as u64) as usize],
            call_id,
            trace,
        }
    }

    fn numbers(
        &self,
        endpoint: &Endpoint,
        reused: bool,
        status: Option<u16>,
        random: &mut Random,
    ) -> Numbers {
        let mut phase = |usual: f64, spread: f64| (usual + spread * random.normal()).exp() as u64;
        let dns_ns = (!reused).then(|| phase(14.0, 0.8));
        let connect_ns = (!reused).then(|| phase(16.8, 0.4));
        let answered = status.is_some();
        let ttfb_ns = answered
            .then(|| phase(self.usual, 0.6) + dns_ns.unwrap_or(0) + connect_ns.unwrap_or(0));
        let body_ns = answered.then(|| phase(12.5, 1.2));
        let total_ns = match (ttfb_ns, body_ns) {
            (Some(ttfb), Some(body)) => ttfb + body,
            _ => phase(21.0, 0.3),
        };
        let sent = (endpoint.method != "GET").then(|| phase(5.7, 0.9));
        let received = answered.then(|| if status == Some(204) { 0 } else { phase(7.2, 1.3) });
        Numbers { dns_ns, connect_ns, ttfb_ns, body_ns, total_ns, sent, received }
    }
}

impl Endpoint {
    fn new(vendor: usize, place: usize, random: &mut Random) -> Self {
        let noun = NOUNS[(vendor * 7 + place) % NOUNS.len()];
        let id = IDS[random.below(5) as usize];
        let template = match place % 4 {
            0 => format!("/v{}/{noun}", 1 + vendor % 3),
            1 | 2 => format!("/v{}/{noun}/{id}", 1 + vendor % 3),
            _ => {
                let inner = NOUNS[(vendor + place * 5) % NOUNS.len()];
                let inner_id = IDS[random.below(5) as usize];
                format!("/v{}/{noun}/{id}/{inner}/{inner_id}", 1 + vendor % 3)
            }
        };
        let method = ["GET", "GET", "POST", "GET", "PUT", "DELETE", "PATCH"][place % 7];
        let query = ["page={page}&limit=50", "", "", "cursor={hash}", ""][place % 5];
        Self { method, template, query }
    }
}

/// The text with ids in the places of its placeholders; adds them to `ids`.
fn filled(template: &str, random: &mut Random, ids: &mut Vec<(String, f64)>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, inside)) = rest.split_once('{') {
        let (kind, after) = inside.split_once('}').unwrap_or((inside, ""));
        out.push_str(before);
        rest = after;
        let (id, bits) = match kind {
            "int" => (random.below(90_000_000).to_string(), 90_000_000f64.log2()),
            "page" => (random.below(40).to_string(), 40f64.log2()),
            "uuid" => (random.uuid(), 122.0),
            "hash" => (format!("{:016x}", random.next()), 64.0),
            _ => {
                let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
                let id: String =
                    (0..14).map(|_| char::from(letters[random.below(62) as usize])).collect();
                (format!("obj_{id}"), 14.0 * 62f64.log2())
            }
        };
        out.push_str(&id);
        ids.push((id, bits));
    }
    out.push_str(rest);
    out
}

/// A generator whose numbers are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A place among so many, the first ones more often (Zipf's law).
    fn favour(&mut self, n: usize) -> usize {
        let whole: f64 = (1..=n).map(|rank| 1.0 / rank as f64).sum();
        let mut left = self.share() * whole;
        for place in 0..n {
            left -= 1.0 / (place + 1) as f64;
            if left <= 0.0 {
                return place;
            }
        }
        n - 1
    }

    /// Box and Muller's normal numbers.
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.share().max(1e-12), self.share());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_le_bytes()
    }

    fn uuid(&mut self) -> String {
        let [a, b] = [self.next(), self.next()];
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    fn uuid_v7(&mut self, unix_ns: u64) -> [u8; 16] {
        let mut bytes = self.bytes();
        let unix_ms = (unix_ns / 1_000_000).to_be_bytes();
        bytes[..6].copy_from_slice(&unix_ms[2..]);
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }
}
