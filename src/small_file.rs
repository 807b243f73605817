//! Small files that vx keeps for itself, and that anything may have changed since: a file that cannot be one of them
//! counts as missing.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The content of a file of at most this many bytes; `None` if it is missing, unreadable or larger.
pub fn read_small(path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most_bytes).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_larger_than_it_may_be_counts_as_missing() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("file");
        assert_eq!(read_small(&path, 4), None);
        assert_eq!(read_small(top.path(), 4), None);
        std::fs::write(&path, "four").expect("a file");
        assert_eq!(read_small(&path, 4).as_deref(), Some(&b"four"[..]));
        assert_eq!(read_small(&path, 3), None);
    }
}
