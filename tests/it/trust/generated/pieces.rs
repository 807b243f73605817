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

/// The conditions for a piece to act, with the doors by which it would. They are always taken where the piece is laid.
pub(super) enum Acts {
    /// Its user's consent.
    WithConsent(&'static [&'static str]),
    /// Nothing lets it act: a rule would have to be missing.
    Never(&'static [&'static str]),
}

impl Piece {
    /// The doors by which it would act.
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
