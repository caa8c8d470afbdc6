//! What the peers' benches have in common.
//! It never decides who is faster: it measures and prints.

pub mod alloc;
pub mod arm;
pub mod caller;
pub mod calls;
pub mod cpu;
pub mod encodings;
pub mod entropy;
pub mod measure;
pub mod peers;
pub mod sink;
pub mod thread;
pub mod traffic;
