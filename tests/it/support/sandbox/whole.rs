//! Checking that a home is whole: every release matches its receipt, file by file, and no half-made file is left.
//!
//! The expected files of a release are taken from the published archives, which are read here by other code than vx's
//! own. So a release and a receipt that are wrong together are found, too.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use vx_base::digest::{Algorithm, Digest};
use vx_base::package::archive::Archive;
use vx_store::{Receipt, tool_of};

use super::Sandbox;
use super::contents::{Content, contents_of, entries, is_executable};
use crate::support::registry::digest;

/// The contents of archives that were already read, by the names of their digests.
pub(super) type Known = HashMap<String, Rc<Vec<Content>>>;

impl Sandbox {
    /// Assert that nothing is wrong with any release or archive. This must hold at any instant.
    #[track_caller]
    pub(crate) fn keeps_only_whole_releases(&self) {
        let flaws: Vec<String> = self.store_flaws().into_iter().chain(self.cache_flaws()).collect();
        assert!(flaws.is_empty(), "not whole:\n{}", flaws.join("\n"));
    }

    /// The faults of these releases, each named as `tool version`.
    pub(crate) fn flaws_of(&self, releases: &[String]) -> Vec<String> {
        let mut flaws = self.store_flaws();
        flaws.retain(|flaw| releases.iter().any(|release| flaw.starts_with(&format!("{release}: "))));
        flaws
    }

    /// Assert the same, and that there are no leftovers except the beginnings of archives, which the next run
    /// continues.
    #[track_caller]
    pub(crate) fn is_whole(&self) {
        self.keeps_only_whole_releases();
        assert_eq!(self.left_behind(), Vec::<String>::new());
    }

    /// Assert the same, and that there is no beginning of an archive either.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        self.is_whole();
        assert_eq!(self.parts(), Vec::<String>::new());
    }

    /// The beginnings of archives in the cache.
    pub(crate) fn parts(&self) -> Vec<String> {
        let mut names = names_in(&self.kept().join("cache/downloads"));
        names.retain(|name| name.contains(".part"));
        names
    }

    fn store_flaws(&self) -> Vec<String> {
        let store = self.kept().join("store");
        let mut flaws = Vec::new();
        for tool in names_in(&store) {
            for version in names_in(&store.join(&tool)) {
                let release = store.join(&tool).join(&version);
                let found = match Receipt::read(&release) {
                    Some(receipt) if (&*receipt.tool, &*receipt.version) == (&*tool_of(&tool), &*version) => {
                        self.release_flaws(&release, &receipt)
                    }
                    Some(receipt) => vec![format!("its receipt is of {} {}", receipt.tool, receipt.version)],
                    None => vec!["it has no receipt".to_owned()],
                };
                flaws.extend(found.into_iter().map(|flaw| format!("{tool} {version}: {flaw}")));
            }
        }
        flaws
    }

    fn release_flaws(&self, release: &Path, receipt: &Receipt) -> Vec<String> {
        let mut there = contents_of(release);
        let mut flaws = Vec::new();
        let (mut files, mut size_bytes) = (0, 0);
        for part in &receipt.parts {
            let Some(archive) = self.contents(part) else {
                flaws.push(format!("`{}` with {:?} was never published", part.file, part.digest));
                continue;
            };
            for wanted in archive.iter() {
                files += 1;
                size_bytes += if wanted.link { 0 } else { wanted.bytes.len() as u64 };
                match place_of(wanted, &there) {
                    None => flaws.push(format!("`{}` of `{}` is missing", wanted.path, part.file)),
                    Some(at) => flaws.extend(difference(wanted, &there.remove(at))),
                }
            }
        }
        for program in &receipt.programs {
            let path = release.join(&program.path);
            if !is_executable(&path) {
                flaws.push(format!("program `{}` cannot be executed", program.path));
            }
            there.retain(|other| other.path != program.path);
        }
        flaws.extend(there.into_iter().map(|other| format!("`{}` is in no archive", other.path)));
        if (receipt.files, receipt.size_bytes) != (files, size_bytes) {
            let (said, bytes) = (receipt.files, receipt.size_bytes);
            flaws
                .push(format!("{said} files of {bytes} bytes in the receipt, {files} of {size_bytes} in the archives"));
        }
        flaws
    }

    /// The faults of the cache: whole archives must match the digests in their names, and parts must be beginnings of
    /// an archive.
    fn cache_flaws(&self) -> Vec<String> {
        let cache = self.kept().join("cache/downloads");
        let published = self.registry().archives();
        let mut flaws = Vec::new();
        for name in names_in(&cache).into_iter().filter(|name| !name.ends_with(".etag")) {
            let bytes = fs::read(cache.join(&name)).unwrap_or_default();
            let of = |algorithm, bytes: &[u8]| digest(algorithm, bytes).file_name();
            let good = match name.strip_suffix(".part") {
                None => [Algorithm::Sha256, Algorithm::Sha512].iter().any(|algorithm| of(*algorithm, &bytes) == name),
                Some(whole) => published.iter().any(|archive| {
                    archive.starts_with(&bytes)
                        && [Algorithm::Sha256, Algorithm::Sha512].iter().any(|how| of(*how, archive) == whole)
                }),
            };
            if !good {
                flaws.push(format!("`{name}` in the cache, of {} bytes, is not what it is named after", bytes.len()));
            }
        }
        flaws
    }

    /// The content of the archive that this part of a receipt names.
    fn contents(&self, part: &Archive) -> Option<Rc<Vec<Content>>> {
        let digest = part.digest.as_ref()?;
        let name = digest.file_name();
        if let Some(known) = self.known.borrow().get(&name) {
            return Some(Rc::clone(known));
        }
        let same = |archive: &&Vec<u8>| part.size == Some(archive.len() as u64) && is(digest, archive);
        let archive = self.registry().archives().iter().find(same).cloned()?;
        let contents = Rc::new(entries(&part.file, &archive));
        self.known.borrow_mut().insert(name, Rc::clone(&contents));
        Some(contents)
    }
}

