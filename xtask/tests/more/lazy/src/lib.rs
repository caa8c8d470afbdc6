//! Lazy holders of another crate.
use once_cell::sync::Lazy;
static FULL: once_cell::sync::Lazy<reqwest::Client> = once_cell::sync::Lazy::new(Default::default); //~ FLAG reqwest
static SHORT: Lazy<reqwest::Client> = Lazy::new(Default::default); //~ FLAG reqwest
static NAME: Lazy<String> = Lazy::new(Default::default);
