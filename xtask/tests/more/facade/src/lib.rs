//! The middle of a chain of re-exports: nothing here names the HTTP crate.
pub use net::prelude::*;
pub use net::Http as Door;
pub use net::fetch as load;
pub use net::reqwest as inner;
pub mod all {
    pub use net::*;
}
pub struct Other;
impl Other {
    pub fn new() -> Self {
        Other
    }
}
