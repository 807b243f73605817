//! `vx trust`: the parts of a project that can act, and the user's consent to them.

use std::path::Path;
use std::process::ExitCode;

use vx_base::paths::Home;

use crate::doors::cli::args::TrustArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::{notices, print};
use crate::doors::cli::screens::ask;
use crate::doors::cli::screens::ask::{Asker, ConsentingFrontend};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::workspace::consent::{Consent, ConsentState};
use crate::workspace::frontend::Frontend;
use crate::workspace::trusting::{self, Agreement, Extent};
use crate::workspace::withheld_notice;

/// Run `vx trust`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, asked: &TrustArguments) -> CommandResult {
    let home = workspace::home()?;
    if asked.list {
        for kept in trusting::list(&home) {
            let tied = if kept.is_tied() { "  for as long as no tracked file changes" } else { "" };
            print::data(format_args!("{}{tied}", kept.place));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let consents = trusting::consents(&home, &place_or_none(project)?, &NoticePrintingFrontend)?;
    if asked.revoke {
        return revoke(&home, &consents);
    }
    for (depth, consent) in consents.into_iter().enumerate() {
        // A project further up is mentioned only if it could act.
        if depth > 0 && consent.parts.is_empty() && consent.refused.is_empty() {
            continue;
        }
        match asked.show {
            true => show(&home, &consent),
            false if depth > 0 && consent.stranger.is_some() => notices::print(withheld_notice::notice(&consent)),
            false => agree(&home, consent, asked)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Take back the consents for this project only: projects further up also serve other projects.
fn revoke(home: &Home, consents: &[Consent]) -> CommandResult {
    for consent in consents.iter().take(1) {
        let place = &consent.key.shown;
        match trusting::revoke(home, consent)? {
            true => print::message(format_args!("took back every consent for `{place}`")),
            false => print::message(format_args!("there is no consent for `{place}`")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn agree(home: &Home, consent: Consent, asked: &TrustArguments) -> Result<(), CommandFailure> {
    let extent = if asked.commit { Extent::Commit } else { Extent::Parts };
    let frontend: &dyn Frontend = if asked.yes { &ConsentingFrontend } else { &Asker };
    let (file, place) = (consent.file.display().to_string(), consent.key.shown.clone());
    match trusting::agree(home, consent, extent, frontend)? {
        Agreement::Nothing => print::message(format_args!("`{file}` has nothing that needs consent")),
        Agreement::Already(ConsentState::Folder) => {
            print::message(format_args!("`{file}` lies in a folder that you trust"))
        }
        Agreement::Already(_) => print::message(format_args!("you have agreed to `{file}` as it is")),
        Agreement::Agreed => print::message(format_args!("`{place}` may act; `vx trust --revoke` takes that back")),
    }
    Ok(())
}

fn show(home: &Home, consent: &Consent) {
    for line in ask::listed(&consent.question(home)) {
        print::data(line);
    }
    match consent.standing {
        ConsentState::Nothing if consent.refused.is_empty() => {
            print::message(format_args!("`{}` has nothing that needs consent", consent.file.display()));
        }
        ConsentState::Withheld => notices::print(withheld_notice::notice(consent)),
        _ if !consent.refused.is_empty() => notices::print(withheld_notice::notice(consent)),
        _ => print::message("all of this may act"),
    }
}
