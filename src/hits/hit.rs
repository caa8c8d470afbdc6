//! What is counted: a route, its parameters and the answer's status.
//! Never depends on the order in which the parameters came.

/// The route under which hits are counted that no longer get a key of their own.
pub const OVERFLOW: &str = "{overflow}";

/// One kind of hit. Two requests are the same hit when their route's template, their path
/// parameters (in any order) and their status are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    route: Box<str>,
    /// Sorted by name, then value: this is what makes their order not matter.
    params: Box<[(Box<str>, Box<str>)]>,
    status: u16,
}

impl Hit {
    pub(super) fn new<'a>(
        route: &str,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
        status: u16,
    ) -> Self {
        let params = params.into_iter().map(|(name, value)| (name.into(), value.into()));
        let mut params: Box<[_]> = params.collect();
        params.sort_unstable();
        Self { route: route.into(), params, status }
    }

    /// Where a hit goes for which there is no room.
    pub(super) fn overflow(status: u16) -> Self {
        Self::new(OVERFLOW, [], status)
    }

    /// The route's template, as `/v1/assets/{asset}`.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The path parameters, sorted by name, as they are after percent-decoding.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of a path parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The answer's HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success (2xx).
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether this counts hits for whose own keys there was no room; only their status is known.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        &*self.route == OVERFLOW
    }

    /// What the hit takes as a key of a table, about: its texts and what holds them.
    pub(super) fn n_bytes(&self) -> u64 {
        let texts = self.params().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let holders = size_of::<(Self, u64)>() + size_of_val(&*self.params);
        (self.route.len() + texts + holders) as u64
    }
}
