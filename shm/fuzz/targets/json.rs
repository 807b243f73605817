#![no_main]

#[path = "../../../status/tests/tables/any_snapshot.rs"]
mod any_snapshot;
#[path = "../../../status/tests/tables/check.rs"]
mod check;
#[path = "../../../status/tests/tables/json.rs"]
mod json;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let snapshot = any_snapshot::snapshot_from(bytes);
    json::check(&snapshot);
    check::tables(&snapshot);
});
