//! One command: its time, its processor time and the memory of its largest process.
//!
//! The kernel sums up the usage of a process's children and their children, and never resets the sum. So each command
//! gets its own parent: this program, started again. The parent must be small, because a child's memory counts from
//! before its exec.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use rustix::process::{Pid, Signal, kill_process_group};

/// With this as first argument the program runs the command in the other arguments, and prints the figures.
pub(crate) const MEASURE: &str = "--measure";

/// Group of the running command; 0 if none runs.
static RUNNING: AtomicI32 = AtomicI32::new(0);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The figures of one command.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) wall_s: f64,
    /// User and system time of all its processes; the server's is not included.
    pub(crate) processor_s: f64,
    /// Most memory that any of its processes had at one time.
    pub(crate) peak_mb: f64,
}

/// A command to measure.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
    pub(crate) directory: PathBuf,
}

impl Task {
    pub(crate) fn new(directory: &Path, arguments: &[&dyn AsRef<OsStr>]) -> Self {
        let own = |argument: &&dyn AsRef<OsStr>| -> OsString { AsRef::<OsStr>::as_ref(*argument).to_owned() };
        let arguments = arguments.iter().map(own).collect();
        Self { arguments, environment: Vec::new(), directory: directory.to_owned() }
    }

    /// Add this variable to the environment, which otherwise has only PATH.
    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name, value.as_ref().to_owned()));
        self
    }

    /// Run it; its output goes to a file, and into the error if it fails.
    pub(crate) fn measure(&self) -> io::Result<Sample> {
        let output = self.directory.join("output");
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(MEASURE).args(&self.arguments).current_dir(&self.directory).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(self.environment.iter().cloned());
        let file = File::create(&output)?;
        // The command has its own process group, so that an interrupt reaches only this program, which then ends the
        // whole group.
        command.process_group(0).stdin(Stdio::null()).stderr(file).stdout(Stdio::piped());
        let child = command.spawn()?;
        RUNNING.store(child.id().cast_signed(), Ordering::SeqCst);
        let result = child.wait_with_output();
        RUNNING.store(0, Ordering::SeqCst);
        interrupted()?;
        let result = result?;
        let printed = String::from_utf8_lossy(&result.stdout);
        let figures: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match figures[..] {
            [wall_s, processor_s, peak_mb] if result.status.success() => Ok(Sample { wall_s, processor_s, peak_mb }),
            _ => {
                let said = std::fs::read_to_string(&output).unwrap_or_default();
                Err(io::Error::other(format!("{} failed:\n{said}", self.arguments[0].display())))
            }
        }
    }
}

/// Start several programs, let them begin at the same time once all are ready ([`await_go`]), and read the two numbers
/// that each prints.
pub(crate) fn together(commands: impl Iterator<Item = Command>) -> io::Result<Vec<[f64; 2]>> {
    let mut children: Vec<Child> = Vec::new();
    let result = started_together(commands, &mut children);
    RUNNING.store(0, Ordering::SeqCst);
    for child in &mut children {
        if result.is_err() {
            let _ = child.kill();
        }
        child.wait()?;
    }
    interrupted()?;
    result
}

fn started_together(commands: impl Iterator<Item = Command>, children: &mut Vec<Child>) -> io::Result<Vec<[f64; 2]>> {
    let mut outputs = Vec::new();
    for mut command in commands {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(RUNNING.load(Ordering::SeqCst));
        let mut child = command.spawn()?;
        outputs.push(BufReader::new(child.stdout.take().expect("a pipe")).lines());
        if children.is_empty() {
            RUNNING.store(child.id().cast_signed(), Ordering::SeqCst);
        }
        children.push(child);
    }
    let mut lines = || -> io::Result<Vec<String>> {
        let ended = || io::Error::other("a part ended early");
        outputs.iter_mut().map(|output| output.next().ok_or_else(ended)?).collect()
    };
    lines()?;
    children.iter_mut().try_for_each(|child| child.stdin.take().expect("a pipe").write_all(b"\n"))?;
    let numbers = |line: &String| line.split_once(' ').and_then(|(a, b)| Some([a.parse().ok()?, b.parse().ok()?]));
    lines()?.iter().map(|line| numbers(line).ok_or_else(|| io::Error::other("a part printed no numbers"))).collect()
}

/// Report that this program, one of several, is ready, and wait for all others to be.
pub(crate) fn await_go() -> io::Result<()> {
    println!("ready");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// An error once the user wants this program to stop.
pub(crate) fn interrupted() -> io::Result<()> {
    match INTERRUPTED.load(Ordering::SeqCst) {
        true => Err(io::Error::from(io::ErrorKind::Interrupted)),
        false => Ok(()),
    }
}

/// From here on, Ctrl-C and termination signals end the running command; then this program cleans up as on any error.
pub(crate) fn listen_for_interrupts() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            if let Some(group) = Pid::from_raw(RUNNING.load(Ordering::SeqCst)) {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    });
    Ok(())
}

/// Run a command, and print its seconds, its processor's seconds and its megabytes.
pub(crate) fn run_and_print(arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let arguments: Vec<String> = arguments.collect();
    let error_output = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned()?;
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).stdout(Stdio::from(error_output));
    let start = Instant::now();
    let status = command.status()?;
    let wall_s = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    println!("{wall_s} {} {}", processor_s(&usage), usage.max_rss() as f64 / 1024.0);
    Ok(())
}

/// User and system time together.
pub(crate) fn processor_s(usage: &Usage) -> f64 {
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}
