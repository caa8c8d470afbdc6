//! A finding that is not a site: a hidden client, an orphan, an exception without a reason.
//! It never stands for a place that makes a call; those are sites.

use super::{Evidence, Place, Rule, Severity, Suppressed};

/// Something that somebody has to know or do, other than a site.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Its weight, after the policy.
    pub severity: Severity,
    /// Where it is: a source file, or the manifest, policy or baseline that holds it.
    pub place: Option<Place>,
    /// What it is about: a crate for dependencies, a path for files, a key for baselines.
    pub subject: String,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The lines or edges that show it.
    pub evidence: Vec<Evidence>,
    /// Why it does not count, if something says so.
    pub suppressed: Option<Suppressed>,
}

impl Finding {
    /// A finding with no place, evidence or suppression; those are filled in where they exist.
    pub fn new(
        rule: &'static Rule,
        severity: Severity,
        subject: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            place: None,
            subject: subject.into(),
            message: message.into(),
            hint: hint.into(),
            evidence: Vec::new(),
            suppressed: None,
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The severity that is left after suppression.
    #[must_use]
    pub fn open_severity(&self) -> Severity {
        if self.suppressed.is_some() { Severity::Off } else { self.severity }
    }
}
