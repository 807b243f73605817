//! The one line about a project's withheld parts, printed once for each shell and project.
//!
//! A mark in the caches means "this shell was told about this project". The session identifies a shell, so all programs
//! started from one terminal share the mark.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use vx_base::digest::Algorithm;
use vx_base::paths::Home;
use vx_project::trust::ActingPart;

use super::consent::Consent;
use super::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::session::session;

/// The age at which a mark expires: the session's number may by then belong to another shell.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// The most marks; when there would be more, all are removed, and each shell is told once more.
const MOST: usize = 256;

/// Send a notice of everything that is withheld from this project, unless this shell was told already.
pub fn tell(home: &Home, consent: &Consent, frontend: &dyn Frontend) {
    let mark = || format!("{}-{:.8}-{:.16}", consent.key.file_name, consent.key.origin, consent.digest.hex());
    if (!consent.complete() || !consent.refused.is_empty()) && is_news(home, &mark()) {
        frontend.notice(notice(consent));
    }
}

/// Send a notice of the variables in this file that are never taken from a project, unless this shell was told already.
pub fn tell_of_file(home: &Home, file: &Path, refused: Vec<String>, frontend: &dyn Frontend) {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(file.as_os_str().as_encoded_bytes());
    refused.iter().for_each(|name| hasher.update(format!("\0{name}").as_bytes()));
    if !refused.is_empty() && is_news(home, &format!("file-{:.32}", hasher.finish().hex())) {
        frontend.notice(Notice::Withheld { file: file.to_owned(), parts: Vec::new(), refused, stranger: None });
    }
}

/// The notice of everything that is withheld from this project.
pub fn notice(consent: &Consent) -> Notice {
    Notice::Withheld {
        file: consent.file.clone(),
        parts: consent.withheld().iter().map(ActingPart::short).collect(),
        refused: consent.refused.clone(),
        stranger: consent.stranger.clone(),
    }
}

/// Whether this shell was not told about this mark yet; sets the mark. If the home cannot be written to, no mark can be
/// set, so every call is told.
fn is_news(home: &Home, mark: &str) -> bool {
    let folder = home.told();
    let mark = folder.join(format!("{mark}-{}", session().unwrap_or_default()));
    let age = |path: &Path| {
        let changed = fs::metadata(path).and_then(|found| found.modified()).ok()?;
        Some(SystemTime::now().duration_since(changed).unwrap_or_default())
    };
    if age(&mark).is_some_and(|age| age < STALE) {
        return false;
    }
    let _ = make_room(&folder).and_then(|()| fs::write(&mark, ""));
    true
}

fn make_room(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let marks: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    if marks.len() >= MOST {
        marks.iter().for_each(|mark| drop(fs::remove_file(mark)));
    }
    Ok(())
}
