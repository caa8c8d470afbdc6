//! What a project counts as egret's own: middlewares and wrappers, by path.
//! It never resolves; it compares the full path of a definition with what the policy says.

/// The approved paths.
#[derive(Clone, Debug, Default)]
pub struct Approved {
    /// Middlewares: types, or functions that give one.
    pub middlewares: Vec<String>,
    /// Functions that take a raw client and give a covered one.
    pub wrappers: Vec<String>,
}

impl Approved {
    /// Whether a middleware's full path is approved.
    #[must_use]
    pub fn has_middleware(&self, path: &str) -> bool {
        is_in(&self.middlewares, path)
    }

    /// Whether a function's full path is approved.
    #[must_use]
    pub fn has_wrapper(&self, path: &str) -> bool {
        is_in(&self.wrappers, path)
    }

    /// The last names of everything approved: words that make a file worth parsing.
    pub fn words(&self) -> impl Iterator<Item = String> + '_ {
        let all = self.middlewares.iter().chain(&self.wrappers);
        all.filter_map(|path| path.rsplit("::").next().map(str::to_owned))
    }
}

/// A path fits itself, and any end of it: `Audit` and `http::Audit` fit `my_app::http::Audit`.
fn is_in(list: &[String], path: &str) -> bool {
    list.iter().any(|known| {
        let known = known.strip_prefix("crate::").unwrap_or(known);
        let rest = path.strip_suffix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
    })
}
