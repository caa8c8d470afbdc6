//! What a package of the graph is needed for, and through whom.
//! It never follows the tests of a dependency: only the workspace's own are built.

use std::collections::VecDeque;

use super::Graph;

/// What a dependency is needed for; the order is that of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// In what ships.
    Normal,
    /// In build scripts and macros' builds.
    Build,
    /// In tests, examples and benches of the workspace.
    Dev,
}

/// How the workspace comes to a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The weightiest use.
    pub used: Use,
    /// The shortest chain of names for that use, from a member to the package.
    pub chain: Vec<String>,
}

impl Graph {
    /// For each package, how the workspace comes to it; `None` for members and for packages that no
    /// member needs.
    #[must_use]
    pub fn reach(&self) -> Vec<Option<Reached>> {
        let n_packages = self.packages.len();
        // The weightiest use found so far, and who led there.
        let mut best: Vec<Option<(Use, usize)>> = vec![None; n_packages];
        for used in [Use::Normal, Use::Build, Use::Dev] {
            self.spread(used, &mut best);
        }
        (0..n_packages)
            .map(|index| {
                let (used, _) = best[index].filter(|_| !self.packages[index].is_member)?;
                Some(Reached { used, chain: self.chain(index, &best) })
            })
            .collect()
    }

    /// Marks what is first reached for `used`: through an edge of that kind, or through an ordinary
    /// edge of a package that is needed for it.
    fn spread(&self, used: Use, best: &mut [Option<(Use, usize)>]) {
        let mut waiting = VecDeque::new();
        for (from, package) in self.packages.iter().enumerate() {
            let is_built = package.is_member || (used == Use::Build && best[from].is_some());
            for edge in package.edges.iter().filter(|edge| is_built && edge.uses.contains(&used)) {
                waiting.push_back((from, edge.to));
            }
        }
        while let Some((from, to)) = waiting.pop_front() {
            if best[to].is_some() || self.packages[to].is_member {
                continue;
            }
            best[to] = Some((used, from));
            for edge in &self.packages[to].edges {
                // Whatever a build script or a test needs to run or to build, it needs for itself.
                let counts = |kind: &Use| {
                    *kind == Use::Normal || (used != Use::Normal && *kind == Use::Build)
                };
                if edge.uses.iter().any(counts) {
                    waiting.push_back((to, edge.to));
                }
            }
        }
    }

    fn chain(&self, mut index: usize, best: &[Option<(Use, usize)>]) -> Vec<String> {
        let mut chain = vec![self.packages[index].name.clone()];
        while let Some((_, from)) = best[index] {
            chain.push(self.packages[from].name.clone());
            if self.packages[from].is_member || chain.len() > self.packages.len() {
                break;
            }
            index = from;
        }
        chain.reverse();
        chain
    }
}