fn is(digest_said: &Digest, archive: &[u8]) -> bool {
    digest(digest_said.algorithm(), archive) == *digest_said
}

/// The place of an entry in a release: its own path, or that without the first component, or the latter below a folder
/// that the part goes to.
fn place_of(wanted: &Content, there: &[Content]) -> Option<usize> {
    let stripped = wanted.path.split_once('/').map_or(wanted.path.as_str(), |(_, rest)| rest);
    let at = |path: &str| there.iter().position(|other| other.path == path);
    at(&wanted.path).or_else(|| at(stripped)).or_else(|| {
        let ending = format!("/{stripped}");
        there.iter().position(|other| other.path.ends_with(&ending))
    })
}

fn difference(wanted: &Content, found: &Content) -> Option<String> {
    let path = &found.path;
    if wanted.link != found.link {
        Some(format!("`{path}` is of another kind"))
    } else if wanted.bytes != found.bytes {
        Some(format!("`{path}` has {} bytes that are not those of the archive", found.bytes.len()))
    } else if wanted.executable && !found.executable {
        Some(format!("`{path}` cannot be executed"))
    } else {
        None
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A test of the check itself: it must find each kind of fault.
#[test]
fn every_flaw_of_a_home_is_found() {
    use std::os::unix::fs::PermissionsExt;

    let wrong = |what: &str, spoil: &dyn Fn(&Path)| {
        let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\nruff = \"0.15.1\"\n");
        let sandbox = sandbox.offers("node", "22.23.3").offers("ruff", "0.15.1");
        sandbox.vx("sync").succeeds();
        sandbox.is_clean();
        spoil(&sandbox.kept());
        let flaws: Vec<String> = sandbox.store_flaws().into_iter().chain(sandbox.cache_flaws()).collect();
        assert_eq!(flaws.len(), 1, "{what}: {flaws:?}");
        assert!(flaws[0].contains(what), "{what}: {flaws:?}");
    };
    let node = |home: &Path| home.join("store/node/22.23.3");
    let npm = |home: &Path| node(home).join("lib/node_modules/npm/bin/npm-cli.js");
    wrong("is missing", &|home| fs::remove_file(npm(home)).unwrap_or_else(|error| panic!("{error}")));
    wrong("not those of the archive", &|home| fs::write(npm(home), "echo 11.0.1\n").expect("a file"));
    wrong("cannot be executed", &|home| {
        fs::set_permissions(node(home).join("bin/npm"), fs::Permissions::from_mode(0o644)).expect("a mode");
    });
    wrong("`share/new` is in no archive", &|home| {
        fs::create_dir_all(node(home).join("share")).expect("a directory");
        fs::write(node(home).join("share/new"), "").expect("a file");
    });
    wrong("it has no receipt", &|home| fs::remove_file(node(home).join(".vx-receipt.toml")).expect("removed"));
    wrong("is not what it is named after", &|home| {
        let cache = home.join("cache/downloads");
        let one = cache.join(&names_in(&cache)[0]);
        fs::write(&one, &fs::read(&one).expect("an archive")[1..]).expect("a file");
    });
}
