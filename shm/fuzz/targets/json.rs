#![no_main]

#[path = "../../../status/tests/tables/check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    vx_shm_fuzz::json(bytes);
    check::tables(&vx_shm_fuzz::any_snapshot::snapshot_from(bytes));
});
