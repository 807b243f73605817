//! The interpreter that a script names in its first line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The longest first line of a script that any system reads.
const LONGEST_LINE_BYTES: u64 = 512;

/// The interpreter of this script, if its absence caused this error: the system then reports the script itself as not
/// found.
pub fn missing_interpreter(file: &Path, error: &io::Error) -> Option<String> {
    if error.kind() != io::ErrorKind::NotFound || !file.exists() {
        return None;
    }
    let mut line = Vec::new();
    BufReader::new(File::open(file).ok()?.take(LONGEST_LINE_BYTES)).read_until(b'\n', &mut line).ok()?;
    let named = String::from_utf8_lossy(line.strip_prefix(b"#!")?).trim().to_owned();
    named.split_whitespace().next().map(str::to_owned)
}
