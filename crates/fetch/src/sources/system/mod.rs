//! Copies of tools on `PATH`.

use std::ffi::OsStr;
use std::path::PathBuf;

use vx_base::package::candidate::Candidate;
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::source::{RecipeMaker, SourceClient, SourceRow, VersionQuery};
use crate::tools::artifact::Artifact;
use crate::tools::catalogue::CatalogueTool;
use crate::tools::packaging::ProgramPath;
use crate::tools::recipe::{Recipe, RecipeQuestion};

pub(super) const ROW: SourceRow = SourceRow {
    recipe: RecipeMaker::Declared(|question| Ok(recipe(question))),
    package_layout: None,
    names_archive: |_, _, _| false,
    // A lock has no archives of a copy on `PATH`.
    compare_archives: |_, _, _| Ok(()),
    read_trust: |_| TlsTrust::default(),
    followed_settings: |_, _| None,
    connect: |options| Box::new(SearchPath { options: options.clone() }),
};

/// A program found on `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemTool {
    /// Its path.
    pub path: PathBuf,
    /// Version that it reports; `None` if its output has no recognisable version.
    pub version: Option<String>,
}

/// The programs on `PATH`, as a source.
struct SearchPath {
    options: SourceOptions,
}

impl SourceClient for SearchPath {
    fn candidates(&self, _: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        let recipe = query.recipe;
        let version = find_tool(&self.options, recipe)?.version;
        Ok(version.into_iter().map(|version| Candidate::new(version, recipe.source.scheme())).collect())
    }

    fn artifacts(&self, _: &Network, _: &Recipe, _: &str, _: Platform) -> Result<Vec<Artifact>, SourceError> {
        Ok(Vec::new())
    }
}

fn recipe(question: &RecipeQuestion<'_>) -> Recipe {
    let RecipeQuestion { name, known, .. } = *question;
    let own = known.map_or(name, |tool| tool.name.as_str());
    let names = known.into_iter().flat_map(CatalogueTool::program_names).chain([own]);
    let mut programs = question.programs_or(&[]);
    programs.extend(names.map(|name| ProgramPath::plain(name, name)));
    let listed = known.map(|tool| tool.system.clone()).filter(|programs| !programs.is_empty());
    Recipe {
        programs,
        system: listed.unwrap_or_else(|| vec![own.to_owned()]),
        version_arguments: known.map_or_else(|| vec!["--version".to_owned()], CatalogueTool::version_arguments),
        ..question.blank_recipe()
    }
}

/// Find the copy of a tool on `PATH`: the first of the tool's programs that exists there.
pub(super) fn find_tool(options: &SourceOptions, recipe: &Recipe) -> Result<SystemTool, SourceError> {
    let mut missing = None;
    for program in &recipe.system {
        match find_program(options, program, &recipe.version_arguments) {
            Ok(found) => return Ok(found),
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    let none = || SourceError::new(recipe.tool.clone(), SourceErrorKind::Program("it has no program".into()));
    Err(missing.unwrap_or_else(none))
}

/// Find a program on `PATH`, and run it for its version.
fn find_program(options: &SourceOptions, program: &str, arguments: &[String]) -> Result<SystemTool, SourceError> {
    let what = || format!("`{program}` of this system");
    let Some(path) = options.program_on_path(program) else {
        return Err(SourceError::new(what(), SourceErrorKind::Program(format!("no `{program}` is on PATH"))));
    };
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let output = (options.runner)(&path, &arguments).map_err(|error| {
        let reason = format!("`{}` cannot be run: {error}", path.display());
        SourceError::new(what(), SourceErrorKind::Program(reason))
    })?;
    // Some programs print the version on standard error.
    let version = version_in(&output.stdout).or_else(|| version_in(&output.stderr)).filter(|_| output.success);
    Ok(SystemTool { path, version })
}

/// Find the first dotted number in a text: `v22.3.0`, `go1.27.3`, `cmake version 3.31.0`.
fn version_in(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    text.split(|character: char| !(character.is_ascii_alphanumeric() || ".-+".contains(character))).find_map(|word| {
        let number = &word[word.find(|character: char| character.is_ascii_digit())?..];
        let end =
            number.find(|character: char| !(character.is_ascii_digit() || character == '.')).unwrap_or(number.len());
        let plain = number[..end].trim_end_matches('.');
        (plain.contains('.') && !plain.contains("..")).then(|| plain.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_real_programs_say() {
        for (said, version) in [
            ("v22.3.0\n", Some("22.3.0")),
            ("go version go1.27.3 linux/amd64", Some("1.27.3")),
            ("cmake version 3.31.0-g12ab\n\nCMake suite", Some("3.31.0")),
            ("git version 2.47.1.windows.2", Some("2.47.1")),
            ("Python 3.13.1+", Some("3.13.1")),
            ("uv 0.13.8 (x86_64-unknown-linux-gnu)", Some("0.13.8")),
            ("ninja 1", None),
            ("", None),
        ] {
            assert_eq!(version_in(said.as_bytes()).as_deref(), version, "{said}");
        }
    }
}
