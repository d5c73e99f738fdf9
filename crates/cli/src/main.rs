//! Omnibus command line.
fn main() {}
