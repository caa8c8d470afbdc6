//! Checks what was said, value by value.
//! Never stops at the first bad one, and never repeats a value that may be a secret.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::{Batching, Config, ConfigBuilder, ConfigError, Setting};
use crate::allow::{Allowed, BodyRules};
use crate::batch::Resource;
use crate::host::HostPattern;
use crate::queue::QueueBounds;
use crate::sample::Sampling;
use crate::template::{Naming, Routes};

/// Reads values one by one and collects what is wrong with them.
struct Check<'a> {
    raw: &'a ConfigBuilder,
    problems: Vec<String>,
}

impl ConfigBuilder {
    /// Checks everything.
    ///
    /// # Errors
    /// When any value is not valid; all that are come back at once.
    pub fn build(self) -> Result<Config, ConfigError> {
        let mut check = Check { raw: &self, problems: Vec::new() };
        let is_enabled = !check.flag(Setting::Disabled);
        let is_inline = check.flag(Setting::Inline);
        let batches_url = check.batches_url();
        let authorization = check.authorization();
        let resource = check.resource();
        let queue = QueueBounds {
            records: check.number(Setting::QueueRecords, 262_144, 1, 1 << 23) as u32,
            bytes: check.number(Setting::QueueBytes, 64 << 20, 64 << 10, 16 << 30),
        };
        let flush_interval_ms = check.number(Setting::FlushIntervalMs, 1_000, 10, 600_000);
        let pending_bytes = check.number(Setting::PendingBytes, 16 << 20, 4 << 20, 16 << 30);
        let batching = Batching {
            flush_interval: Duration::from_millis(flush_interval_ms),
            records: 8_192,
            bytes: 2 << 20,
            pending_bytes: usize::try_from(pending_bytes).unwrap_or(usize::MAX),
            expiry: Duration::from_secs(3_600),
        };
        let sampling = check.sampling();
        let naming = Arc::new(check.naming());
        let allowed = Arc::new(check.allowed());
        let spool_dir = check.raw.value(Setting::SpoolDir).map(PathBuf::from);
        let spool_max_bytes = check.number(Setting::SpoolMaxBytes, 256 << 20, 4 << 20, 1 << 40);
        let spool_max_age_s = check.number(Setting::SpoolMaxAgeSeconds, 86_400, 60, 31_536_000);
        match (batches_url, check.problems.is_empty()) {
            (Some(batches_url), true) => Ok(Config {
                is_enabled,
                is_inline,
                batches_url,
                authorization,
                resource,
                queue,
                batching,
                sampling,
                naming,
                allowed,
                spool_dir,
                spool_max_bytes,
                spool_max_age: Duration::from_secs(spool_max_age_s),
            }),
            _ => Err(ConfigError { problems: check.problems }),
        }
    }
}

