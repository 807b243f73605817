//! The one line about a project's withheld parts: once for each shell and project.
//!
//! A mark in the caches stands for "this shell was told about this project". A shell is known by its session, so that
//! all programs started from one terminal share it.

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

/// The age at which a mark counts no more: a session's number may have gone to another shell.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// The most marks; beyond it all are removed, and each shell is told once more.
const MOST: usize = 256;

/// Give notice of everything that is withheld from this project, unless this shell was told already.
pub fn tell(home: &Home, consent: &Consent, frontend: &dyn Frontend) {
    let mark = || format!("{}-{:.8}-{:.16}", consent.key.file_name, consent.key.origin, consent.digest.hex());
    if (!consent.complete() || !consent.refused.is_empty()) && is_news(home, &mark()) {
        frontend.notice(notice(consent));
    }
}

/// Give notice of the variables in this file of a project that are never taken from one, unless this shell was told
/// already.
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

/// True if this shell was not told yet what this mark stands for; from now on it was. A home that cannot be written to has
/// no marks, and each call tells.
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
