//! Code of a feature that is off.
pub fn f() {
    let _ = ureq::agent(); //~ FLAG ureq
    #[cfg(windows)]
    let _ = ureq::get("x"); //~ FLAG ureq
    #[cfg(not(windows))]
    let _ = ureq::post("x"); //~ FLAG ureq
}
