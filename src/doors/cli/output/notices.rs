//! The texts of notices.

use std::path::Path;

use vx_base::age::{in_words, to_the_second};
use vx_base::package::archive::Attested;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::tools::catalogue;
use vx_plan::AgeRemark;
use vx_process::{EndedProcesses, MemberProcess};
use vx_project::LockedTool;
use vx_project::trust::UntrustedLocation;

use super::failure::CommandFailure;
use super::print;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::{Frontend, NullFrontend, Refused, RunView};

/// A frontend that prints notices, for commands without a run.
pub(in crate::doors::cli) struct NoticePrintingFrontend;

impl Frontend for NoticePrintingFrontend {
    fn notice(&self, notice: Notice) {
        print(notice);
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        NullFrontend.view()
    }
}

/// Print a notice.
pub(in crate::doors::cli) fn print(notice: Notice) {
    match notice {
        Notice::Project(remark) => print::message(remark),
        Notice::Ignored { path, problem } => print::message(problem.render(&path, "warning")),
        Notice::Withheld { file, parts, refused, stranger } => {
            print::warning(withheld(&file, &parts, &refused, stranger.as_ref()));
        }
        Notice::TrustedByCi { file, lines } => {
            print::message(format_args!("CI=true: in this run `{}` may act as it is checked out:", file.display()));
            lines.iter().for_each(|line| print::message(format_args!("  {line}")));
        }
        Notice::ForeignUi { path, line } => print::warning(format_args!(
            "{}:{line}: [ui] is ignored: it counts only in the vx.toml of the home, since it is each user's choice",
            path.display()
        )),
        Notice::UnknownMirror { site } => print::warning(unknown_mirror(&site)),
        Notice::OldLock { path, version } => print::message(format_args!(
            "`{}` has the old format {version}: only the pins that vx.toml accepts are used",
            path.display()
        )),
        Notice::OldLockKept { path, version, lost } => print::doubt(&old_lock_kept(&path, version, &lost)),
        Notice::LockWritten => print::message("wrote vx.lock"),
        Notice::LockWrittenAbove { path } => print::message(format_args!("wrote `{}`", path.display())),
        Notice::LockKept(error) => print::doubt(&Trouble::from_error(&error)),
        Notice::Resolution(doubt) => print::doubt(&doubt),
        Notice::Age(remark) => print::message(age(&remark)),
        Notice::NotLocked(trouble) | Notice::NotMended(trouble) => print::trouble(&trouble),
        Notice::Declared { path, tool, request } => {
            print::message(format_args!("{}: {tool} = \"{request}\"", path.display()))
        }
        Notice::NotDeclared { path } => print::message(format_args!("`{}` stays as it was", path.display())),
        Notice::Locked { tool, before, entry } => print::message(locked(&tool, before.as_deref(), &entry)),
        Notice::Awaited { host } => print::message(format_args!("waiting for {host}'s answer")),
        Notice::Fetching { address } => {
            print::message(format_args!("fetching `{address}` once: no digest is given for it"));
        }
        Notice::UpToDate { project, tools } => print::message(up_to_date(&project, tools)),
        Notice::WantsNotNoted(error) => {
            print::warning(format_args!("cannot record which releases this project uses: {error}"));
        }
        Notice::OptionsFromEnvironment { variables } => print::warning(format_args!(
            "options were taken from the environment ({}), which is deprecated: put them under [tools.…] in vx.toml",
            variables.join(", ")
        )),
        Notice::Stray { tool, program } => print::doubt(&stray(&tool, &program)),
        Notice::BoardElsewhere { directory, reason } => print::warning(format_args!(
            "{reason}; this run's board is in `{0}`, where `VX_RUNTIME_DIR={0} vx top` finds it",
            directory.display()
        )),
        Notice::BoardUnseen { reason } => {
            print::warning(format_args!("{reason}; the run goes on, and `vx top` in other terminals does not see it"));
        }
        Notice::ServiceOutdated { service } => print::message(outdated_service(&service)),
        Notice::ServicesStopping => print::message("waiting for the services to stop"),
        Notice::Strays(swept) => print::warning(strays(&swept)),
        Notice::ShimsKept(error) => print::warning(error),
        Notice::Failed(error) => {
            CommandFailure::from(error).report();
        }
        Notice::EndNotWritten(error) => print::warning(error),
    }
}

