//! A project's file that changes while its services run, and shells with other variables.

use rustix::process::Signal;
use serde_json::json;
use vx_project::services::DeclaredService;
use vx_services::declared::spec::Spec;

use super::{Services, free_port, manager::connected};
use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Finished, PATIENCE, eventually};

/// Declare services that print a line when they are ready.
fn services_of(env: &[(&str, &str)]) -> String {
    let table = |(name, value): &(&str, &str)| {
        format!(
            "[services.{name}]\ncommand = \"echo up; exec sleep 600\"\nshell = true\nready = {{ log = \"up\" }}\nenv = {{ A = \"{value}\" }}\n"
        )
    };
    env.iter().map(table).collect()
}

impl Services {
    fn declare(&self, text: &str) {
        self.0.write("vx.toml", text);
    }

    /// The value of a variable of the process of this service.
    fn variable(&self, service: &str, name: &str) -> Option<String> {
        let pid = self.pid(service);
        let process =
            self.0.processes().into_iter().find(|process| u64::from(process.pid) == pid).expect("it is there");
        process.environment.iter().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned))
    }

    /// Run `vx` from a shell in which this variable has this value.
    fn vx_with(&self, name: &str, value: &str, words: &str) -> Finished {
        let mut command = self.0.command(words);
        command.env(name, value);
        self.0.run(&format!("{name}={value} vx {words}"), command).finish()
    }

    fn ends_clean(self) {
        self.0.vx("down").succeeds();
        assert_eq!(self.0.processes(), []);
    }
}

#[test]
fn a_restart_takes_the_file_as_it_is_now_each_time() {
    let services = Services::of(&services_of(&[("web", "0")]));
    services.0.vx("up web").succeeds();
    for number in 1..=20 {
        let value = number.to_string();
        services.declare(&services_of(&[("web", &value)]));
        services.0.vx("restart web").succeeds();
        assert_eq!(services.variable("web", "A"), Some(value));
    }
    let pid = services.pid("web");
    services.declare("garbage [");
    services.0.vx("restart web").refuses_with("vx.toml:1:");
    services.declare(&services_of(&[("other", "1")]));
    services.0.vx("restart web").fails_with("does not declare the service `web` any more").says("`vx stop web`");
    services.declare(&services_of(&[("web", "20")]));
    assert_eq!(services.pid("web"), pid, "what was refused changes nothing");
    services.0.vx("stop web").succeeds();
    services.declare(&services_of(&[("web", "21")]));
    services.0.vx("start web").succeeds();
    assert_eq!(services.variable("web", "A").as_deref(), Some("21"));
    services.ends_clean();
}

#[test]
fn up_restarts_what_is_declared_otherwise_stops_what_is_declared_no_more_and_leaves_the_rest() {
    let services = Services::of(&services_of(&[("web", "1"), ("db", "1"), ("old", "1")]));
    services.0.vx("up --detach").succeeds();
    let (web, db) = (services.pid("web"), services.pid("db"));
    services.0.vx("up --detach").succeeds().keeps_silent_about("restarts");
    services.declare(&services_of(&[("web", "2"), ("db", "1"), ("new", "1")]));
    let named = services.0.vx("up --detach --no-restart").succeeds();
    named.says("`web` still runs as it was declared before").says("`vx stop old` stops it").keeps_silent_about("`db`");
    assert_eq!((services.pid("web"), services.pid("db"), services.state("old")), (web, db, "ready".into()));
    let said = services.0.vx("up --detach").succeeds().says("`web` restarts").says("`old` stops");
    said.keeps_silent_about("`db`").keeps_silent_about("`new`");
    assert_ne!(services.pid("web"), web, "it is back once the call returns");
    assert_eq!(services.variable("web", "A").as_deref(), Some("2"));
    assert_eq!(services.pid("db"), db);
    eventually("it is stopped", || (services.state("old") == "stopped").then_some(()));
    assert_eq!(services.state("new"), "ready");
    services.ends_clean();
}

#[test]
fn up_of_one_service_restarts_it_and_its_needs_and_names_the_others() {
    let needing = |env: &[(&str, &str)]| format!("{}needs = [\"db\"]\n", services_of(env));
    let services = Services::of(&needing(&[("mail", "1"), ("db", "1"), ("web", "1")]));
    services.0.vx("up --detach").succeeds();
    let (web, mail) = (services.pid("web"), services.pid("mail"));
    services.declare(&needing(&[("mail", "2"), ("db", "2"), ("web", "1")]));
    services.0.vx("up web").succeeds().says("`db` restarts").says("`mail` still runs as it was declared before");
    assert_eq!(services.variable("db", "A").as_deref(), Some("2"));
    assert_eq!((services.pid("web"), services.pid("mail")), (web, mail));
    services.ends_clean();
}

