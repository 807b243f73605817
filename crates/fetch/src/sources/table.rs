//! The table of sources, with a row for each kind.

use vx_base::package::source_kind::SourceKind;

use super::{npm, pypi, system, url, vendor};
use crate::source::SourceRow;

/// Row of a kind of source. Whatever differs between sources is behind its row.
pub(super) const fn source_row(kind: SourceKind) -> &'static SourceRow {
    match kind {
        SourceKind::Npm => &npm::ROW,
        SourceKind::Pypi => &pypi::ROW,
        SourceKind::Vendor => &vendor::ROW,
        SourceKind::Url => &url::ROW,
        SourceKind::System => &system::ROW,
    }
}