/// The line about a running service whose declaration has changed.
pub(in crate::doors::cli) fn outdated_service(name: &str) -> String {
    format!("`{name}` still runs as it was declared before; `vx restart {name}` applies the new declaration")
}

/// The line about processes that killed runs had left behind.
pub(in crate::doors::cli) fn strays(swept: &EndedProcesses) -> String {
    let named = |members: &[MemberProcess]| {
        let more = members.len().saturating_sub(MOST_NAMED);
        let named = members.iter().take(MOST_NAMED).map(|member| format!("{} (pid {})", member.name, member.pid));
        let named = named.collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{named} and {more} more") } else { named }
    };
    let count = swept.found.len();
    let processes = if count == 1 { "process" } else { "processes" };
    let ended = format!("ended {count} {processes} that a killed vx had left behind: {}", named(&swept.found));
    match (&*swept.left.seen, &swept.left.unseen) {
        ([], None) => ended,
        ([], Some(why)) if count == 0 => format!("a killed vx may have left processes behind: {why}"),
        ([], Some(why)) => format!("{ended}; perhaps there are others: {why}"),
        (seen, None) => format!("{ended}; still there: {}", named(seen)),
        (seen, Some(why)) => format!("{ended}; still there: {}; perhaps there are others: {why}", named(seen)),
    }
}

fn unknown_mirror(site: &str) -> String {
    let known: Vec<&str> = catalogue::sites().collect();
    format!("`mirrors.{site}` in [settings] is not one of the sites that vx knows: {}", known.join(", "))
}

fn old_lock_kept(path: &Path, version: u64, lost: &[String]) -> Trouble {
    let lost: Vec<String> = lost.iter().map(|tool| format!("`{tool}`")).collect();
    let (path, lost) = (path.display(), lost.join(", "));
    let text = format!("`{path}` stays in the old format {version}: its pins of {lost} would be lost");
    Trouble::new(TroubleKind::Lock, text).hinted("run `vx lock`, which locks every tool")
}

fn up_to_date(project: &Path, tools: usize) -> String {
    match tools {
        0 => format!("`{}` declares no tools", project.display()),
        1 => "nothing to do: 1 tool is up to date".to_owned(),
        _ => format!("nothing to do: {tools} tools are up to date"),
    }
}

fn stray(tool: &str, program: &Path) -> Trouble {
    let text = format!("{tool} is not installed as vx.toml and vx.lock want it: `{}` is used", program.display());
    Trouble::new(TroubleKind::NotFound, text).hinted("run `vx sync`")
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
    let mut builders: Vec<&Attested> =
        now.platforms.values().flatten().filter_map(|part| part.attested.as_ref()).collect();
    builders.sort_unstable();
    builders.dedup();
    let builders: Vec<String> = builders.iter().map(ToString::to_string).collect();
    let built = if builders.is_empty() { String::new() } else { format!(", built by {}", builders.join(", ")) };
    format!("locked {tool} {version} from {} for {}{signed}{built}", now.source, platforms.join(", "))
}

/// The most parts, or processes, that are named in the one line about them.
const MOST_NAMED: usize = 4;

/// The one line about everything that is withheld from a project.
fn withheld(file: &Path, parts: &[String], refused: &[String], stranger: Option<&UntrustedLocation>) -> String {
    let mut line = format!("`{}`", file.display());
    if !parts.is_empty() {
        let more = parts.len().saturating_sub(MOST_NAMED);
        let named = parts.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        line.push_str(&format!(" may not act yet: left out are {named}{more}; "));
        match stranger {
            Some(stranger) => line.push_str(&format!("{stranger}, so no consent counts for it")),
            None => line.push_str("`vx trust` shows them and asks"),
        }
    }
    if !refused.is_empty() {
        let also = if parts.is_empty() { "" } else { ";" };
        line.push_str(&format!("{also} never taken from a project: {}", refused.join(", ")));
    }
    line
}
