//! End-to-end tests.

// `differential/` (contracts against model, call by call) is not compiled yet: on seed 1 the two agree for some 6,000 calls,
// then differ in totalQueuedWithdrawalsPerValidator after a close. It comes in when 10,000 calls agree.

pub mod stateful;
pub mod world;
