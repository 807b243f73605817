#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vx_shm_fuzz::slot(bytes));