#[test]
fn what_has_to_be_ready_needs_or_is_optional_changes_without_a_restart_and_a_file_of_variables_with_one() {
    let services = Services::of(&format!("{}env_file = \"web.env\"\n", services_of(&[("db", "1"), ("web", "1")])));
    services.0.write("web.env", "B=1\n");
    services.0.vx("up --detach").succeeds();
    let web = services.pid("web");
    let with = |more: &str| format!("{}env_file = \"web.env\"\n{more}\n", services_of(&[("db", "1"), ("web", "1")]));
    services.declare(&with("needs = [\"db\"]\nwatch = [\"*.conf\"]"));
    services.0.vx("up --detach").succeeds().keeps_silent_about("restarts");
    assert_eq!(services.pid("web"), web);
    services.0.write("a.conf", "");
    eventually("its files are watched from then on", || {
        services
            .listed()
            .iter()
            .any(|service| service["name"] == "web" && service["pid"] != web && service["ready"] == true)
            .then_some(())
    });
    services.0.write("web.env", "B=2\n");
    services.0.vx("up web").succeeds().says("`web` restarts");
    assert_eq!(services.variable("web", "B").as_deref(), Some("2"));
    services.ends_clean();
}

#[test]
fn a_fixed_port_passes_to_the_service_of_another_name_and_two_ports_change_places() {
    let server = |name: &str, port: u16| {
        format!("[services.{name}]\ncommand = \"python3 -u -m http.server {{port}} --bind 127.0.0.1\"\nport = {port}\n")
    };
    let (one, two) = (free_port(), free_port());
    let services = Services::of(&(server("web", one) + &server("api", two)));
    services.0.vx("up --detach").succeeds();
    services.declare(&(server("site", one) + &server("api", two)));
    services.0.vx("up --detach").succeeds().says("`web` stops");
    assert_eq!(services.named("site")["port"], one);
    let reads = "[services.reads]\ncommand = \"echo {services.api.port}; exec sleep 600\"\nshell = true\nready = { log = \"..\" }\n";
    services.declare(&(server("site", two) + &server("api", one) + reads));
    services.0.vx("up --detach").succeeds().says("`site` restarts").says("`api` restarts");
    assert_eq!((&services.named("site")["port"], &services.named("api")["port"]), (&two.into(), &one.into()));
    // A service that names another's port has to get the new port.
    services.declare(&(server("site", one) + &server("api", two) + reads));
    services.0.vx("up --detach").succeeds().says("`reads` restarts");
    services.0.vx("logs reads -n 1").prints(&format!("reads | {two}"));
    services.ends_clean();
}

#[test]
fn a_port_that_a_service_keeps_for_now_is_refused_to_the_service_that_is_to_have_it_and_named_as_it_is() {
    let server = |name: &str, port: u16| {
        format!("[services.{name}]\ncommand = \"python3 -u -m http.server {{port}} --bind 127.0.0.1\"\nport = {port}\n")
    };
    let (one, two) = (free_port(), free_port());
    let services = Services::of(&server("web", one));
    services.0.vx("up --detach").succeeds();
    let reads = "[services.reads]\ncommand = \"echo {services.web.port}; exec sleep 600\"\nshell = true\nready = { log = \"..\" }\n";
    services.declare(&(server("web", two) + &server("api", one) + reads));
    let web = services.pid("web");
    services.0.vx("start web").succeeds().says("`web` still runs as it was declared before").says("`vx restart web`");
    assert_eq!(services.pid("web"), web);
    services
        .0
        .vx("up api")
        .fails_with(&format!("port {one} is still held by the service `web`"))
        .says("`vx restart web`");
    services.0.vx("up reads").succeeds();
    services.0.vx("logs reads -n 1").prints(&format!("reads | {one}"));
    services.0.vx("restart web").succeeds();
    services.0.vx("up api").succeeds();
    assert_eq!((&services.named("web")["port"], &services.named("api")["port"]), (&two.into(), &one.into()));
    services.0.vx("restart reads").succeeds();
    services.0.vx("logs reads -n 1").prints(&format!("reads | {two}"));
    services.ends_clean();
}

