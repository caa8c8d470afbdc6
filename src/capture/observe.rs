//! Times a closure or a future around an SDK call and records how it ended.
//! Never changes what it returns, and lets panics pass on.

use std::future::Future;

use super::recorder::{Recorder, Scratch, begin};
use super::tags::Tags;
use crate::clock::Tick;
use crate::error::ErrorClass;
use crate::record::{Kind, Outcome};

/// What a returned value says of the call behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The status code, if there was one.
    pub status: Option<u16>,
    /// The error's identifier, if the call failed: by default the name of its type.
    pub error_type: Option<&'static str>,
}

impl Seen {
    /// A call that went well.
    #[must_use]
    pub fn success() -> Self {
        Self::default()
    }

    /// A call that failed; `error_type` is a short identifier.
    #[must_use]
    pub fn failure(error_type: &'static str) -> Self {
        Self { status: None, error_type: Some(error_type) }
    }

    /// With the answer's status code.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// Values from which [`observe`](crate::observe) can tell whether the call went well.
///
/// A `Result` fails with the name of its error's type; `Option`, `()`, numbers, texts and
/// collections always went well. Implement it for an SDK's own answer type to record its status.
#[diagnostic::on_unimplemented(
    message = "`observe` cannot tell whether `{Self}` is a success",
    note = "return a `Result`, wrap the value as `Ok::<_, std::convert::Infallible>(value)`, or \
            implement `egret::Observed` for it"
)]
pub trait Observed {
    /// How the call went.
    fn seen(&self) -> Seen;
}

impl<T, E> Observed for Result<T, E> {
    fn seen(&self) -> Seen {
        match self {
            Ok(_) => Seen::success(),
            Err(_) => Seen::failure(std::any::type_name::<E>()),
        }
    }
}

impl Observed for reqwest::Response {
    fn seen(&self) -> Seen {
        Seen::success().with_status(self.status().as_u16())
    }
}

impl<B> Observed for http::Response<B> {
    fn seen(&self) -> Seen {
        Seen::success().with_status(self.status().as_u16())
    }
}

/// Values that say nothing of a failure.
macro_rules! always_success {
    ($($({$($generic:ident),+})? $type:ty),+ $(,)?) => {
        $(impl$(<$($generic),+>)? Observed for $type {
            fn seen(&self) -> Seen {
                Seen::success()
            }
        })+
    };
}

always_success!(
    (), bool, char, String, &str, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize,
    f32, f64, {T} Option<T>, {T} Vec<T>, {T} Box<T>, {K, V, S} std::collections::HashMap<K, V, S>,
    {K, V} std::collections::BTreeMap<K, V>, {A, B} (A, B), {A, B, C} (A, B, C),
);

/// Runs `call` and records it as a call to `target`.
pub(crate) fn observe<R: Observed>(
    recorder: Option<Recorder>,
    target: &str,
    call: impl FnOnce() -> R,
) -> R {
    let Some(recorder) = recorder else {
        return call();
    };
    let watch = Watch::begin(recorder, target);
    let value = call();
    watch.end(value.seen());
    value
}

/// Awaits `call` and records it as a call to `target`, also when it is dropped before its end.
pub(crate) async fn observe_async<R: Observed>(
    recorder: Option<Recorder>,
    target: &str,
    call: impl Future<Output = R>,
) -> R {
    let Some(recorder) = recorder else {
        return call.await;
    };
    let watch = Watch::begin(recorder, target);
    let value = call.await;
    watch.end(value.seen());
    value
}

/// A call that has begun. It is recorded when it ends, or when it is dropped before.
struct Watch<'t> {
    recorder: Recorder,
    target: &'t str,
    start: Tick,
    end: Option<Seen>,
}

impl<'t> Watch<'t> {
    fn begin(recorder: Recorder, target: &'t str) -> Self {
        Self { recorder, target, start: Tick::now(), end: None }
    }

    fn end(mut self, seen: Seen) {
        self.end = Some(seen);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let now = Tick::now();
        let total_ns = now.ns_since(self.start);
        let seen = self.end.take();
        let start_unix_ns = self.recorder.unix_ns(self.start);
        let (mut scratch, scope) = (Scratch::default(), Tags::of_call(None));
        let mut record = begin(Kind::Manual, "", "", start_unix_ns, &mut scratch);
        record.total_ns = Some(total_ns);
        if let Some(scope) = &scope {
            scope.label(&mut record);
            record.set_attributes(scope.attribute_pairs());
        }
        record.set_target(self.target);
        let (outcome, error_type) = match &seen {
            Some(seen) => {
                record.status = seen.status;
                let failed = seen.error_type.is_some() && seen.status.is_none();
                (if failed { Outcome::Failed } else { Outcome::Completed }, seen.error_type)
            }
            None if std::thread::panicking() => (Outcome::Failed, Some(ErrorClass::Panic.as_str())),
            None => (Outcome::Cancelled, Some(ErrorClass::Cancelled.as_str())),
        };
        record.outcome = outcome;
        if let Some(error_type) = error_type {
            record.set_error_type(error_type);
        }
        self.recorder.offer(&record);
    }
}
