//! Over loopback, against the real server.

mod openapi;
