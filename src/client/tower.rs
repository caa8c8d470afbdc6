//! The ways in for tower: layers of a handle, and of the process's default.
//! Never looks at a request itself; that is the layers' part.

use std::panic::Location;

use super::Egret;
use super::default::noted;
use crate::capture::tower::{ClientLayer, ServerLayer};

/// As the start-up message has them.
const CLIENT: &str = "tower client";
const SERVER: &str = "tower server";

impl Egret {
    /// The layer for tower clients: hyper-util's, tonic's channels, any other that takes
    /// `http::Request`s.
    #[track_caller]
    pub fn tower_client<M>(&self) -> ClientLayer<M> {
        ClientLayer::new(self.noted(CLIENT, Location::caller()))
    }

    /// The layer for servers: axum's routers, tonic's, any other tower service that answers
    /// `http::Request`s.
    #[track_caller]
    pub fn tower_server<M>(&self) -> ServerLayer<M> {
        ServerLayer::new(self.noted(SERVER, Location::caller()))
    }
}

/// [`Egret::tower_client`] of the default; also when the default is set only later.
#[track_caller]
pub fn tower_client<M>() -> ClientLayer<M> {
    ClientLayer::new(noted(CLIENT, Location::caller()))
}

/// [`Egret::tower_server`] of the default; also when the default is set only later.
#[track_caller]
pub fn tower_server<M>() -> ServerLayer<M> {
    ServerLayer::new(noted(SERVER, Location::caller()))
}
