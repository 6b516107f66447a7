//! The simulated cluster, asked as a pure object and over HTTP on loopback.

mod faults;
mod http;
mod kit;
mod language;
mod lists;
mod ordeals;
mod scenarios;
mod shapes;
mod watches;
mod wire;
mod writes;
