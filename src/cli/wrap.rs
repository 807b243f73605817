//! A command with its progress on a board, for `vx board run` and `vx bridge`.

use std::process::ExitCode;

use super::failure::Outcome;
use super::notices::Printed;
use super::{print, store};
use crate::process::end_alike;
use crate::trouble::Trouble;
use crate::work::workspace::Place as ProjectPlace;
use crate::work::wrapped::{Place, Wrapped, forms_of};

/// Run this command in the slot with this key, with the forms of progress that vx.toml has under it.
pub(super) fn run(project: &ProjectPlace, key: &str, board: Option<&str>, mut wrapped: Wrapped) -> Outcome {
    match forms_of(project, &store::home()?, key, &Printed) {
        Ok(forms) => {
            wrapped.patterns.extend(forms.patterns);
            wrapped.total = wrapped.total.or(forms.total);
        }
        Err(error) => print::doubt(&Trouble::of(&error)),
    }
    let (place, trouble) = Place::take(key, board, &wrapped.line())?;
    if let Some(trouble) = trouble {
        print::doubt(&trouble);
    }
    Ok(ExitCode::from(end_alike(wrapped.run(place)?)))
}
