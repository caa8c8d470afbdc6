//! The project's own tools as a library: the audit of HTTP calls, the house rules as a check, the
//! benches and the list of CI steps. It never changes a file that it was not asked to write.

pub mod allow;
pub mod audit;
pub mod baseline;
pub mod cli;
pub mod findings;
pub mod fix;
pub mod graph;
pub mod policy;
pub mod report;
pub mod rules;

pub mod bench;
pub mod ci;
pub mod follow;
pub mod knowledge;
pub mod load;
pub mod resolve;
pub mod syntax;
pub mod tidy;
