//! The pieces that strangers' projects are composed of.

mod acting;
mod around;
mod locks;
mod programs;
mod settings;

use super::draft::Draft;

/// A piece of a stranger's project.
pub(super) struct Piece {
    pub(super) name: &'static str,
    /// Adds it to a project.
    pub(super) lay: fn(&mut Draft<'_>),
    pub(super) acts: Acts,
}

/// When a piece may act, and the doors through which it would. A project with the piece always takes those doors.
pub(super) enum Acts {
    /// With its user's consent.
    WithConsent(&'static [&'static str]),
    /// Never, unless a rule of vx were missing.
    Never(&'static [&'static str]),
}

impl Piece {
    /// The doors through which it would act.
    pub(super) fn doors(&self) -> &'static [&'static str] {
        match self.acts {
            Acts::WithConsent(doors) | Acts::Never(doors) => doors,
        }
    }
}

/// All pieces.
pub(super) fn all() -> Vec<&'static Piece> {
    let lists: [&'static [Piece]; 5] =
        [&acting::PIECES, &around::PIECES, &locks::PIECES, &programs::PIECES, &settings::PIECES];
    lists.into_iter().flatten().collect()
}
