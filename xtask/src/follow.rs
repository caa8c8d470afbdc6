//! Follows a client from where it comes to be to where it ends: wrapped, sent with, or given away.
//! It never looks for sites, and never decides how bad a verdict is.

mod approved;
mod bypass;
mod calls;
mod contain;
mod flow;
mod handed;
mod index;
mod methods;
mod outcome;
mod places;
mod results;
mod stack;
mod whose;

use std::cell::OnceCell;

pub use approved::Approved;
pub use outcome::{Ending, Outcome};

use crate::findings::{Evidence, Place, Verdict};
use crate::resolve::{Found, Resolver, Symbol};
use crate::syntax::{NodeId, Pos};

/// What clients are followed with.
pub struct Follower<'a> {
    resolver: &'a Resolver<'a>,
    approved: &'a Approved,
    index: OnceCell<index::Index<'a>>,
}

impl<'a> Follower<'a> {
    /// Prepares to follow; `approved` is what the project counts as egret's.
    #[must_use]
    pub fn new(resolver: &'a Resolver<'a>, approved: &'a Approved) -> Self {
        Self { resolver, approved, index: OnceCell::new() }
    }

    /// The verdict on a site, with the lines that decide.
    #[must_use]
    pub fn verdict(&self, site: &Found) -> (Verdict, Vec<Evidence>) {
        let (verdict, endings) = outcome::judge(self.endings(site));
        if endings.is_empty() {
            let place = self.place(site.file, site.pos);
            let text = "comes to be here, and no way to a wrapper was found".to_owned();
            return (verdict, vec![Evidence::new(place, text)]);
        }
        let evidence = endings
            .iter()
            .map(|ending| Evidence::new(self.place(ending.file, ending.pos), ending.text.clone()));
        (verdict, evidence.collect())
    }

    fn endings(&self, site: &Found) -> Vec<Ending> {
        let at = |outcome, text: &str| {
            vec![Ending { file: site.file, pos: site.pos, outcome, text: text.to_owned() }]
        };
        let entry = match &site.symbol {
            Symbol::Born(path) => {
                return at(Outcome::Covered, &format!("`{path}` is covered from the start"));
            }
            Symbol::Known(entry, _) => entry,
        };
        if self.is_inside_wrapper(site.file, site.scope) {
            return at(Outcome::Covered, "inside of an approved wrapper");
        }
        let Some(node) = site.node else {
            let mut flow = flow::Flow::new(self);
            if let Some(item) = site.item {
                for field in &site.fields {
                    flow.enter_field(site.file, item, field, stack::State::Raw);
                }
            }
            return flow.run();
        };
        if self.is_observed(site.file, node) {
            return at(Outcome::Covered, "observed around the call");
        }
        if entry.is_call {
            return at(Outcome::Sent, "sends by itself, without a client that could be wrapped");
        }
        let mut flow = flow::Flow::new(self);
        let state = self.state_at_birth(site.file, node);
        flow.start(site.file, node, state);
        let endings = flow.run();
        if endings.is_empty() && state != stack::State::Raw {
            // Not used at all, and yet with all that its configuration put into it.
            let (outcome, text) = state.outcome();
            return at(outcome, text);
        }
        endings
    }

    fn place(&self, file: usize, pos: Pos) -> Place {
        let name = self.resolver.file(file).name.clone();
        Place::new(name, pos.line as usize, pos.column as usize)
    }

    fn pos(&self, file: usize, node: NodeId) -> Pos {
        self.resolver.node(file, node).pos
    }
}
