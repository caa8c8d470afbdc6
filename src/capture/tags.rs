//! What the user says of a call beforehand: its route, its vendor, on whose behalf it is made.
//! Never travels to the other side: tags are taken from the request's extensions or the task.

use std::future::Future;
use std::sync::Arc;

use crate::record::Record;

/// Facts about a call that only its caller knows.
///
/// Attached to one request as an extension, or to everything that a piece of code calls with
/// [`scope`](crate::scope). Cheap to clone.
///
/// ```no_run
/// # async fn run(client: reqwest_middleware::ClientWithMiddleware) -> reqwest_middleware::Result<()> {
/// let tags = egret::Tags::new().template("/v1/charges/{id}").target("stripe").consumer("acme");
/// client.get("https://api.example.com/v1/charges/ch_17").with_extension(tags).send().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "tags are attached to a request or a scope"]
pub struct Tags(Arc<TagSet>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct TagSet {
    template: String,
    target: String,
    consumer: String,
    attributes: Vec<(String, String)>,
}

impl Tags {
    /// No tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// The route, as `/v1/charges/{id}`. Defaults to the configured routes, else a guess.
    pub fn template(mut self, template: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).template = template.into();
        self
    }

    /// The vendor's name, as `stripe`. Defaults to the configured targets.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).target = target.into();
        self
    }

    /// On whose behalf the call is made. Defaults to none.
    pub fn consumer(mut self, consumer: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).consumer = consumer.into();
        self
    }

    /// One more fact. Values with a sensitive key or content are recorded as `REDACTED`.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).attributes.push((key.into(), value.into()));
        self
    }

    /// These tags, and `outer`'s where these say nothing.
    pub(super) fn over(self, outer: &Self) -> Self {
        if *outer == Self::default() {
            return self;
        }
        let mut merged = (*outer.0).clone();
        let own = Arc::unwrap_or_clone(self.0);
        for (mine, theirs) in [
            (own.template, &mut merged.template),
            (own.target, &mut merged.target),
            (own.consumer, &mut merged.consumer),
        ] {
            if !mine.is_empty() {
                *theirs = mine;
            }
        }
        for (key, value) in own.attributes {
            match merged.attributes.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => merged.attributes.push((key, value)),
            }
        }
        Self(Arc::new(merged))
    }

    /// The tags of a call: its own over those of the scope that it is made in.
    pub(super) fn of_call(own: Option<&Self>) -> Option<Self> {
        match (own, current()) {
            (Some(own), Some(scope)) => Some(own.clone().over(&scope)),
            (own, scope) => own.cloned().or(scope),
        }
    }

    /// Sets what the tags say in a record, but for the attributes.
    pub(super) fn label<'r>(&'r self, record: &mut Record<'r>) {
        record.set_template(&self.0.template);
        record.set_target(&self.0.target);
        record.set_consumer(&self.0.consumer);
    }

    pub(super) fn attribute_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

tokio::task_local! {
    static SCOPE: Tags;
}

fn current() -> Option<Tags> {
    SCOPE.try_with(Tags::clone).ok()
}

/// Tags for every call that a future or a closure makes; begun by [`scope`](crate::scope).
///
/// A scope within a scope adds to it. It does not reach tasks that are spawned within: give them a
/// scope of their own.
///
/// ```no_run
/// # async fn run(client: reqwest_middleware::ClientWithMiddleware) {
/// let call = client.get("https://api.example.com/items").send();
/// let answer = egret::scope().consumer("acme").run(call).await;
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a scope does nothing until it runs something"]
pub struct Scope(Tags);

/// Begins a scope: everything that is called within carries its tags.
pub fn scope() -> Scope {
    Scope::default()
}

impl Scope {
    /// The route of the calls within.
    pub fn template(self, template: impl Into<String>) -> Self {
        Self(self.0.template(template))
    }

    /// The vendor that is called within.
    pub fn target(self, target: impl Into<String>) -> Self {
        Self(self.0.target(target))
    }

    /// On whose behalf the calls within are made.
    pub fn consumer(self, consumer: impl Into<String>) -> Self {
        Self(self.0.consumer(consumer))
    }

    /// One more fact about every call within.
    pub fn attribute(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self(self.0.attribute(key, value))
    }

    /// Awaits `future` within the scope.
    pub async fn run<F: Future>(self, future: F) -> F::Output {
        SCOPE.scope(self.tags(), future).await
    }

    /// Runs `code` within the scope, on this thread.
    pub fn run_sync<R>(self, code: impl FnOnce() -> R) -> R {
        SCOPE.sync_scope(self.tags(), code)
    }

    fn tags(self) -> Tags {
        match current() {
            Some(outer) => self.0.over(&outer),
            None => self.0,
        }
    }
}
