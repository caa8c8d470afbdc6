//! What a token has used up of its quotas.
//! It never waits: it says how long to wait.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::model::Quotas;

/// More than a quota allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    /// It fits after this time.
    #[error("the token may send {limit} {unit}, and has; send again later")]
    ForNow {
        /// The quota.
        limit: u32,
        /// What it counts, over which time.
        unit: &'static str,
        /// The time until it fits.
        wait: Duration,
    },
    /// It is more than fits at any time.
    #[error("{found} at once exceed the token's {limit} {unit}; send fewer at a time")]
    ForEver {
        /// How much it is.
        found: usize,
        /// The quota.
        limit: u32,
        /// What it counts, over which time.
        unit: &'static str,
    },
}

/// One meter for each quota that is set.
#[derive(Debug)]
pub(super) struct Meters {
    requests: Option<Meter>,
    bytes: Option<Meter>,
    calls: Option<Meter>,
}

/// A bucket that is full at first and fills up steadily.
#[derive(Debug)]
struct Meter {
    limit: NonZeroU32,
    unit: &'static str,
    limiter: DefaultDirectRateLimiter,
}

impl Meters {
    pub(super) fn new(quotas: Quotas) -> Self {
        let meter = |limit: Option<NonZeroU32>, per: fn(NonZeroU32) -> Quota, unit| {
            limit.map(|limit| Meter { limit, unit, limiter: RateLimiter::direct(per(limit)) })
        };
        Self {
            requests: meter(quotas.requests_per_second, Quota::per_second, "requests a second"),
            bytes: meter(quotas.bytes_per_minute, Quota::per_minute, "bytes a minute"),
            calls: meter(quotas.calls_per_minute, Quota::per_minute, "calls a minute"),
        }
    }

    pub(super) fn request(&self) -> Result<(), Exceeded> {
        charge(self.requests.as_ref(), 1)
    }

    pub(super) fn bytes(&self, n: usize) -> Result<(), Exceeded> {
        charge(self.bytes.as_ref(), n)
    }

    pub(super) fn calls(&self, n: usize) -> Result<(), Exceeded> {
        charge(self.calls.as_ref(), n)
    }
}

/// Takes all of them, or none.
fn charge(meter: Option<&Meter>, n: usize) -> Result<(), Exceeded> {
    let (Some(meter), true) = (meter, n > 0) else {
        return Ok(());
    };
    let Meter { limit, unit, limiter } = meter;
    let (limit, unit) = (limit.get(), *unit);
    let too_many = Exceeded::ForEver { found: n, limit, unit };
    let Some(n) = u32::try_from(n).ok().and_then(NonZeroU32::new) else {
        return Err(too_many);
    };
    match limiter.check_n(n) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Err(Exceeded::ForNow { limit, unit, wait })
        }
        Err(_) => Err(too_many),
    }
}
