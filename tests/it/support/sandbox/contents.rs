//! The contents of archives and releases, read by other code than vx's own.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file or link of an archive or of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) path: String,
    /// Its bytes; for a link, its target.
    pub(super) bytes: Vec<u8>,
    pub(super) executable: bool,
    pub(super) link: bool,
}

/// The files and links of a release, except those that vx writes for itself.
pub(super) fn contents_of(release: &Path) -> Vec<Content> {
    let mut paths = Vec::new();
    super::files_below(release, release, &mut paths);
    paths.retain(|path| !path.starts_with(".vx-"));
    let content = |path: String| {
        let place = release.join(&path);
        match fs::read_link(&place) {
            Ok(target) => Content { path, bytes: bytes_of(target), executable: false, link: true },
            Err(_) => {
                let bytes = fs::read(&place).unwrap_or_default();
                Content { path, bytes, executable: is_executable(&place), link: false }
            }
        }
    };
    paths.into_iter().map(content).collect()
}

/// The files and links of an archive.
pub(super) fn entries(file_name: &str, archive: &[u8]) -> Vec<Content> {
    match file_name {
        name if name.ends_with(".whl") || name.ends_with(".zip") => zip_entries(archive),
        name if name.ends_with(".tgz") || name.ends_with(".tar.gz") => {
            let mut tar = Vec::new();
            flate2::read::MultiGzDecoder::new(archive).read_to_end(&mut tar).expect("gzip");
            tar_entries(&tar)
        }
        name => panic!("the test publishes no `{name}`"),
    }
}

fn tar_entries(tar: &[u8]) -> Vec<Content> {
    let mut contents = Vec::new();
    for entry in tar::Archive::new(tar).entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let link = entry.header().entry_type() == tar::EntryType::Symlink;
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let mut bytes = Vec::new();
        match entry.link_name().expect("a link") {
            Some(target) if link => bytes = bytes_of(target.into_owned()),
            _ => drop(entry.read_to_end(&mut bytes).expect("content")),
        }
        let executable = !link && entry.header().mode().expect("a mode") & 0o100 != 0;
        contents.push(Content { path, bytes, executable, link });
    }
    contents
}

fn zip_entries(archive: &[u8]) -> Vec<Content> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive)).expect("a zip");
    let mut contents = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        if entry.is_dir() {
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o644);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("content");
        let link = mode & 0o170_000 == 0o120_000;
        contents.push(Content {
            path: entry.name().expect("a name").to_string(),
            bytes,
            executable: !link && mode & 0o100 != 0,
            link,
        });
    }
    contents
}

fn bytes_of(path: PathBuf) -> Vec<u8> {
    std::os::unix::ffi::OsStringExt::into_vec(path.into_os_string())
}

/// Returns whether a file can be executed. Links are followed, because a program may be a link.
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o100 != 0)
}
