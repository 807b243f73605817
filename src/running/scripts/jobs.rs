//! The steps of a script as jobs of a run: what each step needs, and which steps have the terminal.

use parking_lot::Mutex;
use vx_base::gauge::Gauge;
use vx_base::trouble::Trouble;
use vx_process::{ChildGroup, Ended, Exit, Launch, LogFile, LogPolicy, OutputMode, Stdin, shares_terminal};
use vx_project::ProgressForms;
use vx_run::channel::slot_key;
use vx_run::verdict;
use vx_run::{
    ChildStopReason, Job, JobAttempt, JobDependency, JobDependencyState, JobSlot, JobSlotWriter, PreparedJob,
    SlotProgressWriter, Unwritten,
};
use vx_shm::{Ending, Kind, SlotState};
use vx_status::vocabulary::task;

use super::ScriptStep;

/// How much of a step's last output is kept for its error, in bytes.
const KEEP_BYTES: usize = 4 * 1024;

/// How a step uses the terminal and this process's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streams {
    /// It has the terminal, and the streams as they are.
    Foreground,
    /// It runs beside other steps: its lines are copied to the streams, and its input is empty.
    Beside,
    /// A view has the terminal, so the output goes to the board and the log only.
    Hidden,
}

/// One step, with the steps to wait for and its streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn<'a> {
    pub(super) step: &'a ScriptStep,
    /// The keys of the steps that have to succeed first.
    pub(super) needs: Vec<String>,
    pub(super) streams: Streams,
}

/// The turns of these steps, which are given in an order that respects their needs: one after the other in this order,
/// or `at_once`, each as soon as the steps it needs have succeeded.
pub(super) fn turns(steps: &[ScriptStep], at_once: bool, hidden: bool) -> Vec<Turn<'_>> {
    let at_work: Vec<&ScriptStep> = steps.iter().filter(|step| !step.command.is_empty()).collect();
    let direct: Vec<Vec<&str>> = at_work.iter().map(|step| needs_of(step, steps)).collect();
    let place = |name: &str| at_work.iter().position(|step| step.name == name);
    // All steps that each step needs, directly or not. They come before it in the order.
    let mut all: Vec<Vec<bool>> = Vec::with_capacity(at_work.len());
    for needs in &direct {
        let mut before = vec![false; at_work.len()];
        for at in needs.iter().filter_map(|name| place(name)).filter(|at| *at < all.len()) {
            before[at] = true;
            all[at].iter().enumerate().filter(|(_, needed)| **needed).for_each(|(other, _)| before[other] = true);
        }
        all.push(before);
    }
    let alone = |at: usize| (0..at_work.len()).all(|other| other == at || all[at][other] || all[other][at]);
    let turn = |(at, step): (usize, _)| {
        let before = || at.checked_sub(1).map(|before| at_work[before].name.as_str());
        let names = if at_once { direct[at].clone() } else { before().into_iter().collect() };
        let streams = match (hidden, !at_once || alone(at)) {
            (true, _) => Streams::Hidden,
            (false, true) => Streams::Foreground,
            (false, false) => Streams::Beside,
        };
        Turn { step, needs: names.into_iter().map(|name| slot_key(name).into_owned()).collect(), streams }
    };
    at_work.iter().copied().enumerate().map(turn).collect()
}

/// The steps with a command that this step needs, directly or through steps without a command.
fn needs_of<'a>(step: &'a ScriptStep, steps: &'a [ScriptStep]) -> Vec<&'a str> {
    let needed = step.depends.iter().filter_map(|name| steps.iter().find(|step| step.name == *name));
    needed
        .flat_map(|step| if step.command.is_empty() { needs_of(step, steps) } else { vec![step.name.as_str()] })
        .collect()
}

/// A step as a job.
pub(super) struct StepJob {
    pub(super) step: ScriptStep,
    pub(super) needs: Vec<String>,
    pub(super) streams: Streams,
    /// The name of the step that it belongs to on the board.
    pub(super) parent: Option<String>,
    /// The progress patterns that vx.toml declares under its name.
    pub(super) forms: ProgressForms,
    /// The end of its shell, once it has ended.
    pub(super) end: Mutex<Option<ShellEnd>>,
}

/// The end of a step's shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShellEnd {
    pub(super) exit: Exit,
    /// Whether it was asked to stop.
    pub(super) asked: bool,
}