#[test]
fn a_service_has_the_variables_of_the_client_that_starts_it_also_if_another_has_read_the_file_later() {
    let services = Services::of(&services_of(&[("web", "1"), ("db", "1")]));
    services.vx_with("FOO", "newer", "up db").succeeds();
    let mut older = connected(&services);
    let variables: Vec<_> = services.0.environment().into_iter().chain([("FOO".into(), "older".into())]).collect();
    older.call("up/environment", &json!({ "variables": variables }), PATIENCE).expect("they are taken");
    let spec = Spec { project: services.0.project(), ..Spec::for_service(DeclaredService::named("web")) };
    older.call("up/declare", &json!(spec), PATIENCE).expect("it is taken");
    older.call("up/want", &json!({ "names": ["web"], "lease": false, "read_at": 1 }), PATIENCE).expect("it starts");
    eventually("it runs", || (services.state("web") == "ready").then_some(()));
    assert_eq!(services.variable("web", "FOO").as_deref(), Some("older"));
    assert_eq!(services.variable("web", "A").as_deref(), Some("1"), "the declaration is the newer one");
    services.ends_clean();
}

#[test]
fn a_service_has_the_variables_of_the_shell_that_started_it_and_another_shell_restarts_nothing() {
    let services = Services::of(&services_of(&[("db", "1"), ("web", "1")]));
    services.vx_with("FOO", "1", "up db").succeeds();
    services.vx_with("FOO", "2", "up web").succeeds();
    let foo = |name| services.variable(name, "FOO");
    assert_eq!((foo("db").as_deref(), foo("web").as_deref()), (Some("1"), Some("2")));
    let (db, web) = (services.pid("db"), services.pid("web"));
    services.vx_with("FOO", "4", "up --detach").succeeds().keeps_silent_about("restarts");
    assert_eq!((services.pid("db"), services.pid("web")), (db, web));
    services.vx_with("FOO", "3", "restart web").succeeds();
    assert_eq!((foo("db").as_deref(), foo("web").as_deref()), (Some("1"), Some("3")));
    services.0.vx("restart web").succeeds();
    assert_eq!(foo("web"), None);
    // More variables than fit in one request, and a long one.
    let long = "x".repeat(100_000);
    services.vx_with("FOO", &long, "restart web").succeeds();
    assert_eq!(foo("web"), Some(long));
    services.ends_clean();
}

#[test]
fn what_a_client_read_earlier_undoes_nothing() {
    let services = Services::of(&services_of(&[("web", "1"), ("db", "1")]));
    let mut early = OnTerminal::start(services.0.command("up --tui"));
    eventually("both are at work", || {
        let ready = services.listed().iter().filter(|service| service["word"] == "ready").count();
        (ready == 2).then_some(())
    });
    services.declare(&services_of(&[("web", "2"), ("db", "1")]));
    services.0.vx("up web").succeeds().says("`web` restarts");
    let (web, db) = (services.pid("web"), services.pid("db"));
    // A reading of the file that is older than both, and lacks one of the services, arrives late.
    let mut late = connected(&services);
    let spec = Spec { project: services.0.project(), ..Spec::for_service(DeclaredService::named("web")) };
    late.call("up/declare", &json!(spec), PATIENCE).expect("it is taken");
    let wanted = late.call("up/want", &json!({ "names": ["web"], "lease": true, "read_at": 1 }), PATIENCE);
    assert_eq!(wanted.expect("it is there")[0]["change"], json!(null));
    drop(late);
    early.press("q");
    early.await_screen("it asks", |screen| screen.contains("2 services are at work"));
    early.press("d");
    assert_eq!(early.ends_restored(), Some(0));
    assert_eq!((services.pid("web"), services.pid("db")), (web, db));
    assert_eq!(services.variable("web", "A").as_deref(), Some("2"));
    services.ends_clean();
}

#[test]
fn a_call_in_the_foreground_names_what_it_changes_and_goes_on_when_one_of_its_services_is_declared_no_more() {
    let services = Services::of(&services_of(&[("web", "1"), ("old", "1")]));
    let first = services.0.start("up");
    eventually("both are at work", || {
        let listed = services.0.vx("ps --json --long").stdout();
        (listed.matches("\"ready\"").count() >= 4).then_some(())
    });
    services.declare(&services_of(&[("web", "1"), ("new", "1")]));
    let second = services.0.start("up");
    eventually("it says so", || second.said().contains("`old` stops: it is no longer declared").then_some(()));
    eventually("it is stopped", || (services.state("old") == "stopped").then_some(()));
    second.signal(Signal::INT);
    second.finish().exits_with(130).says("`web` keeps running for others");
    assert_eq!(services.state("web"), "ready");
    first.signal(Signal::INT);
    first.finish().exits_with(130);
    services.are_gone();
}
