//! Runs each shape by the bare client and by the wrapped one, and finds where they differ.
//! Never stops at the first difference: all of them are reported at once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::ask::{Ask, Need, Payload, Reading, Shape};
use super::caller::{Caller, Pair};
use super::observed::{Observed, difference};
use super::server::Server;
use crate::tls::Identity;
use crate::upstream::closed_port;

/// How long one request may take; a shape that ends by no event of its own is a mistake.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where two clocks race (a timeout against a slow body), a client differs from itself now and then;
/// what a wrapper changes it changes each time.
const MAX_TRIES: usize = 10;

/// What comparing a pair over a list of shapes found.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// What became of each shape by the bare client, in one line.
    pub(crate) outcomes: Vec<String>,
    /// Where a user could tell the two apart, or a call did not leave exactly one record.
    pub(crate) differences: Vec<String>,
}

/// One shape, run by one client.
#[derive(Debug, PartialEq)]
struct Run {
    observed: Vec<Observed>,
    /// What the server heard, byte by byte, one text a connection.
    heard: Vec<String>,
}

/// Compares the two clients of the pair over all shapes that they can take part in.
pub(crate) async fn compare(pair: &Pair, shapes: Vec<Shape>) -> Comparison {
    let names: BTreeSet<_> = shapes.iter().map(|shape| shape.name.clone()).collect();
    assert_eq!(names.len(), shapes.len(), "each shape has a name of its own");
    let identity = Identity::new(&[]);
    let mut comparison = Comparison::default();
    for shape in shapes {
        let can = |caller: &dyn Caller| shape.needs.iter().all(|need| caller.can(*need));
        if can(pair.bare.as_ref()) && can(pair.wrapped.as_ref()) {
            compare_one(pair, shape, &identity, &mut comparison).await;
        }
    }
    comparison
}

async fn compare_one(pair: &Pair, mut shape: Shape, identity: &Identity, found: &mut Comparison) {
    if !shape.setup.is_distrustful {
        // Also where there is no TLS: the machine's own certificates take long to read.
        shape.setup.root = Some(identity.certificate.clone());
    }
    for ask in &mut shape.asks {
        // Only those that need such an address get one: there are not many.
        if ask.url.contains("{closed}") {
            ask.url = ask.url.replace("{closed}", &closed_port().await.to_string());
        }
    }
    let mut server = Server::start(&shape, identity).await;
    for (n, reading) in readings(pair, &shape).into_iter().enumerate() {
        let title = format!("{}, {}, {reading:?}:", pair.name, shape.name);
        let mut differing = None;
        for n_tries in 0..MAX_TRIES {
            let bare = run(pair.bare.as_ref(), &shape, &mut server, reading).await;
            if n == 0 && n_tries == 0 {
                let outcomes: Vec<_> = bare.observed.iter().map(Observed::outcome).collect();
                found.outcomes.push(format!("{}: {}", shape.name, outcomes.join("; ")));
            }
            let before = pair.wrapped.recorded().unwrap_or(0);
            let mut wrapped = run(pair.wrapped.as_ref(), &shape, &mut server, reading).await;
            let n_recorded = pair.wrapped.recorded().map(|after| after - before);
            let n_asked = shape.asks.len() as u64;
            if n_recorded.is_some_and(|n| n != n_asked) {
                let counts = format!("{title} {n_asked} calls left {n_recorded:?} records");
                found.differences.push(counts);
            }
            if bare != wrapped {
                wrapped.observed.iter_mut().for_each(Observed::forget_links);
            }
            differing = (bare != wrapped).then(|| difference(&bare, &wrapped));
            if differing.is_none() {
                break;
            }
        }
        found.differences.extend(differing.map(|text| format!("{title}{text}")));
    }
}

/// The ways of reading that show something for this shape.
fn readings(pair: &Pair, shape: &Shape) -> Vec<Reading> {
    let upgrades = shape.needs.contains(&Need::Upgrade);
    let all = pair.bare.readings().iter().copied();
    let fitting: Vec<_> = all.filter(|reading| upgrades || *reading != Reading::Upgrade).collect();
    let Some(enough) = shape.enough else { return fitting };
    let chosen: Vec<_> =
        fitting.iter().copied().filter(|reading| enough.contains(reading)).collect();
    if chosen.is_empty() { fitting[..1].to_vec() } else { chosen }
}

async fn run(caller: &dyn Caller, shape: &Shape, server: &mut Server, reading: Reading) -> Run {
    let mut session = caller.open(&shape.setup);
    let mut observed = Vec::new();
    for ask in &shape.asks {
        let asked = at(ask, server.address);
        let answer = tokio::time::timeout(PATIENCE, session.ask(&asked, reading)).await;
        let mut one = answer.unwrap_or_else(|_| panic!("{}, {reading:?}: no end", shape.name));
        if !shape.has_exact_frames {
            one.forget_frames();
            if reading == Reading::FirstPiece {
                one.forget_data();
            }
        }
        observed.push(one);
    }
    drop(session);
    let mut heard = server.settle(&shape.name).await;
    if !caller.is_prompt() && matches!(reading, Reading::Head | Reading::FirstPiece) {
        heard = vec![heard.concat()];
    }
    let breaks = |ask: &Ask| matches!(ask.payload, Payload::BrokenStream(_));
    if !caller.is_prompt() && shape.asks.iter().any(breaks) {
        heard.clear();
    }
    Run { observed, heard }
}

/// The ask with the server's address filled in.
fn at(ask: &Ask, server: SocketAddr) -> Ask {
    let url = ask.url.replace("{server}", &server.to_string());
    Ask { url: url.replace("{port}", &server.port().to_string()), ..ask.clone() }
}