impl Job for StepJob {
    fn slot(&self) -> JobSlot<'_> {
        JobSlot {
            name: &self.step.name,
            version: "",
            kind: Kind::Task,
            parent: self.parent.as_deref(),
            total: self.forms.total,
            optional: false,
            writer: JobSlotWriter::Run(task::RUNNING),
            own_log: false,
        }
    }

    fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble> {
        let (stdin, output, group) = match self.streams {
            Streams::Foreground if shares_terminal() => (Stdin::Terminal, OutputMode::Own, ChildGroup::Shared),
            Streams::Foreground => (Stdin::Terminal, OutputMode::Own, ChildGroup::Lasting),
            Streams::Beside => (Stdin::Null, OutputMode::LinesOn, ChildGroup::Lasting),
            Streams::Hidden => (Stdin::Null, OutputMode::Merged, ChildGroup::Lasting),
        };
        let environment = self.step.variables.iter().cloned().chain(place.mark.variables()).collect();
        let launch = Launch {
            program: self.step.program().to_owned(),
            arguments: self.step.arguments(),
            inherited: None,
            environment,
            directory: Some(self.step.directory.clone()),
            stdin,
            output,
            log: place.log.clone().map(|path| LogFile { path, heading: place.heading(), policy: LogPolicy::default() }),
            pass_on: false,
            keep_bytes: KEEP_BYTES,
            group,
        };
        let need = |key: &String| JobDependency { key: key.clone(), until: JobDependencyState::Done };
        Ok(PreparedJob { launch, needs: self.needs.iter().map(need).collect(), kill_after: None })
    }

    fn gauge(&self) -> Option<(Gauge, SlotProgressWriter)> {
        Some((Gauge::new(self.forms.patterns.clone()), SlotProgressWriter::with_total(self.forms.total)))
    }

    fn judge(&self, _: Option<SlotState>, stop: ChildStopReason, ended: &Ended) -> Ending {
        *self.end.lock() = Some(ShellEnd { exit: ended.exit, asked: stop != ChildStopReason::No });
        // Even if a script has ended its slot with a report, its exit decides whether the steps that need it may run,
        // as
        // it does without a board.
        verdict(None, stop, ended, Unwritten::IsExit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps with their dependencies; one whose name is in brackets has no command.
    fn steps(of: &[(&str, &[&str])]) -> Vec<ScriptStep> {
        let step = |(name, depends): &(&str, &[&str])| ScriptStep {
            name: name.trim_matches(['[', ']']).to_owned(),
            command: if name.starts_with('[') { String::new() } else { "true".to_owned() },
            depends: depends.iter().map(|name| (*name).to_owned()).collect(),
            ..ScriptStep::default()
        };
        of.iter().map(step).collect()
    }

    fn drawn(of: &[(&str, &[&str])], at_once: bool) -> String {
        let steps = steps(of);
        let turn = |turn: &Turn<'_>| {
            let streams = if turn.streams == Streams::Foreground { "!" } else { "" };
            format!("{}{streams}<{}", turn.step.name, turn.needs.join("+"))
        };
        turns(&steps, at_once, false).iter().map(turn).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_after_the_other_all_have_the_terminal_and_keep_their_order() {
        let of: &[(&str, &[&str])] = &[("a", &[]), ("b", &[]), ("[c]", &["a", "b"]), ("d", &["c"])];
        assert_eq!(drawn(of, false), "a!< b!<a d!<b");
    }

    #[test]
    fn at_once_a_step_waits_for_what_it_needs_and_has_the_terminal_only_if_it_is_alone() {
        let of: &[(&str, &[&str])] = &[("a", &[]), ("b", &[]), ("[c]", &["a", "b"]), ("d", &["c"])];
        assert_eq!(drawn(of, true), "a< b< d!<a+b");
        assert_eq!(drawn(&[("a", &[]), ("b", &["a"]), ("c", &["b"])], true), "a!< b!<a c!<b");
        assert_eq!(drawn(&[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])], true), "a!< b<a c<a d!<b+c");
    }

    #[test]
    fn under_a_view_no_step_has_the_terminal() {
        let steps = steps(&[("a", &[])]);
        assert!(turns(&steps, false, true).iter().all(|turn| turn.streams == Streams::Hidden));
    }
}
