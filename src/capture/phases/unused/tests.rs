//! What is known of connections that no answer has come over. Never opens one.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Addresses, MAX_UNUSED, Past, Unused};

fn connection(n: usize) -> Addresses {
    let of = |n: usize| SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(n).unwrap()));
    (of(n), of(80))
}

#[test]
fn a_connection_is_new_to_one_answer() {
    let unused = Unused::default();
    assert_eq!(unused.take(connection(1)), None);
    unused.add(connection(1), Past::None);
    unused.add(connection(2), Past::None);
    unused.doubt(connection(2));
    let taken = [1, 2, 1, 2].map(|n| unused.take(connection(n)));
    assert_eq!(taken, [Some(Past::None), Some(Past::Unclear), None, None]);
}

#[test]
fn the_oldest_are_forgotten_first() {
    let unused = Unused::default();
    (1..=MAX_UNUSED).for_each(|n| unused.add(connection(n), Past::None));
    // The addresses of one that was closed are given to another one.
    unused.add(connection(1), Past::Unclear);
    unused.add(connection(MAX_UNUSED + 1), Past::None);
    let taken = [1, 2, 3].map(|n| unused.take(connection(n)));
    assert_eq!(taken, [Some(Past::Unclear), None, Some(Past::None)]);
}
