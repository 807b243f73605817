//! The start of services: what is declared, their order, and when a call returns.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{Services, free_port};
use crate::support::sandbox::{Sandbox, eventually, text};

/// A database that is up after a while, a migration that needs it, and a server that needs both.
fn three(port: u16) -> String {
    format!(
        r#"
[services.web]
command = "python3 -u -m http.server {{port}} --bind 127.0.0.1"
port = {port}
ready = {{ http = "/vx.toml", status = 200 }}
needs = {{ db = "ready", migrate = "done" }}

[services.db]
command = "echo begins >> order; sleep 0.2; echo up >> order; echo db is up; exec sleep 600"
shell = true
ready = {{ log = "db is (up|there)" }}

[services.migrate]
command = "echo migrates >> order"
shell = true
needs = ["db"]
restart = "never"
"#
    )
}

#[test]
fn services_start_in_the_order_of_their_needs_and_each_can_be_used_once_the_call_returns() {
    let port = free_port();
    let services = Services::of(&three(port));
    let up = services.0.vx("up --detach --json").succeeds().stdout();
    let up: Vec<Value> = serde_json::from_str(&up).expect("JSON");
    let web = up.iter().find(|service| service["name"] == "web").expect("it is listed");
    assert_eq!((text(&web["url"]), &web["port"]), (format!("http://localhost:{port}").as_str(), &port.into()));
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("it answers");
    server.write_all(b"GET /vx.toml HTTP/1.0\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    server.read_to_string(&mut answer).expect("it answers");
    assert!(answer.contains("[services.web]"), "{answer}");
    assert_eq!(services.0.read("order"), "begins\nup\nmigrates\n");
    let short = services.0.vx("ps --json").succeeds().stdout();
    let up =
        |name: &str| json!({ "name": name, "word": "ready", "state": "live", "standing": "running", "step": "ready" });
    let (mut first, mut last) = (up("web"), up("migrate"));
    first["port"] = port.into();
    (last["word"], last["state"], last["standing"], last["step"]) =
        ("ended".into(), "done".into(), "done".into(), "starting".into());
    let listed: Value = serde_json::from_str(&short).expect("JSON");
    assert_eq!(listed, json!([first, up("db"), last]));
    assert_eq!(web["pid"].as_u64(), Some(services.running("http.server")[0].pid.into()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_procfile_is_taken_where_no_services_are_declared() {
    let services = Services::of("");
    services.0.write(".env", "GREETING=hello\n");
    let web = "web: echo $GREETING > said; exec python3 -u -m http.server $PORT --bind 127.0.0.1\n";
    services.0.write("Procfile", &format!("# what runs\n{web}worker: exec sleep 600\nno colon\n"));
    let refused = services.0.vx("up --detach").refuses_with("there is no name").stderr();
    assert!(refused.contains("Procfile:4:1: error: there is no name"), "{refused}");
    services.0.write("Procfile", &format!("# what runs\n{web}worker: exec sleep 600\n"));
    services.0.vx("up --detach").succeeds();
    let port = services.named("web")["port"].as_u64().expect("a port");
    eventually("it answers", || TcpStream::connect(("127.0.0.1", u16::try_from(port).ok()?)).ok());
    assert_eq!(services.0.read("said"), "hello\n");
    assert_eq!(services.state("worker"), "running");
    assert_eq!(services.named("worker")["port"], Value::Null);
    services.0.vx("down").succeeds();
    services.0.write("vx.toml", "[services.other]\ncommand = \"sleep 600\"\n");
    services.0.vx("up --detach").succeeds();
    assert_eq!(services.listed().len(), 1, "the project's own services come first");
    services.0.vx("down").succeeds();
}

#[test]
fn a_changed_procfile_needs_another_consent() {
    let services = Services(Sandbox::new().variable("VX_TRUST", "").config(""));
    services.0.write("Procfile", "worker: exec sleep 600\n");
    let refused = services.0.vx("up worker").refuses_with("need your consent");
    assert!(refused.stderr().contains("services.worker = exec sleep 600"), "{}", refused.stderr());
    services.0.vx("sync --trust").succeeds();
    services.0.vx("up worker").succeeds();
    services.0.write("Procfile", "worker: exec sleep 700\n");
    services.0.vx("up worker").refuses_with("need your consent");
    services.0.vx("down").succeeds();
}

#[test]
fn ten_calls_at_once_have_one_supervisor_and_one_server() {
    let port = free_port();
    let services = Services::of(&three(port));
    let calls: Vec<_> = (0..10).map(|_| services.0.start("up web")).collect();
    for call in calls {
        let said = call.finish().succeeds().stdout();
        assert!(said.contains(&format!("http://localhost:{port}")), "{said}");
    }
    assert_eq!(services.groups("http.server").len(), 1);
    assert_eq!(services.supervisors().len(), 1);
    assert_eq!(services.0.read("order"), "begins\nup\nmigrates\n");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_that_ends_before_it_is_ready_fails_the_call_with_its_last_lines_and_what_needs_it_does_not_start() {
    let services = Services::of(
        r#"
[services.broken]
command = "echo the port is taken; exit 3"
shell = true
restart = "never"
ready = { log = "never printed" }

[services.web]
command = "sleep 600"
needs = ["broken"]
"#,
    );
    let failed = services.0.vx("up web").fails_with("needs `broken`, which has failed");
    assert!(!failed.stderr().contains("sleep"), "{}", failed.stderr());
    services.0.vx("up broken").fails_with("it failed: exit code 3").says("the port is taken");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_that_ends_with_its_input_goes_on_and_a_build_that_reads_it_ends() {
    let services = Services::of(
        r#"
[services.reads]
build = "cat > {target}/input"
command = "cat {target}/input -; echo input ended; exit 1"
shell = true
"#,
    );
    services.0.vx("up reads").succeeds();
    assert_eq!((services.state("reads"), services.named("reads")["restarts"].as_u64()), ("running".into(), Some(0)));
    assert_eq!(services.0.vx("logs").stdout(), "");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn a_call_names_the_service_that_failed_and_not_one_that_is_not_ready_yet() {
    let services = Services::of(
        r#"
[services.early]
command = "echo nothing; exec sleep 600"
shell = true
ready = { file = "never-made" }
[services.fails]
command = "echo no database; exit 3"
shell = true
restart = "never"
"#,
    );
    let ended = services.0.vx("up --detach").fails_with("`fails` has failed").says("no database");
    assert!(!ended.stderr().contains("`early`"), "{ended:?}");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn a_program_that_is_not_there_and_a_service_that_is_never_ready_say_so() {
    let services = Services::of(
        r#"
[services.absent]
command = "no-such-program-anywhere"

[services.late]
command = "sleep 600"
ready = { file = "never-made", timeout = "200ms" }
restart = "never"
"#,
    );
    services.0.vx("up absent").fails_with("`no-such-program-anywhere` cannot be started");
    services.0.vx("up late").fails_with("it was not ready in time: there is no").says("never-made");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_port_that_another_program_holds_is_named_with_it() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = holder.local_addr().expect("its address").port();
    let services =
        Services::of(&format!("[services.web]\ncommand = \"sleep 600\"\nport = {port}\nready = {{ tcp = true }}\n"));
    let failed = services.0.vx("up web").fails_with(&format!("port {port} is held by"));
    assert!(failed.stderr().contains(&format!("pid {}", std::process::id())), "{}", failed.stderr());
    services.0.vx("down").succeeds();
}

#[test]
fn the_example_declares_its_services_without_a_fault() {
    let sandbox = Sandbox::new().config(include_str!("../../../../examples/shop/vx.toml"));
    let checked = sandbox.vx("config --check").succeeds();
    assert!(!checked.stderr().contains("error") && !checked.stderr().contains("warning"), "{}", checked.stderr());
}

#[test]
fn all_faults_of_the_table_are_shown_at_once_and_only_commands_about_services_fail_by_them() {
    let config = "[services.a]\ncommand = \"x\"\nneeds = [\"b\", \"c\"]\nprot = 1\n\n[services.b]\ncommand = \"x\"\nneeds = [\"a\"]\nport = 70000\nexternal = \"../x\"\nerrors = \"go\"\nreload = \"x {target}\"\n";
    let sandbox = Sandbox::new().config(config);
    let failed = sandbox.vx("up").exits_with(2).stderr();
    for fault in [
        "vx.toml:3:15: error: `a` needs `c`, which is not declared",
        "vx.toml:4:1: error: [services.a] has no key `prot`",
        "did you mean `port`?",
        "error: services need each other in a circle: a -> b -> a",
        "vx.toml:9:8: error: `port` of [services.b] is 70000",
        "vx.toml:10:12: error: `external` of [services.b] is `../x`",
        "vx.toml:11:1: error: `errors` of [services.b] describes a build, and [services.b] has none",
        "vx.toml:12:10: error: `reload` of [services.b] uses `{target}`, and [services.b] has no build",
    ] {
        assert!(failed.contains(fault), "{fault}\n{failed}");
    }
    assert_eq!(sandbox.vx("config --check").exits_with(2).stderr().matches(": error: ").count(), 7);
    let other = sandbox.vx("config").succeeds().stderr();
    assert_eq!(other.matches(": warning: ").count(), 7, "{other}");
}

#[test]
fn services_run_only_with_consent_for_what_they_run() {
    let sandbox = Sandbox::new().variable("VX_TRUST", "").config("[services.a]\ncommand = \"touch ran\"\n");
    let services = Services(sandbox);
    let refused = services.0.vx("up a").refuses_with("need your consent");
    assert!(refused.stderr().contains("services.a.command = touch ran"), "{}", refused.stderr());
    services.0.vx("sync --trust").succeeds();
    services.0.vx("up a").succeeds();
    assert!(services.0.project().join("ran").exists());
    services.0.write("vx.toml", "[services.a]\ncommand = \"touch other\"\n");
    services.0.vx("up a").refuses_with("need your consent");
    services.0.vx("down").succeeds();
}

#[test]
fn variables_that_steer_programs_reach_no_service_unless_the_users_own_file_names_them() {
    let config = "[services.web]\ncommand = \"sleep 731\"\nenv_file = \"s.env\"\n[services.web.env]\n\
                  NODE_OPTIONS = \"-r x\"\nOWN = \"1\"\n";
    let services = Services(Sandbox::new().variable("VX_TRUST", "").config(config));
    services.0.write("s.env", "BASH_ENV=/x\nLD_PRELOAD=\nFILE=2\n");
    services.0.write(".env", "PYTHONSTARTUP=/x\nCOMMON=3\n");
    let has = || {
        let of_web = services.running("sleep 731").into_iter().find(|process| process.command == "sleep 731");
        let environment = of_web.expect("it is at work").environment;
        let names = ["NODE_OPTIONS", "OWN", "BASH_ENV", "LD_PRELOAD", "FILE", "PYTHONSTARTUP", "COMMON"];
        let is_set = |name: &&str| environment.iter().any(|line| line.starts_with(&format!("{name}=")));
        names.into_iter().filter(is_set).collect::<Vec<_>>()
    };
    services.0.vx("trust --yes").succeeds().says("services.web.env.OWN = 1").keeps_silent_about("-r x");
    let up = services.0.vx("up --detach web").succeeds();
    let up = up.says("never taken from a project: NODE_OPTIONS");
    up.says("s.env` never taken from a project: BASH_ENV, LD_PRELOAD").says(".env` never taken from a project: PYTHON");
    assert_eq!(has(), ["OWN", "FILE", "COMMON"]);
    services.0.vx("down").succeeds();
    let own = "[trust]\nvariables = [\"NODE_OPTIONS\", \"BASH_ENV\"]\n";
    std::fs::write(services.0.home().join("vx.toml"), own).expect("a file");
    services.0.vx("up web").refuses_with("need your consent").says("services.web.env.NODE_OPTIONS = -r x");
    services.0.vx("trust --yes").succeeds();
    services.0.vx("up --detach web").succeeds();
    assert_eq!(has(), ["NODE_OPTIONS", "OWN", "BASH_ENV", "FILE", "COMMON"]);
    services.0.vx("down").succeeds();
}

#[test]
fn a_port_that_vx_chooses_stays_the_same_and_is_known_to_others_before_its_service_starts() {
    let services = Services::of(
        r#"
[services.front]
command = "echo back is at {services.back.port}; touch front; exec sleep 600"
shell = true
port = "20100-20199"
ready = false

[services.back]
command = "python3 -u -m http.server {port} --bind 127.0.0.1"
port = "auto"
ready = { tcp = true, command = "sh -c 'test -e front && test {port} -gt 15172'" }
needs = { front = "started" }
env = { OTHER = "{services.front.port}" }
"#,
    );
    services.0.vx("up --detach").succeeds();
    let port = services.named("back")["port"].as_u64().expect("a port");
    assert!((15173..15273).contains(&port), "{port}");
    assert_eq!(services.0.vx("logs front").stdout(), format!("front | back is at {port}\n"));
    let front = services.named("front")["port"].as_u64().expect("a port");
    assert!((20100..20200).contains(&front), "{front}");
    let environment = services.running("http.server")[0].environment.clone();
    for variable in [format!("PORT={port}"), format!("OTHER={front}")] {
        assert!(environment.contains(&variable), "{variable} {environment:?}");
    }
    services.0.vx("restart back").succeeds();
    assert_eq!(services.named("back")["port"], port);
    services.0.vx("down").succeeds();
    services.0.vx("up back").succeeds();
    assert_eq!(services.named("back")["port"], port);
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_directory_outside_of_the_project_is_refused_however_it_is_named() {
    let services = Services::of("");
    let outside = services.0.root().join("outside");
    std::fs::create_dir(&outside).expect("a directory");
    let declare = |directory: &str| {
        services.0.write("vx.toml", &format!("[services.web]\ncommand = \"sleep 631\"\ndirectory = \"{directory}\"\n"));
    };
    for directory in ["../outside", "a/../../outside", &outside.display().to_string()] {
        declare(directory);
        services.0.vx("up web").refuses_with("write a path below the project's directory");
    }
    std::os::unix::fs::symlink(&outside, services.0.project().join("link")).expect("a link");
    declare("link");
    services.0.vx("up web").refuses_with("a link out of the project");
    // A directory that is replaced by such a link while the service runs is refused at its next start.
    std::fs::create_dir(services.0.project().join("inside")).expect("a directory");
    std::fs::remove_file(services.0.project().join("link")).expect("a link");
    std::os::unix::fs::symlink("inside", services.0.project().join("link")).expect("a link");
    services.0.vx("up web").succeeds();
    std::fs::remove_file(services.0.project().join("link")).expect("a link");
    std::os::unix::fs::symlink(&outside, services.0.project().join("link")).expect("a link");
    services.0.vx("restart web").refuses_with("a link out of the project");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}
