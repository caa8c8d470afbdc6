use reqwest::Client as Included;
pub fn f() {
    let _ = Included::new(); //~ FLAG reqwest
}
