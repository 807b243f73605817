//! The estimate of a run's time, from the times of earlier runs.

use super::*;

/// Remove the releases and the downloads, but not the times they took.
fn forget_releases(sandbox: &Sandbox) {
    for folder in ["store", "cache/downloads"] {
        std::fs::remove_dir_all(sandbox.home().join(folder)).expect("a folder");
    }
}

#[test]
fn the_second_run_shows_its_estimate_and_the_basis_of_it() {
    let sandbox = slow(4);
    sandbox.vx("sync --plain").succeeds();
    forget_releases(&sandbox);
    sandbox.vx("sync --plain").succeeds().says("left, 1 run");
    forget_releases(&sandbox);
    // Delay the first byte, so that the whole is estimated before it arrives, on a machine of any speed.
    let offer = sandbox.publish("biome", "2.3.4", 1_600_000);
    let reply = Reply::ok(offer.archive).slow(400_000).late(std::time::Duration::from_secs(2));
    sandbox.registry().server().serve(&offer.path, reply);
    let events: Vec<Value> = sandbox.vx("sync --json").succeeds().stdout().lines().map(json).collect();
    let first = events.iter().find(|event| event["event"] == "progress").expect("the whole is told");
    assert_eq!((&first["runs"], &first["bytes_downloaded"]), (&2.into(), &0.into()), "before the first byte: {first}");
    let left_ms = first["left_ms"].as_u64().expect("an estimate");
    assert!((3_000..=7_000).contains(&left_ms), "about four seconds: {first}");
}

#[test]
fn a_first_run_of_two_at_once_has_its_total_from_the_start_and_a_time_left_after_a_tenth() {
    let tools = ["biome", "buf", "esbuild", "lefthook"];
    let wanted: String = tools.iter().map(|tool| format!("{tool} = \"1.0.0\"\n")).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{wanted}"));
    let offers = tools.map(|tool| sandbox.publish_slowly(tool, "1.0.0", 600_000, 300_000));
    let whole: usize = offers.iter().map(|offer| offer.archive.len()).sum();
    let events: Vec<Value> = sandbox.vx("sync --json --jobs 2").succeeds().stdout().lines().map(json).collect();
    let sums: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
    assert!(sums.iter().all(|sum| sum["total_bytes"].as_u64() == Some(whole as u64)), "{sums:?}");
    assert_eq!(sums[0]["bytes_downloaded"], 0, "before the first byte: {}", sums[0]);
    // The second reading of the total comes a second after the first, when two tools have a quarter of it. On a loaded
    // machine a tool may hang, and then there is no estimate.
    let a_tenth = |sum: &&&Value| sum["bytes_downloaded"].as_u64() >= Some(whole as u64 / 10);
    let usual = |sum: &&&Value| sum["hanging"].as_array().is_some_and(Vec::is_empty);
    let later: Vec<_> = sums.iter().filter(a_tenth).filter(usual).collect();
    assert!(later.iter().all(|sum| sum["left_ms"].as_u64().is_some() && sum["runs"] == 0), "{sums:?}");
    assert!(!later.is_empty(), "{sums:?}");
}

#[test]
fn a_resumed_download_counts_only_what_the_wire_brings() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    let offer = sandbox.publish("biome", "2.3.4", 3_000_000);
    let server = sandbox.registry().server();
    server.serve(&offer.path, Reply::ok(offer.archive.clone()).silent_after(2_800_000));
    let first = sandbox.start("sync --json");
    sandbox.await_slot("biome", "most is there", |slot| slot["done"].as_u64() >= Some(2_700_000));
    first.signal(rustix::process::Signal::INT);
    first.finish().exits_with(130);
    server.serve(&offer.path, Reply::ok(offer.archive.clone()).slow(60_000));
    let events: Vec<Value> = sandbox.vx("sync --json").succeeds().stdout().lines().map(json).collect();
    let sums: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
    let rates: Vec<u64> = sums.iter().filter_map(|sum| sum["bytes_per_second"].as_u64()).collect();
    // If cached bytes counted, the rate would be more than 500 kB/s in each of the first five seconds.
    assert!(!rates.is_empty() && rates.iter().all(|rate| *rate < 400_000), "{rates:?}");
    let received = sums.iter().filter_map(|sum| sum["bytes_downloaded"].as_u64()).max();
    assert!((1..400_000).contains(&received.unwrap_or_default()), "{sums:?}");
    let history = json(&std::fs::read_to_string(sandbox.home().join("cache/history.json")).unwrap_or("{}".to_owned()));
    assert!(history["tools"]["biome"].is_null(), "its last bytes say nothing of a whole download: {history}");
}

#[test]
fn a_damaged_history_is_no_failure_of_a_run() {
    let sandbox = Sandbox::new().config("[tools]\nbuf = \"1.5.0\"\n").offers("buf", "1.5.0");
    let path = sandbox.home().join("cache/history.json");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, b"{\"format\":1,\"tools\":[[[").expect("a file");
    sandbox.vx("sync --plain").succeeds().says("buf 1.5.0: installed");
    let kept = json(&std::fs::read_to_string(&path).expect("a file"));
    assert_eq!(kept["tools"]["buf"]["installs"][0]["version"], "1.5.0");
}

#[test]
fn emptied_caches_take_no_estimate_away() {
    let sandbox = Sandbox::new().config("[tools]\nbuf = \"1.5.0\"\n").offers("buf", "1.5.0");
    sandbox.vx("sync --plain").succeeds();
    let history = sandbox.home().join("cache/history.json");
    let before = std::fs::read(&history).expect("a history");
    sandbox.vx("cache clean").succeeds().says("emptied");
    assert!(!sandbox.home().join("cache/downloads").exists());
    assert_eq!(std::fs::read(&history).expect("a history"), before);
}

#[test]
fn the_size_of_everything_is_on_the_board_before_anything_is_begun() {
    let tools = ["biome", "buf", "esbuild"];
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"1.0.0\"\nbuf = \"1.0.0\"\nesbuild = \"1.0.0\"\n");
    let offers = tools.map(|tool| sandbox.publish_slowly(tool, "1.0.0", 1_200_000, 300_000));
    sandbox.vx("lock").succeeds();
    let whole: usize = offers.iter().map(|offer| offer.archive.len()).sum();
    let running = sandbox.start("sync --json --jobs 1");
    // Wait until the last tool waits for its turn and its size is known.
    let waits = |board: &Value| {
        let slots = board["slots"].as_array()?;
        let queued = slots.iter().any(|slot| slot["state"] == "reserved" && slot["total"].as_u64().is_some());
        (slots.len() == tools.len() && queued).then_some(())
    };
    eventually("sizes are there", || waits(&sandbox.board()?));
    let events: Vec<Value> = running.finish().succeeds().stdout().lines().map(json).collect();
    let of_whole: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
    assert_eq!(of_whole[0]["total_bytes"].as_u64(), Some(whole as u64), "{}", of_whole[0]);
    // A tenth has arrived long before the end, and from then on there is a time left even without an earlier run.
    let early = of_whole.iter().filter(|event| event["bytes_downloaded"].as_u64() < Some(whole as u64 / 10));
    assert!(early.clone().all(|event| event["left_ms"].is_null()), "{early:?}");
    assert!(of_whole.iter().any(|event| event["left_ms"].as_u64().is_some() && event["runs"] == 0), "{of_whole:?}");
}
