//! A site's name that survives edits elsewhere in its file: no line is part of it.
//! It never changes when code above the site grows or shrinks.

use std::collections::HashMap;
use std::fmt;

use super::{Report, Site};

/// What a baseline and a fingerprint know a site by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteKey {
    /// The package that holds the site.
    pub package: String,
    /// The item around it.
    pub enclosing: String,
    /// What it calls.
    pub symbol: String,
    /// Counts the sites that agree in all of the above, from 0, by place.
    pub ordinal: usize,
}

impl Report {
    /// The key of every site, in the order of `sites`.
    #[must_use]
    pub fn keys(&self) -> Vec<SiteKey> {
        let mut order: Vec<usize> = (0..self.sites.len()).collect();
        order.sort_by(|&a, &b| self.sites[a].place.cmp(&self.sites[b].place));
        let mut seen: HashMap<(&str, &str, &str), usize> = HashMap::new();
        let mut ordinals = vec![0; self.sites.len()];
        for index in order {
            let count = seen.entry(parts(&self.sites[index])).or_default();
            ordinals[index] = *count;
            *count += 1;
        }
        self.sites.iter().zip(ordinals).map(|(site, ordinal)| SiteKey::of(site, ordinal)).collect()
    }
}

impl SiteKey {
    fn of(site: &Site, ordinal: usize) -> Self {
        let (package, enclosing, symbol) = parts(site);
        Self {
            package: package.to_owned(),
            enclosing: enclosing.to_owned(),
            symbol: symbol.to_owned(),
            ordinal,
        }
    }
}

fn parts(site: &Site) -> (&str, &str, &str) {
    (&site.package, &site.enclosing, &site.symbol)
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, enclosing, symbol, ordinal } = self;
        write!(f, "{package}: {symbol} in {enclosing} (#{ordinal})")
    }
}
