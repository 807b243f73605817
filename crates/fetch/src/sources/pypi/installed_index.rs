//! The index of the installed uv or pip, used if the user has configured none.
//!
//! Both programs have a default and print it on request: uv for `pip compile --emit-index-url`, and pip in verbose
//! mode, where it names the page it requests. The result is cached until the program changes, which shows in its path,
//! size or time: asking for its version would start Python every time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use url::Url;

use super::config::Named;
use crate::documents::cache::ResponseCache;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::{ProgramOutput, SourceOptions};

/// How long a result is used: the configuration of an unchanged program may change too.
const ANSWER_FRESH_FOR: Duration = Duration::from_secs(7 * 86_400);

/// A package that every index has, in a version that doesn't exist: pip looks for it and downloads nothing.
const NO_SUCH_VERSION: &str = "pip==0";

/// An empty list of requirements.
const NO_REQUIREMENTS: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// A program, its arguments, and the parser of its output.
struct IndexProgram {
    program: &'static str,
    arguments: &'static [&'static str],
    read: fn(&ProgramOutput) -> Option<String>,
}

const PIP: &[&str] = &["download", "--no-deps", "--no-input", "--disable-pip-version-check", "-vv", NO_SUCH_VERSION];
const MODULE: &[&str] =
    &["-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check", "-vv", NO_SUCH_VERSION];

const INDEX_PROGRAMS: [IndexProgram; 5] = [
    IndexProgram {
        program: "uv",
        arguments: &["pip", "compile", "--no-header", "--emit-index-url", NO_REQUIREMENTS],
        read: from_uv,
    },
    IndexProgram { program: "pip3", arguments: PIP, read: from_pip },
    IndexProgram { program: "pip", arguments: PIP, read: from_pip },
    IndexProgram { program: "python3", arguments: MODULE, read: from_pip },
    IndexProgram { program: "python", arguments: MODULE, read: from_pip },
];

/// Find the index of the first of uv, pip and Python on `PATH` that names one.
pub(super) fn installed_programs(options: &SourceOptions, cache: &ResponseCache) -> Result<Named, SourceError> {
    let mut asked = Vec::new();
    for candidate in &INDEX_PROGRAMS {
        let Some(path) = options.program_on_path(candidate.program) else { continue };
        let key = state_of(&path);
        let known = key.as_ref().and_then(|key| cache.recall::<String>("index-of", key, ANSWER_FRESH_FOR));
        let index = known.or_else(|| {
            let arguments: Vec<&OsStr> = candidate.arguments.iter().map(OsStr::new).collect();
            let output = (options.runner)(&path, &arguments).ok()?;
            let index = (candidate.read)(&output)?;
            if let Some(key) = &key {
                cache.remember("index-of", key, index.clone());
            }
            Some(index)
        });
        match index {
            Some(index) => return Ok((index, format!("the index of {}", path.display()))),
            None => asked.push(candidate.program),
        }
    }
    let settings = "UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, uv.toml and pip.conf name no index";
    let reason = match asked.as_slice() {
        [] => format!("{settings}, and neither uv nor pip is installed to ask"),
        asked => format!("{settings}, and {} did not say", asked.join(", ")),
    };
    Err(SourceError::new("the Python package index", SourceErrorKind::NotConfigured(reason)))
}

/// Make an address that changes with the program, as a key of the cache.
fn state_of(path: &Path) -> Option<Url> {
    let metadata = std::fs::metadata(path).ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut url = Url::from_file_path(path.canonicalize().unwrap_or_else(|_| PathBuf::from(path))).ok()?;
    url.set_query(Some(&format!("size={}&changed={}", metadata.len(), changed.as_nanos())));
    Some(url)
}

fn from_uv(output: &ProgramOutput) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| usable(line.trim().strip_prefix("--index-url")?.trim_start_matches('=').trim()))
}

/// Find the first line with the requested package's page; the index is the part before the package's name.
fn from_pip(output: &ProgramOutput) -> Option<String> {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let address = &line[line.find("http")?..];
        usable(address.split_whitespace().next()?.strip_suffix("pip/")?)
    })
}

/// Reject masked addresses: programs replace passwords with stars.
fn usable(address: &str) -> Option<String> {
    (address.starts_with("http") && !address.contains("****")).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> ProgramOutput {
        ProgramOutput { success: false, stdout: text.into(), stderr: Vec::new() }
    }

    #[test]
    fn the_index_is_found_in_what_each_program_says() {
        let pip = "Looking in links: /x\n1 location(s) to search for versions of pip:\n* https://h.invalid/simple/pip/\nFetching project page and analyzing links: https://h.invalid/simple/pip/\n";
        assert_eq!(from_pip(&said(pip)).as_deref(), Some("https://h.invalid/simple/"));
        assert_eq!(
            from_uv(&said("--index-url https://h.invalid/simple\n\n")).as_deref(),
            Some("https://h.invalid/simple")
        );
        assert_eq!(from_pip(&said("no such option: -vv\n")), None);
        assert_eq!(from_pip(&said("* https://me:****@h.invalid/simple/pip/")), None);
    }
}
