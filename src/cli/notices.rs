//! The words of notices.

use super::failure::Failure;
use super::print;
use crate::age::{in_words, to_the_second};
use crate::project::LockedTool;
use crate::source::catalogue;
use crate::sync::AgeRemark;
use crate::trouble::{Trouble, TroubleKind};
use crate::work::frontend::{Frontend, Refused, RunView, Silent};
use crate::work::notice::Notice;

/// A frontend that prints notices, for commands without a run.
pub(super) struct Printed;

impl Frontend for Printed {
    fn notice(&self, notice: Notice) {
        print(notice);
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Silent.view()
    }
}

/// Print a notice.
pub(super) fn print(notice: Notice) {
    match notice {
        Notice::Project(remark) => print::note(remark),
        Notice::Ignored { path, problem } => print::note(problem.render(&path, "warning")),
        Notice::ForeignUi { path, line } => print::warning(format_args!(
            "{}:{line}: [ui] counts only in the vx.toml of the home, where each user says how the views look",
            path.display()
        )),
        Notice::UnknownMirror { site } => {
            let known: Vec<&str> = catalogue::sites().collect();
            let known = known.join(", ");
            print::warning(format_args!("`mirrors.{site}` of [settings] is no site that vx knows: {known}"));
        }
        Notice::OldLock { path, version } => print::note(format_args!(
            "`{}` has the old format {version}: of what it pins, that holds which vx.toml accepts",
            path.display()
        )),
        Notice::OldLockKept { path, version, lost } => {
            let lost: Vec<String> = lost.iter().map(|tool| format!("`{tool}`")).collect();
            let (path, lost) = (path.display(), lost.join(", "));
            let text = format!("`{path}` stays in the old format {version}: its pins of {lost} would be lost");
            print::doubt(&Trouble::new(TroubleKind::Lock, text).hinted("run `vx lock`, which locks every tool"));
        }
        Notice::LockWritten => print::note("wrote vx.lock"),
        Notice::Resolution(doubt) => print::doubt(&doubt),
        Notice::Age(remark) => print::note(age(&remark)),
        Notice::NotLocked(trouble) | Notice::NotMended(trouble) => print::trouble(&trouble),
        Notice::Locked { tool, before, entry } => print::note(locked(&tool, before.as_deref(), &entry)),
        Notice::Fetching { address } => {
            print::note(format_args!("fetching `{address}` once: no digest is given for it"));
        }
        Notice::UpToDate { project, tools } => {
            let are = if tools == 1 { "tool is" } else { "tools are" };
            match tools {
                0 => print::note(format_args!("`{}` declares no tools", project.display())),
                _ => print::note(format_args!("nothing to do: {tools} {are} up to date")),
            }
        }
        Notice::WantsNotNoted(error) => {
            print::warning(format_args!("cannot note what this project wants: {error}"));
        }
        Notice::OptionsFromEnvironment { variables } => print::warning(format_args!(
            "options were taken from the environment ({}), which is deprecated: put them under [tools.…] in vx.toml",
            variables.join(", ")
        )),
        Notice::Stray { tool, program } => {
            let text =
                format!("{tool} is not installed as vx.toml and vx.lock want it: `{}` is used", program.display());
            print::doubt(&Trouble::new(TroubleKind::NotFound, text).hinted("run `vx sync`"));
        }
        Notice::BoardElsewhere { directory, reason } => print::warning(format_args!(
            "{reason}; this run's board is in `{0}`, where `VX_RUNTIME_DIR={0} vx top` finds it",
            directory.display()
        )),
        Notice::ShimsKept(error) => print::warning(error),
        Notice::Failed(error) => {
            Failure::from(error).report();
        }
        Notice::EndNotWritten(error) => print::warning(error),
    }
}

/// The line about the age of a release.
fn age(remark: &AgeRemark) -> String {
    match remark {
        AgeRemark::Young { tool, version, published, age } => {
            let (published, minimum) = (to_the_second(*published), in_words(age.minimum));
            format!(
                "{tool} {version} was published at {published}, and is younger than `minimum_release_age` ({minimum}); \
                 it is taken because exactly this version is asked for"
            )
        }
        AgeRemark::Undated { host } => {
            format!("{host} does not say when releases were published: `minimum_release_age` has no effect on them")
        }
    }
}

/// The line about a tool that gets another entry in the lock.
fn locked(tool: &str, before: Option<&str>, now: &LockedTool) -> String {
    let platforms: Vec<String> = now.platforms.keys().map(ToString::to_string).collect();
    let version = match before {
        Some(before) if before != now.version => format!("{before} → {}", now.version),
        _ => now.version.clone(),
    };
    let mut keys: Vec<&str> = now.platforms.values().flatten().filter_map(|part| part.signed_by.as_deref()).collect();
    keys.sort_unstable();
    keys.dedup();
    let signed = if keys.is_empty() { String::new() } else { format!(", signed by {}", keys.join(", ")) };
    format!("locked {tool} {version} from {} for {}{signed}", now.source, platforms.join(", "))
}
