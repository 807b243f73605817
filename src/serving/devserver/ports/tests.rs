use std::collections::BTreeSet;
use std::thread;

use super::*;

fn allocator(place: &Path) -> PortAllocator {
    PortAllocator::new(place)
}

#[test]
fn a_hundred_threads_get_a_hundred_ports_as_far_as_they_are_free_and_the_next_one_an_error() {
    let place = tempfile::tempdir().expect("a directory");
    let ports = allocator(place.path());
    let ids: Vec<String> = (0..100).map(|number| format!("plugin {number}")).collect();
    let given: Vec<Result<u16, PortError>> = thread::scope(|scope| {
        let threads: Vec<_> = ids.iter().map(|id| scope.spawn(|| ports.allocate(id))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    let numbers: BTreeSet<u16> = given.iter().flatten().copied().collect();
    assert_eq!(numbers.len(), given.iter().flatten().count(), "no port is given twice");
    assert!(numbers.iter().all(|port| (PORT_RANGE_START..PORT_RANGE_END).contains(port)));
    // Another program on this machine may listen in the range.
    assert!(numbers.len() > 50, "{numbers:?}");
    let more = (0..200).find_map(|number| ports.allocate(&format!("more {number}")).err());
    assert_eq!(more.expect("all are taken").to_string(), "all 100 ports from 15173 to 15272 are taken");
    let (id, port) = ids.iter().zip(&given).find_map(|(id, port)| Some((id, *port.as_ref().ok()?))).expect("one");
    assert_eq!(ports.allocate(id).expect("it has one"), port, "the same plugin gets the same port");
    // Another program of the same user gets none of them.
    assert!(allocator(place.path()).allocate("other").ok().is_none_or(|port| !numbers.contains(&port)));
    assert_eq!(ports.release_by_plugin(id), port);
    assert_eq!((ports.release_by_plugin(id), ports.get_port(id)), (0, 0));
    ports.release(port);
}

#[test]
fn a_record_is_removed_with_its_last_port_and_one_that_is_corrupt_is_an_empty_one() {
    let place = tempfile::tempdir().expect("a directory");
    let ports = allocator(place.path());
    let record = place.path().join("devservers").join(format!("{}.json", std::process::id()));
    ports.save_pids().expect("nothing to write");
    assert!(!record.exists());
    ports.record_pid(15173, std::process::id());
    ports.save_pids().expect("it is written");
    // The owner is at work, so its record stays, and its processes.
    allocator(place.path()).cleanup_stale_processes();
    assert!(record.exists());
    ports.release(15173);
    ports.save_pids().expect("it is removed");
    assert!(!record.exists());
    fs::write(&record, "{").expect("a file");
    allocator(place.path()).cleanup_stale_processes();
    assert!(!record.exists());
}

#[test]
fn a_number_that_is_another_process_by_now_is_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let folder = place.path().join("devservers");
    fs::create_dir(&folder).expect("a directory");
    let mut own = serde_json::json!(RecordedProcess::from_pid(std::process::id()).expect("it is there"));
    own["start"] = 1.into();
    let record = serde_json::json!({ "owner": null, "ports": { "15173": own } });
    fs::write(folder.join("1.json"), record.to_string()).expect("a file");
    // This very process would be ended.
    allocator(place.path()).cleanup_stale_processes();
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 0);
}
