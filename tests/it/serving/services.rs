//! The services of a project, with real programs: started in order, shown as ready only once they are, and ended
//! completely.

mod agreement;
mod builds;
mod changes;
mod ends;
mod external;
mod kills;
mod lives;
mod logs;
mod manager;
mod plugins;
mod ready;
mod requests;
mod rest;
mod starts;
mod views;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::sandbox::{Process, Sandbox, eventually, send, text};

/// A sandbox whose services are ended with it, even if a test fails.
struct Services(Sandbox);

impl Services {
    fn of(config: &str) -> Self {
        Self(Sandbox::new().config(config))
    }

    /// The services that `vx ps --json --long` lists.
    fn listed(&self) -> Vec<Value> {
        let listed = self.0.vx("ps --json --long").succeeds().stdout();
        serde_json::from_str(&listed).expect("JSON")
    }

    fn named(&self, name: &str) -> Value {
        self.listed().into_iter().find(|service| service["name"] == name).expect("it is listed")
    }

    /// The word that people see.
    fn state(&self, name: &str) -> String {
        text(&self.named(name)["word"]).to_owned()
    }

    fn pid(&self, name: &str) -> u64 {
        self.named(name)["pid"].as_u64().expect("it is at work")
    }

    /// The processes whose command line has this text.
    fn running(&self, part: &str) -> Vec<Process> {
        self.0.processes().into_iter().filter(|process| process.command.contains(part)).collect()
    }

    /// The process groups with this text in a command line: a service may fork while it starts, but stays one group.
    fn groups(&self, part: &str) -> BTreeSet<u32> {
        self.running(part).iter().map(|process| process.group).collect()
    }

    fn supervisors(&self) -> Vec<Process> {
        self.running("service-supervisor")
    }

    fn guards(&self) -> Vec<Process> {
        self.running("service-child")
    }

    /// Kill all of vx at once.
    fn kill_all_of_vx(&self) {
        let killed: Vec<Process> = self.supervisors().into_iter().chain(self.guards()).collect();
        killed.iter().for_each(|process| send(process.pid, Signal::STOP));
        killed.iter().for_each(|process| send(process.pid, Signal::KILL));
    }

    /// Wait until no process of the services is left.
    fn are_gone(&self) {
        eventually("all processes are gone", || self.0.processes().is_empty().then_some(()));
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.processes().iter().for_each(|process| send(process.pid, Signal::KILL));
        }
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
