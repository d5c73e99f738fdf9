//! The basket: examples worked by hand, the promises over random histories, and a second, independent model to compare with.

mod history;
mod port;
mod rules;
mod staking;
mod tools;
mod world;
