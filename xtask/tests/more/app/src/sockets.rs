//! Raw sockets.
use std::net::{TcpStream, ToSocketAddrs};
pub fn f(addr: std::net::SocketAddr) {
    let _ = TcpStream::connect("x"); //~ FLAG std
    let _ = std::net::TcpStream::connect_timeout(&addr, std::time::Duration::ZERO); //~ FLAG std
    let _ = std::net::UdpSocket::bind("x");
    let _ = ["a"].map(TcpStream::connect); //~ FLAG std
}
