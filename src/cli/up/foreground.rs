//! `vx up` as the owner of its services: it prints what they print, and they end with it.

use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;

use crate::cli::failure::{CANCELLED, FAILED, Failure, Outcome};
use crate::cli::print;
use crate::paths::Home;
use crate::process::interrupts;
use crate::work::frontend::Frontend;
use crate::work::up::{self, Declared, Follower, ServiceState, want};

/// The time between two looks at the output.
const LOOK: Duration = Duration::from_millis(50);

/// Have these services at work, and print what they print, until they have ended or the user stops them.
pub(super) fn run(home: &Home, declared: &Declared, names: &[String], frontend: &dyn Frontend) -> Outcome {
    let interrupts = interrupts()?;
    let (mut supervisor, names) = want(home, declared, names, true, frontend)?;
    let (mut followers, mut asked): (Vec<(String, Follower)>, usize) = (Vec::new(), 0);
    loop {
        let services: Vec<ServiceState> = up::of_project(&declared.directory)?;
        for service in &services {
            if !followers.iter().any(|(known, _)| *known == service.name) {
                followers.push((service.name.clone(), Follower::of(service, service.ready)));
            }
        }
        let wide = services.iter().map(|service| service.name.len()).max().unwrap_or_default();
        for (name, follower) in &mut followers {
            for entry in follower.read()? {
                print::data(format_args!("{name:<wide$} | {}", entry.message));
            }
        }
        let own: Vec<&ServiceState> = services.iter().filter(|service| names.contains(&service.name)).collect();
        if own.iter().all(|service| service.ended) {
            return Ok(ended(&own, asked > 0));
        }
        if print::closed() {
            return Err(Failure::silent(FAILED));
        }
        match interrupts.recv_timeout(LOOK) {
            Ok(_) if asked == 0 => {
                asked = 1;
                print::note("stopping; once more kills");
                supervisor.release()?;
            }
            Ok(_) => {
                asked += 1;
                for service in own.iter().filter(|service| !service.ended) {
                    // It may have ended meanwhile.
                    let _ = supervisor.kill(&service.name);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::silent(FAILED)),
        }
    }
}

fn ended(services: &[&ServiceState], asked: bool) -> ExitCode {
    let failed: Vec<&&ServiceState> = services.iter().filter(|service| service.error.is_some()).collect();
    for service in &failed {
        print::error(
            format_args!("`{}` {}: {}", service.name, service.state, service.error.as_deref().unwrap_or_default()),
            None,
        );
    }
    match (asked, failed.is_empty()) {
        (true, _) => ExitCode::from(CANCELLED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(FAILED),
    }
}
