//! The archives: their names, their files, and their digests.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use vx_base::digest::{Algorithm, Digest};

/// One archive of the bench.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    pub(crate) tool: String,
    pub(crate) version: String,
    /// Its name at the server: `<tool>-<version>.tgz` or `.zip`.
    pub(crate) file: String,
    /// Its name as a wheel, from which uv takes the platform.
    pub(crate) wheel: Option<String>,
    /// Its program, below the first folder for archives of npm.
    pub(crate) program: String,
    pub(crate) size_bytes: u64,
    pub(crate) digest: Digest,
}

impl Archive {
    pub(crate) fn is_zip(&self) -> bool {
        self.file.ends_with(".zip")
    }

    /// The number of leading folders to drop.
    pub(crate) fn strip(&self) -> u32 {
        u32::from(!self.is_zip())
    }
}

/// The files of the bench, fetched once and kept.
pub(crate) struct Archives {
    /// Directory of the files.
    pub(crate) directory: PathBuf,
    /// One of each tool, the largest first.
    pub(crate) tools: Vec<Archive>,
    /// Another version of one of the tools.
    pub(crate) other: Archive,
    /// The program mise.
    pub(crate) mise: PathBuf,
    /// The program uv.
    pub(crate) uv: PathBuf,
}

impl Archives {
    /// Fetch the missing files into the user's cache, and describe all of them.
    pub(crate) fn prepare() -> io::Result<Self> {
        let directory = cache()?;
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/install");
        let fetched = Command::new("sh").arg(sources.join("fetch.sh")).arg(&directory).status()?;
        if !fetched.success() {
            return Err(io::Error::other("the archives could not be fetched: see above"));
        }
        let list = fs::read_to_string(sources.join("archives.txt"))?;
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        let mut all: Vec<Archive> = lines.map(|line| read(line, &directory)).collect::<io::Result<_>>()?;
        let mut extra = all.split_off(12);
        all.sort_by_key(|archive| std::cmp::Reverse(archive.size_bytes));
        let (mise, other) = (extra.remove(1), extra.remove(0));
        let uv = all.iter().find(|archive| archive.tool == "uv").expect("the list names uv").clone();
        let mise = take_out(&directory, &mise, "package/")?;
        let uv = take_out(&directory, &uv, "")?;
        Ok(Self { tools: all, other, mise, uv, directory })
    }
}

fn cache() -> io::Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    let cache = cache.ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME says where to keep archives"))?;
    let directory = cache.join("vx-bench").join("install");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn read(line: &str, directory: &Path) -> io::Result<Archive> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [tool, registry, package, version, program] = words[..] else {
        return Err(io::Error::other(format!("archives.txt: `{line}` does not have five words")));
    };
    let ending = if registry == "npm" { "tgz" } else { "zip" };
    let file = format!("{tool}-{version}.{ending}");
    let mut hasher = Algorithm::Sha256.hasher();
    let mut bytes = Hashed { hasher: &mut hasher };
    let size_bytes = io::copy(&mut File::open(directory.join(&file))?, &mut bytes)?;
    let beginning = format!("{}-{version}-", package.replace('-', "_"));
    let wheel = fs::read_dir(directory)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with(&beginning) && name.ends_with(".whl"));
    let (tool, version, program) = (tool.to_owned(), version.to_owned(), program.to_owned());
    Ok(Archive { tool, version, file, wheel, program, size_bytes, digest: hasher.finish() })
}

struct Hashed<'a> {
    hasher: &'a mut vx_base::digest::Hasher,
}

impl io::Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The program of an archive, in the cache.
fn take_out(directory: &Path, archive: &Archive, folder: &str) -> io::Result<PathBuf> {
    let programs = directory.join("programs");
    let place = programs.join(&archive.tool);
    let version = programs.join(format!("{}.version", archive.tool));
    if place.exists() && fs::read_to_string(&version).is_ok_and(|known| known == archive.version) {
        return Ok(place);
    }
    fs::create_dir_all(&programs)?;
    let member = format!("{folder}{}", archive.program);
    let output = Command::new("bsdtar")
        .args(["-xOf".as_ref(), directory.join(&archive.file).as_os_str()])
        .arg(&member)
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("bsdtar found no {member} in {}", archive.file)));
    }
    fs::write(&place, output.stdout)?;
    fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    fs::write(version, &archive.version)?;
    Ok(place)
}
