//! The baseline's file: TOML, sorted, one table an entry, so that a merge shows what changed.
//! It never guesses: a file of another version is an error.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Baseline, Entry};
use crate::findings::SiteKey;

const VERSION: u32 = 1;

const HEAD: &str = "\
# What `cargo egret audit` found when it was adopted, and may stay until it is mended.
# By itself this file only shrinks: `cargo egret audit --update-baseline`.
";

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no TOML, or not this file's TOML.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A newer program wrote it.
    #[error("version {0} is unknown; this program reads version {VERSION}")]
    Version(u32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBaseline {
    version: u32,
    #[serde(default)]
    site: Vec<Spanned<RawSite>>,
    #[serde(default)]
    finding: Vec<Spanned<RawFinding>>,
}

#[derive(Serialize)]
struct Written {
    version: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    site: Vec<RawSite>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    finding: Vec<RawFinding>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSite {
    package: String,
    enclosing: String,
    symbol: String,
    #[serde(default)]
    ordinal: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFinding {
    rule: String,
    subject: String,
}

impl Baseline {
    /// Reads a baseline's text.
    ///
    /// # Errors
    /// When it is not what [`Baseline::to_toml`] writes; the message holds the line.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let raw: RawBaseline = toml::from_str(text)?;
        if raw.version != VERSION {
            return Err(Unreadable::Version(raw.version));
        }
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        let sites = raw.site.into_iter().map(|site| {
            let at = line(site.span().start);
            let RawSite { package, enclosing, symbol, ordinal } = site.into_inner();
            (Entry::Site(SiteKey { package, enclosing, symbol, ordinal }), at)
        });
        let findings = raw.finding.into_iter().map(|finding| {
            let at = line(finding.span().start);
            let RawFinding { rule, subject } = finding.into_inner();
            (Entry::Finding { rule, subject }, at)
        });
        let lines: Vec<_> = sites.chain(findings).collect();
        Ok(Self { entries: lines.iter().map(|(entry, _)| entry.clone()).collect(), lines })
    }

    /// The baseline as the text of its file.
    ///
    /// # Errors
    /// Only what the TOML writer answers; names are strings, so there is nothing to refuse.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut sites = Vec::new();
        let mut findings = Vec::new();
        for entry in &self.entries {
            match entry.clone() {
                Entry::Site(SiteKey { package, enclosing, symbol, ordinal }) => {
                    sites.push(RawSite { package, enclosing, symbol, ordinal });
                }
                Entry::Finding { rule, subject } => findings.push(RawFinding { rule, subject }),
            }
        }
        let written = Written { version: VERSION, site: sites, finding: findings };
        Ok(format!("{HEAD}{}", toml::to_string(&written)?))
    }
}
