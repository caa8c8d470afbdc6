//! What the collector promises, one file per promise, over real HTTP on loopback.
//! They never leave the machine, and never sleep to wait.

mod binary;
mod calls;
mod durability;
mod embedding;
mod fixture;
mod ingest;
mod page;
mod refusals;
mod summary;
