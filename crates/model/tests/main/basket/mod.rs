//! The basket: examples worked by hand, the promises over random histories, and a second, independent model to
//! compare with.

mod edges;
mod guard;
mod harvests;
mod history;
mod port;
mod queue;
mod rules;
mod staking;
mod tools;
mod ways;
mod world;
