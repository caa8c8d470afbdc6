//! The configured templates: which one a call's host, method and path belong to.
//! Never looks through a list: by host, then down a tree of segments.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use matchit::{InsertError, Router};

use crate::host::{HostMap, HostPattern};

/// Longest template; longer ones could fill a record.
const MAX_TEMPLATE_BYTES: usize = 512;

/// Most templates: more belong into fewer, with parameters.
const MAX_ROUTES: usize = 10_000;

const FORM: &str = "accepted is [METHOD] HOST /TEMPLATE, as api.stripe.com /v1/charges/{id}";

/// One template and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// `None` for every method.
    pub(crate) method: Option<String>,
    pub(crate) host: HostPattern,
    pub(crate) template: String,
}

/// Templates by host and method, ready to be matched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes {
    all: Vec<Route>,
    by_host: HostMap<Methods>,
}

#[derive(Debug, Clone, Default)]
struct Methods {
    any: Tree,
    named: HashMap<String, Tree>,
}

/// Places in `Routes::all`, by template.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// Templates of as many segments as the path has.
    exact: Router<usize>,
    /// Templates that end in `{*rest}`: matchit lets none stand beside a parameter.
    open: Router<usize>,
}

impl Routes {
    /// Reads lines of `[METHOD] HOST /TEMPLATE`. A semicolon ends a line as well, for variables of
    /// one line; what begins with `#` is skipped.
    ///
    /// # Errors
    /// A sentence for every line that cannot be used.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut routes, mut problems) = (Self::default(), Vec::new());
        let lines = text.split(['\n', ';']).map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let added = parse_line(line).and_then(|route| routes.add(route));
            if let Err(problem) = added {
                problems.push(format!("{:?}: {problem}", crate::redact::text(line)));
            }
        }
        if problems.is_empty() { Ok(routes) } else { Err(problems) }
    }

    /// The template of a call. Of several that match, the one of the more specific host goes first,
    /// then the one of the method, then the one with the earlier fixed segment; `{*rest}` goes last.
    pub(crate) fn find(&self, host: &str, method: &str, path: &str) -> Option<&str> {
        let place = self.by_host.matching(host).find_map(|methods| {
            let of_method = methods.named.get(method).and_then(|tree| tree.find(path));
            of_method.or_else(|| methods.any.find(path))
        })?;
        Some(&self.all[place].template)
    }

    /// All of them, in the order in which they were written.
    pub(crate) fn all(&self) -> &[Route] {
        &self.all
    }

    fn add(&mut self, route: Route) -> Result<(), String> {
        if self.all.len() >= MAX_ROUTES {
            return Err(format!("more than {MAX_ROUTES} templates"));
        }
        let methods = self.by_host.entry(&route.host);
        let tree = match &route.method {
            Some(method) => methods.named.entry(method.clone()).or_default(),
            None => &mut methods.any,
        };
        tree.add(&route.template, self.all.len())?;
        self.all.push(route);
        Ok(())
    }
}

impl Tree {
    fn add(&mut self, template: &str, place: usize) -> Result<(), String> {
        let router = if template.contains("{*") { &mut self.open } else { &mut self.exact };
        router.insert(template, place).map_err(|error| match error {
            InsertError::Conflict { with } => {
                format!("matches the same paths as {with}; keep one of them")
            }
            InsertError::InvalidParamSegment => {
                "two parameters in one segment; one can be told, as {id}.json".to_owned()
            }
            InsertError::InvalidCatchAll => "{*rest} can stand at the end alone".to_owned(),
            // Braces that do not match, or nothing between them.
            _ => {
                "a parameter is {name}, with a name in the braces; {{ and }} are braces".to_owned()
            }
        })
    }

    fn find(&self, path: &str) -> Option<usize> {
        let found = |tree: &Router<usize>, path| tree.at(path).ok().map(|found| *found.value);
        // Most servers take a closing slash for nothing.
        let bare = || found(&self.exact, path.strip_suffix('/')?);
        found(&self.exact, path).or_else(bare).or_else(|| found(&self.open, path))
    }
}

fn parse_line(line: &str) -> Result<Route, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (method, host, template) = match words[..] {
        [method, host, template] => (Some(method), host, template),
        [host, template] => (None, host, template),
        _ => return Err(FORM.to_owned()),
    };
    let is_method = |method: &&str| method.bytes().all(|b| b.is_ascii_alphabetic());
    if method.is_some_and(|method| !is_method(&method)) {
        return Err(format!("the method is made of letters alone; {FORM}"));
    }
    let host = HostPattern::parse(host).ok_or_else(|| {
        "the host is a name without scheme and port, as api.example.com or *.example.com".to_owned()
    })?;
    if !template.starts_with('/') {
        return Err(format!("the template begins with a slash; {FORM}"));
    }
    if template.contains(['?', '#']) {
        return Err("the template is of the path alone, without query and fragment".to_owned());
    }
    if template.len() > MAX_TEMPLATE_BYTES {
        return Err(format!("the template is longer than {MAX_TEMPLATE_BYTES} bytes"));
    }
    if let Some(segment) = template.split('/').find(|s| s.starts_with(':') || s.starts_with('<')) {
        let name = segment.trim_matches([':', '<', '>']);
        return Err(format!("{segment}: a parameter is written {{{name}}}"));
    }
    let method = method.map(str::to_ascii_uppercase);
    Ok(Route { method, host, template: template.to_owned() })
}
