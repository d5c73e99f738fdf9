//! The contracts against the model: the bytes are the choices of one history.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(divergence) = omnibus_e2e::differential::follow(bytes) {
        panic!("{divergence}");
    }
});
