//! The table of sources: a row for each kind.

use vx_base::package::source_kind::SourceKind;

use super::{npm, pypi, system, url, vendor};
use crate::source::SourceRow;

/// The row of a kind of source. Everything that a source does in its own way is behind its row.
pub(super) const fn source_row(kind: SourceKind) -> &'static SourceRow {
    match kind {
        SourceKind::Npm => &npm::ROW,
        SourceKind::Pypi => &pypi::ROW,
        SourceKind::Vendor => &vendor::ROW,
        SourceKind::Url => &url::ROW,
        SourceKind::System => &system::ROW,
    }
}
