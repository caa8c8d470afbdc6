//! The calls that are recorded: as services make them, with ids that change.
//! They never repeat within a few thousand, so that nothing is learned by heart.

/// One call.
pub struct Sample {
    pub method: &'static str,
    pub host: &'static str,
    pub url: String,
    pub template: &'static str,
    pub status: u16,
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

/// So many calls, always the same ones.
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
