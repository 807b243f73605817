//! The subject of a board: its title for people, and its kind and project for programs that look for a project's board.

use crate::atomics::Ordering;
use crate::layout::{HeaderPage, PROJECT_WORDS, TITLE_WORDS, encode_text, hash_key};
use crate::progress::Kind;
use crate::stamp::store_words;

/// What a new board is about. A title alone will do: `Board::create(path, "my project", 64)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoardSubject<'a> {
    /// A title for people. One of more than 126 bytes is cut, and marked as cut.
    pub title: &'a str,
    /// What kind of work the board shows; `None` if it is of several kinds, or of none.
    pub kind: Option<Kind>,
    /// Key of the project that the work is for, such as the path of its directory. Readers see its first 1,006
    /// bytes; longer keys are still told apart, by their hash.
    pub project: Option<&'a str>,
}

impl<'a> BoardSubject<'a> {
    /// A subject with a title and nothing else.
    pub const fn titled(title: &'a str) -> Self {
        Self { title, kind: None, project: None }
    }

    /// Write it to the header of a board that is being made.
    pub(super) fn write(&self, header: &HeaderPage) {
        header.title.write(&encode_text::<TITLE_WORDS>(self.title));
        header.kind.store(self.kind.map_or(0, |kind| u32::from(kind.number()) + 1), Ordering::Relaxed);
        if let Some(key) = self.project {
            header.project_hash.store(hash_key(key), Ordering::Relaxed);
            store_words(&header.project.0, &encode_text::<PROJECT_WORDS>(key));
        }
    }
}

impl<'a> From<&'a str> for BoardSubject<'a> {
    fn from(title: &'a str) -> Self {
        Self::titled(title)
    }
}

impl<'a> From<&'a String> for BoardSubject<'a> {
    fn from(title: &'a String) -> Self {
        Self::titled(title)
    }
}
