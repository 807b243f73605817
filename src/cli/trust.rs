//! `vx trust`: the parts of a project that can act, and the consent of its user to them.

use std::path::Path;
use std::process::ExitCode;

use super::args::TrustArguments;
use super::ask::Asker;
use super::failure::Outcome;
use super::notices::Printed;
use super::workspace::place_or_none;
use super::{ask, notices, print, store};
use crate::work::consent::{Consent, Standing};
use crate::work::told;
use crate::work::trusting::{self, Agreement};

/// Run `vx trust`.
pub(super) fn run(project: Option<&Path>, asked: &TrustArguments) -> Outcome {
    let home = store::home()?;
    if asked.list {
        for kept in trusting::list(&home) {
            print::data(kept.place);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let consent = trusting::consent(&home, &place_or_none(project)?, &Printed)?;
    let place = consent.key.shown.clone();
    if asked.revoke {
        match trusting::revoke(&home, &consent)? {
            true => print::note(format_args!("took back every consent for `{place}`")),
            false => print::note(format_args!("there is no consent for `{place}`")),
        }
        return Ok(ExitCode::SUCCESS);
    }
    if asked.show {
        show(&home, &consent);
        return Ok(ExitCode::SUCCESS);
    }
    let file = consent.file.display().to_string();
    match trusting::agree(&home, consent, &Asker)? {
        Agreement::Nothing => print::note(format_args!("`{file}` has nothing that needs consent")),
        Agreement::Already(Standing::Folder) => print::note(format_args!("`{file}` lies in a folder that you trust")),
        Agreement::Already(_) => print::note(format_args!("you have agreed to `{file}` as it is")),
        Agreement::Agreed => print::note(format_args!("`{place}` may act; `vx trust --revoke` takes that back")),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(home: &crate::paths::Home, consent: &Consent) {
    for line in ask::listed(&consent.question(home)) {
        print::data(line);
    }
    match consent.standing {
        Standing::Nothing if consent.refused.is_empty() => {
            print::note(format_args!("`{}` has nothing that needs consent", consent.file.display()));
        }
        Standing::Withheld => notices::print(told::notice(consent)),
        _ if !consent.refused.is_empty() => notices::print(told::notice(consent)),
        _ => print::note("all of this may act"),
    }
}