impl Check<'_> {
    fn problem(&mut self, name: Setting, problem: &str) {
        self.problems.push(format!("{}: {problem}", name.as_str()));
    }

    fn number(&mut self, name: Setting, default: u64, least: u64, most: u64) -> u64 {
        let Some(value) = self.raw.value(name) else {
            return default;
        };
        match value.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let value = crate::redact::text(value);
                let problem = format!("{value:?} is not a whole number from {least} to {most}");
                self.problem(name, &problem);
                default
            }
        }
    }

    fn sampling(&mut self) -> Sampling {
        let rate = self.raw.value(Setting::SampleRate).unwrap_or("1");
        let rate = share(rate).unwrap_or_else(|| {
            self.problem(Setting::SampleRate, "accepted is a number from 0 to 1, as 0.05");
            1.0
        });
        let mut hosts = Vec::new();
        let rules = self.raw.value(Setting::SampleHosts).unwrap_or_default();
        for rule in rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            match rule.split_once('=').map(|(host, rate)| (HostPattern::parse(host), share(rate))) {
                Some((Some(host), Some(rate))) => hosts.push((host, rate)),
                _ => {
                    let form = "accepted is HOST=SHARE,..., as api.example.com=0.1,*.internal=0";
                    self.problem(Setting::SampleHosts, form);
                }
            }
        }
        // More than a clock can count in a second is no ceiling.
        let most = u64::from(u32::MAX);
        let ceiling = self.number(Setting::SampleMaxPerHostSecond, most, 1, most) as u32;
        let slow_ms = self.number(Setting::SlowMs, 1_000, 0, 86_400_000);
        Sampling {
            rate,
            hosts,
            max_per_host_second: (ceiling < u32::MAX).then_some(ceiling),
            slow_ns: slow_ms * 1_000_000,
        }
    }

    fn naming(&mut self) -> Naming {
        let routes = Routes::parse(self.raw.value(Setting::Routes).unwrap_or_default());
        let routes = routes.unwrap_or_else(|problems| {
            problems.iter().for_each(|problem| self.problem(Setting::Routes, problem));
            Routes::default()
        });
        let form = "accepted are HOST=NAME,..., as api.stripe.com=stripe,*.amazonaws.com=aws";
        let target = |text: &str| {
            let (host, name) = text.split_once('=')?;
            let name = crate::redact::text(name.trim()).into_owned();
            let is_name = !name.is_empty() && name.len() <= 128;
            Some((HostPattern::parse(host)?, name)).filter(|_| is_name)
        };
        Naming::new(routes, self.list(Setting::Targets, form, target))
    }

    fn allowed(&mut self) -> Allowed {
        let header_form = "accepted are header names, as x-request-id,retry-after";
        let media_form = "accepted are media types, as application/json,text/*";
        let media_type = |text: &str| {
            let text = text.to_ascii_lowercase();
            let (kind, rest) = text.split_once('/')?;
            let is_plain = |part: &str| !part.is_empty() && !part.contains(['*', '/', ' ', ';']);
            (is_plain(kind) && (rest == "*" || is_plain(rest))).then_some(text)
        };
        let media_types = self.list(Setting::BodyTypes, media_form, media_type);
        let cap_bytes = self.number(Setting::BodyBytes, 4_096, 1, 16_000);
        let budget_bytes = self.number(Setting::BodyBudgetBytes, 8 << 20, 1, 1 << 30);
        let rules = BodyRules {
            media_types,
            cap_bytes: usize::try_from(cap_bytes).unwrap_or(usize::MAX),
            budget_bytes: usize::try_from(budget_bytes).unwrap_or(usize::MAX),
        };
        let header = |text: &str| HeaderName::try_from(text).ok();
        let host_form = "accepted are HOST,..., as api.example.com,*.internal";
        Allowed {
            request_headers: self.list(Setting::RequestHeaders, header_form, header),
            response_headers: self.list(Setting::ResponseHeaders, header_form, header),
            bodies: (!rules.media_types.is_empty()).then(|| Arc::new(rules)),
            trace_hosts: self.list(Setting::TraceHosts, host_form, HostPattern::parse),
        }
    }

    /// Values between commas; one that cannot be read is a problem.
    fn list<T>(&mut self, name: Setting, form: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let texts = self.raw.value(name).unwrap_or_default().split(',').map(str::trim);
        let read: Vec<_> = texts.filter(|text| !text.is_empty()).map(read).collect();
        if read.iter().any(Option::is_none) {
            self.problem(name, form);
        }
        read.into_iter().flatten().collect()
    }

    fn flag(&mut self, name: Setting) -> bool {
        match self.raw.value(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("0" | "false" | "no" | "off") => false,
            Some("1" | "true" | "yes" | "on") => true,
            Some(_) => {
                self.problem(name, "accepted are 1, true, yes, on and 0, false, no, off");
                false
            }
        }
    }

    /// The collector's address with the path of the door. Its value is never repeated in an error:
    /// it may hold a password.
    fn batches_url(&mut self) -> Option<Url> {
        const FORM: &str = "accepted is http://HOST:PORT or https://HOST[:PORT], \
             optionally with a path";
        let value = self.raw.value(Setting::CollectorUrl).unwrap_or("http://127.0.0.1:4750");
        let problem = match Url::parse(value) {
            Err(error) => format!("not a URL ({error}); {FORM}"),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                format!("not an http or https URL; {FORM}")
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                format!("holds credentials; set EGRET_TOKEN instead; {FORM}")
            }
            Ok(url) if url.query().is_some() => format!("has a query, which would be lost; {FORM}"),
            Ok(mut url) => {
                url.set_fragment(None);
                // Who names the whole door means the same.
                let base = url.path().trim_end_matches('/').trim_end_matches("/v1/batches");
                let path = format!("{base}/v1/batches");
                url.set_path(&path);
                return Some(url);
            }
        };
        self.problem(Setting::CollectorUrl, &problem);
        None
    }

    fn authorization(&mut self) -> Option<HeaderValue> {
        let token = self.raw.value(Setting::Token)?;
        let is_plain = token.len() <= 1_024 && token.bytes().all(|b| b.is_ascii_graphic());
        let value = HeaderValue::from_str(&format!("Bearer {token}")).ok();
        if let Some(mut value) = value.filter(|_| is_plain) {
            // Keeps it out of debug output.
            value.set_sensitive(true);
            return Some(value);
        }
        self.problem(
            Setting::Token,
            "accepted are at most 1,024 characters of visible ASCII, without blanks",
        );
        None
    }

    fn resource(&mut self) -> Resource {
        let mut resource = self.raw.resource.clone();
        let executable = || {
            let path = std::env::current_exe().ok()?;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        let mut put = |name: &str, value: String| {
            resource.entry(name.to_owned()).or_insert(value);
        };
        let service =
            self.raw.value(Setting::ServiceName).map(str::to_owned).unwrap_or_else(|| {
                format!("unknown_service:{}", executable().unwrap_or_else(|| "rust".to_owned()))
            });
        put("service.name", service);
        put("telemetry.sdk.name", "egret".to_owned());
        put("telemetry.sdk.language", "rust".to_owned());
        put("telemetry.sdk.version", env!("CARGO_PKG_VERSION").to_owned());
        if let Some(environment) = self.raw.value(Setting::Environment) {
            put("deployment.environment.name", environment.to_owned());
        }
        resource.values_mut().for_each(|value| *value = crate::redact::text(value).into_owned());
        resource
    }
}

fn share(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share))
}
