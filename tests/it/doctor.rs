//! The doctor names what works and what does not.

use egret::Egret;
use egret_collector::Collector;

use crate::collector::config;
use crate::upstream::{Upstream, closed_port};

/// The last step, as `name: works` or `name: FAILS`.
async fn last(builder: egret::ConfigBuilder) -> String {
    let checkup = Egret::doctor(&builder.build().unwrap()).await;
    let step = checkup.steps.last().unwrap();
    assert_eq!(checkup.is_healthy(), step.works, "{checkup}");
    format!("{}: {}", step.name, if step.works { "works" } else { "FAILS" })
}

#[tokio::test]
async fn each_trouble_has_its_step() {
    let collector = Collector::builder().token("right").start().await.unwrap();
    let url = collector.url();
    assert_eq!(last(config(&url).token("right")).await, "batch: works");
    assert_eq!(last(config(&url).token("wrong")).await, "token: FAILS");
    assert_eq!(last(config(&url)).await, "token: FAILS");
    assert_eq!(last(config(&format!("{url}/elsewhere")).token("right")).await, "batch: FAILS");
    assert_eq!(last(config(&url.replace("http:", "https:"))).await, "tls: FAILS");
    assert_eq!(last(config(&format!("http://{}", closed_port().await))).await, "connect: FAILS");
    assert_eq!(last(config("http://no-such-host.invalid")).await, "dns: FAILS");
    let upstream = Upstream::start().await;
    assert_eq!(last(config(&upstream.url("/reset"))).await, "http: FAILS");
    assert_eq!(crate::collector::calls_with(&url, "right").await, 0, "no call was sent");
}
