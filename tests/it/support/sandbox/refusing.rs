//! A system that refuses some of its calls, as the file systems of clusters and network drives do.

use std::process::Command;
use std::thread;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use super::{Running, Sandbox};

/// A system call, and the error that answers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) call: i64,
    pub(crate) error: i32,
}

impl Sandbox {
    /// Start `vx` with these words on a system that answers these calls with these errors, for all that vx starts as
    /// well.
    pub(crate) fn start_refusing(&self, words: &str, refused: &[Refusal]) -> Running {
        let (name, command) = (format!("vx {words} with {refused:?}"), self.command(words));
        let outputs = self.next_outputs();
        // The filter belongs to the thread and ends with it; a process that the thread starts inherits it.
        thread::scope(|scope| {
            let starter = scope.spawn(|| {
                refuse(refused).expect("a filter");
                start(&name, command, outputs)
            });
            starter.join().expect("it starts")
        })
    }
}

fn start(name: &str, mut command: Command, [stdout, stderr]: [std::path::PathBuf; 2]) -> Running {
    command.stdin(std::process::Stdio::null());
    Running::start(name, command, stdout, stderr)
}

/// Have these calls of this thread refused from now on.
fn refuse(refused: &[Refusal]) -> Result<(), seccompiler::Error> {
    for Refusal { call, error } in refused {
        let answer = SeccompAction::Errno(error.unsigned_abs());
        let architecture = std::env::consts::ARCH.try_into()?;
        let filter = SeccompFilter::new([(*call, Vec::new())].into(), SeccompAction::Allow, answer, architecture)?;
        seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?;
    }
    Ok(())
}
