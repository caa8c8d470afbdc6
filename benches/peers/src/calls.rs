//! The calls that are made and recorded, as a caller has them.
//! Their ids never repeat within a few thousand.

use std::collections::HashMap;

use crate::traffic::traffic;

/// One call. Hosts and templates stand in programs, and are lent for ever.
pub struct Sample {
    pub method: &'static str,
    pub host: &'static str,
    pub url: String,
    pub template: &'static str,
    pub status: u16,
}

impl Sample {
    /// The caller has put the URL together and sent it: its bytes are at hand.
    pub fn made(&self) {
        let sum = |text: &str| text.bytes().fold(0, |sum: u8, byte| sum.wrapping_add(byte));
        std::hint::black_box([
            sum(self.method),
            sum(self.host),
            sum(&self.url),
            sum(self.template),
        ]);
    }
}

const SHAPES: [(&str, &str, &str, u16); 8] = [
    ("POST", "api.stripe.com", "/v1/charges/{}/capture", 200),
    ("GET", "api.github.com", "/repos/acme/shop/issues/{}", 200),
    ("POST", "api.sendgrid.com", "/v3/mail/send", 202),
    ("GET", "maps.googleapis.com", "/maps/api/geocode/json?address={}&region=de", 200),
    ("GET", "graph.microsoft.com", "/v1.0/users/{}/messages", 200),
    ("PUT", "storage.googleapis.com", "/upload/storage/v1/b/media/o/{}.png", 404),
    ("DELETE", "api.twilio.com", "/2010-04-01/Accounts/AC{}/Messages.json", 204),
    ("POST", "api.openai.com", "/v1/chat/completions", 429),
];

/// So many calls of a service that uses eight endpoints, always the same ones.
pub fn samples(n_calls: usize) -> Vec<Sample> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..n_calls)
        .map(|n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (method, host, template, status) = SHAPES[n % SHAPES.len()];
            let id = format!("{:012x}", state >> 16);
            let url = format!("https://{host}{}", template.replace("{}", &id));
            let template = template.split('?').next().unwrap_or(template);
            Sample { method, host, url, template, status }
        })
        .collect()
}

/// So many calls of [`traffic`] that were answered: 24 vendors, 240 endpoints in no order, one URL in
/// fifteen with something to redact. No processor foretells what comes next.
pub fn varied_samples(n_calls: usize) -> Vec<Sample> {
    let mut lent = HashMap::new();
    let mut lend = |text: &str| -> &'static str {
        lent.entry(text.to_owned()).or_insert_with(|| &*String::from(text).leak())
    };
    let answered = traffic(n_calls + n_calls / 10).into_iter();
    let samples = answered.filter_map(|call| {
        let (host, template) = (lend(&call.host), lend(&call.template));
        let (method, url) = (call.method, call.url());
        Some(Sample { method, host, url, template, status: call.status? })
    });
    samples.take(n_calls).collect()
}
