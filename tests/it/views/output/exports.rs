//! Exports of a run: a trace and a page of timings.

use std::time::{Duration, Instant};

use super::*;

/// A project of four tools that take seconds, one of which cannot be fetched.
fn four() -> Sandbox {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2.3.4\"\nbuf = \"1.5.0\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 600_000, 600_000);
    sandbox.publish_slowly("esbuild", "0.27.0", 300_000, 600_000);
    sandbox.publish_slowly("lefthook", "2.0.1", 450_000, 600_000);
    let broken = sandbox.publish("buf", "1.5.0", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    sandbox
}

fn events(text: &str) -> Vec<Value> {
    json(text)["traceEvents"].as_array().expect("events").clone()
}

/// The names of the slices on a tool's track, in order.
fn phases(events: &[Value], tool: &str) -> Vec<String> {
    let named = |event: &&Value| event["name"] == "thread_name" && event["args"]["name"] == tool;
    let track = &events.iter().find(named).unwrap_or_else(|| panic!("no track of {tool}"))["tid"];
    let slices = events.iter().filter(|event| event["ph"] == "X" && event["tid"] == *track);
    slices.map(|slice| crate::support::sandbox::text(&slice["name"]).to_owned()).collect()
}

#[test]
fn a_run_leaves_a_trace_and_a_page_of_its_timings() {
    let sandbox = four();
    sandbox.vx("sync --jobs 2 --trace run.json --timings run.html").exits_with(1);
    let events = events(&sandbox.read("run.json"));
    let biome = phases(&events, "biome 2.3.4");
    assert!(biome.contains(&"downloading".into()) && biome.last() == Some(&"linking".into()), "{biome:?}");
    let counts: Vec<u64> = events
        .iter()
        .filter(|event| event["name"] == "biome bytes")
        .map(|event| event["args"]["bytes"].as_u64().expect("a number"))
        .collect();
    assert!(counts.len() > 8 && counts.is_sorted() && counts.last() > Some(&590_000), "{counts:?}");
    let ended = events.iter().find(|event| event["ph"] == "i" && event["name"] == "failed").expect("a failure");
    assert!(crate::support::sandbox::text(&ended["args"]["error"]).contains("404"));

    let page = sandbox.read("run.html");
    for wanted in
        ["biome", "lefthook", "Critical path", "What went wrong", "404", "3 of 4", "prefers-color-scheme: dark"]
    {
        assert!(page.contains(wanted), "no `{wanted}` in the page");
    }
    assert!(!page.contains("earlier runs"), "there is none");
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));

    // The files have the usual permissions of the project's: a web server or another person may have to read them.
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        sandbox.project().join(name).metadata().expect("a file").permissions().mode() & 0o777
    };
    sandbox.vx("board export --timings again.html").succeeds();
    std::fs::write(sandbox.project().join("any"), "").expect("a file");
    assert_eq!([mode("run.json"), mode("run.html"), mode("again.html")], [mode("any"); 3]);
}

#[test]
fn the_same_is_made_afterwards_of_a_recording_and_beside_earlier_runs() {
    let sandbox = four();
    sandbox.vx("sync").exits_with(1);
    sandbox.vx("sync --force --record run.vxr").exits_with(1);
    sandbox.vx("board export --timings live.html").succeeds().says("wrote `live.html`");
    std::fs::remove_dir_all(sandbox.runtime()).expect("boards");
    sandbox.vx("board export run.vxr --trace run.json --timings run.html").succeeds();
    assert!(sandbox.read("live.html").contains("Compared with earlier runs"), "the first run is known");
    assert!(!sandbox.read("run.html").contains("Compared with earlier runs"), "and now no more");
    assert!(!phases(&events(&sandbox.read("run.json")), "biome 2.3.4").is_empty());
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_anything_is_begun() {
    let sandbox = four();
    for option in ["trace", "timings"] {
        sandbox.vx(&format!("sync --{option} nowhere/run")).fails_with("cannot write `nowhere/run`");
    }
    assert_eq!(sandbox.installed(), Vec::<String>::new());
    assert!(!sandbox.project().join("vx.lock").exists());
    sandbox.vx("board export").exits_with(2);
}

#[test]
fn a_trace_of_a_run_that_goes_on_ends_now() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    let offer = sandbox.publish("biome", "2.3.4", 4_000_000);
    // After these bytes nothing changes any more that could be recorded.
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive).silent_after(2_000_000));
    let begun = Instant::now();
    let run = sandbox.start("sync --headless");
    sandbox.await_slot("biome", "hangs", |slot| slot["done"].as_u64() > Some(0));
    let seen = Instant::now();
    std::thread::sleep(Duration::from_millis(700));
    let asked = Instant::now();
    sandbox.vx("board export --trace now.json").succeeds();
    let (least, most) = (asked - seen, begun.elapsed());
    let events = events(&sandbox.read("now.json"));
    assert_eq!(phases(&events, "biome 2.3.4").last().map(String::as_str), Some("downloading"));
    let open = |event: &&Value| event["ph"] == "X" && event["name"] == "downloading";
    let open = events.iter().rfind(open).expect("a slice that is open");
    let end = Duration::from_secs_f64((open["ts"].as_f64().unwrap() + open["dur"].as_f64().unwrap()) / 1e6);
    assert!((least..=most).contains(&end), "{least:?}..{most:?}: {open}");
    assert!(!events.iter().any(|event| event["ph"] == "i"), "nothing has ended");
    run.signal(rustix::process::Signal::INT);
    run.finish().exits_with(130);
}

#[test]
fn a_run_is_not_compared_with_those_of_a_namesake() {
    let sandbox = Sandbox::new();
    for (tool, version) in [("biome", "2.3.4"), ("buf", "1.5.0"), ("esbuild", "0.27.0"), ("lefthook", "2.0.1")] {
        sandbox.registry().offer(tool, version);
    }
    let compared = |tools: &str| {
        sandbox.write("vx.toml", &format!("[tools]\n{tools}"));
        sandbox.vx("sync --force --timings run.html").succeeds();
        sandbox.read("run.html").contains("Compared with earlier runs")
    };
    // A board does not record the project's directory: a project of the same name with other tools is another one.
    assert!(!compared("biome = \"2.3.4\"\nbuf = \"1.5.0\"\n"));
    assert!(!compared("esbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n"));
    assert!(compared("biome = \"2.3.4\"\nbuf = \"1.5.0\"\n"));
}
