//! Two users: neither gets an answer from the other's daemon, or takes the other's socket for their own.

use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::*;
use crate::support::skipped::skipped;

/// A user without rights.
const OTHER: u32 = 65_534;

/// The command of vx, as the other user.
fn as_other(sandbox: &Sandbox, words: &str) -> Command {
    let mut command = sandbox.command(words);
    command.uid(OTHER).gid(OTHER).current_dir(sandbox.home());
    command
}

/// A sandbox of the other user; `None` if this user may not make one.
fn of_other() -> Option<Sandbox> {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can be another user");
        return None;
    }
    let sandbox = Sandbox::new();
    let places = [sandbox.home(), sandbox.runtime(), sandbox.home().join("run")];
    for place in &places {
        fs::create_dir_all(place).expect("a directory");
        fs::set_permissions(place, fs::Permissions::from_mode(0o700)).expect("its mode");
        chown(place, Some(OTHER), Some(OTHER)).expect("its owner");
    }
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let can_run = as_other(&sandbox, "--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !can_run.is_ok_and(|status| status.success()) {
        skipped("another user cannot reach the program");
        return None;
    }
    Some(sandbox)
}

#[test]
fn a_daemon_answers_its_own_user_alone_and_is_refused_by_others() {
    let Some(sandbox) = of_other() else { return };
    let _daemon = sandbox.run("daemon run", as_other(&sandbox, "daemon run --idle 0"));
    let call = || sandbox.run("daemon call", as_other(&sandbox, "daemon call vx/ping")).finish();
    eventually("it answers its user", || (call().code() == Some(0)).then_some(()));
    // This user may enter any directory, and still gets no answer.
    sandbox.vx("daemon call vx/ping").exits_with(1).says("belongs to another user");
    sandbox.vx("daemon run").exits_with(1).says("belongs to another user");
    let mut stranger = UnixStream::connect(socket(&sandbox)).expect("a connection");
    stranger.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1}}}"#;
    // The daemon may close the connection before it has read all of this.
    let _ = stranger.write_all(&framed(hello));
    let mut said = Vec::new();
    let _ = stranger.read_to_end(&mut said);
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
    call().succeeds();
}

#[test]
fn a_socket_that_another_user_has_planted_is_refused_by_name() {
    let Some(sandbox) = of_other() else { return };
    let daemon = sandbox.run("daemon run", as_other(&sandbox, "daemon run --idle 0"));
    let call = || sandbox.run("daemon call", as_other(&sandbox, "daemon call vx/ping")).finish();
    eventually("it answers its user", || (call().code() == Some(0)).then_some(()));
    let socket = socket(&sandbox);
    daemon.signal(Signal::KILL);
    daemon.finish();
    fs::remove_file(&socket).expect("a socket");
    let planted = UnixListener::bind(&socket).expect("a socket");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).expect("its mode");
    call().exits_with(1).says("has a socket of another user");
    drop(planted);
}
