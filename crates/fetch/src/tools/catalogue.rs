//! The catalogue of known tools. All of it is data in `catalogue.toml`. The build converts it to JSON, because nearly
//! every run reads it, and parsing TOML would take a third of a run that has nothing to do.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Deserialize;
use vx_base::nearest::near_misses;
use vx_base::package::source_kind::{SourceKind, registry_alternatives};
use vx_base::system::platform::Platform;
use vx_base::trouble::{Explain, TroubleKind};

use super::packaging::{Packaging, Site, VendorPackaging};

static CATALOGUE: LazyLock<CatalogueDocument> = LazyLock::new(|| {
    let document: CatalogueDocument = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/catalogue.json")))
        .expect("the catalogue is tested to parse");
    let named = |(name, tool): (String, CatalogueTool)| (name.clone(), CatalogueTool { name, ..tool });
    CatalogueDocument { tools: document.tools.into_iter().map(named).collect(), ..document }
});

#[derive(Deserialize)]
struct CatalogueDocument {
    sites: BTreeMap<String, Site>,
    keys: BTreeMap<String, Vec<KnownKey>>,
    tools: BTreeMap<String, CatalogueTool>,
}

/// A public key of a registry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownKey {
    pub(crate) keyid: String,
    /// Encoded in base 64.
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) expires: Option<Timestamp>,
}

/// A tool of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueTool {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// What it is, in a few words.
    pub about: String,
    /// Other names of the tool.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Other programs that its releases contain.
    #[serde(default)]
    pub brings: Vec<String>,
    /// Why no registry has the tool, if that is so.
    #[serde(default)]
    pub unavailable: Option<String>,
    #[serde(default)]
    pub(crate) lts: Vec<SupportLine>,
    /// Programs to look for on `PATH`, if they have other names than the tool.
    #[serde(default)]
    pub(crate) system: Vec<String>,
    #[serde(default)]
    version_arguments: Vec<String>,
    /// Its layouts, by the names of the registries that have it.
    #[serde(default)]
    registry: BTreeMap<String, Packaging>,
    #[serde(default)]
    pub(crate) vendor: Option<VendorPackaging>,
}

/// The first release of a long-term support line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupportLine {
    pub(crate) from: String,
    pub(crate) codename: String,
}

impl CatalogueTool {
    /// List the sources that carry it, in the order of trial.
    pub fn sources(&self) -> Vec<SourceKind> {
        let by_vendor = |kind: SourceKind| kind == SourceKind::Vendor && self.vendor.is_some();
        SourceKind::ALL.into_iter().filter(|kind| self.packaging(*kind).is_some() || by_vendor(*kind)).collect()
    }

    /// Its layout in a registry.
    pub(crate) fn packaging(&self, kind: SourceKind) -> Option<&Packaging> {
        self.registry.get(kind.name())
    }

    /// List all programs that any of its releases has.
    pub(crate) fn program_names(&self) -> impl Iterator<Item = &str> {
        let packaged = self.registry.values().flat_map(|packaging| &packaging.programs);
        let by_vendor = self.vendor.iter().flat_map(|vendor| &vendor.programs);
        let named = packaged.chain(by_vendor).map(|program| program.name.as_str());
        named.chain(self.brings.iter().chain(&self.system).map(String::as_str))
    }

    /// Arguments that make a program print its version.
    pub fn version_arguments(&self) -> Vec<String> {
        match self.version_arguments.as_slice() {
            [] => vec!["--version".to_owned()],
            own => own.to_vec(),
        }
    }

    /// Platforms that a registry's packages are named for. A Python package has wheels for some of them only.
    pub fn platforms(&self) -> Vec<Platform> {
        let packaged = |platform| self.registry.values().any(|packaging| !packaging.packages(platform).is_empty());
        let by_vendor = |platform| self.vendor.as_ref().is_some_and(|vendor| vendor.carries(platform));
        let has = |platform: &Platform| packaged(*platform) || by_vendor(*platform);
        Platform::ALL.into_iter().filter(has).collect()
    }
}

/// List all tools by name.
pub fn all() -> impl Iterator<Item = &'static CatalogueTool> {
    CATALOGUE.tools.values()
}

/// List the names of the sites that a mirror can replace.
pub fn sites() -> impl Iterator<Item = &'static str> {
    CATALOGUE.sites.keys().map(String::as_str)
}

/// Find a site by its name.
pub(crate) fn site(name: &str) -> Option<&'static Site> {
    CATALOGUE.sites.get(name)
}

/// Find the keys with which the public registry of this name signs.
pub(crate) fn keys(registry: &str) -> &'static [KnownKey] {
    CATALOGUE.keys.get(registry).map(Vec::as_slice).unwrap_or_default()
}

/// Find a tool by its name or an alias.
pub fn find(name: &str) -> Option<&'static CatalogueTool> {
    CATALOGUE.tools.get(name).or_else(|| all().find(|tool| tool.aliases.iter().any(|alias| alias == name)))
}

/// Whether both names mean the same tool.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || find(one).is_some_and(|tool| find(other).is_some_and(|other| other.name == tool.name))
}

/// Find the tool of this name, or the tool that brings a program of this name.
pub fn providing(program: &str) -> Option<&'static CatalogueTool> {
    find(program).or_else(|| all().find(|tool| tool.brings.iter().any(|brought| brought == program)))
}

/// Whether a tool has this name, or brings a program of this name from any source or on the search path.
pub fn has_program(name: &str) -> bool {
    find(name).is_some() || all().any(|tool| tool.program_names().any(|program| program == name))
}

/// Find the tools with this text in their name, programs or description, in any case; the best matches come first.
pub fn search(text: &str) -> Vec<&'static CatalogueTool> {
    let wanted = text.to_lowercase();
    let mut found: Vec<(u8, &CatalogueTool)> = all().filter_map(|tool| Some((rank(tool, &wanted)?, tool))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, tool)| tool).collect()
}

fn rank(tool: &CatalogueTool, wanted: &str) -> Option<u8> {
    let names = || std::iter::once(&tool.name).chain(&tool.aliases).chain(&tool.brings);
    if names().any(|name| name == wanted) {
        return Some(0);
    }
    if tool.name.contains(wanted) {
        return Some(1);
    }
    if names().any(|name| name.contains(wanted)) {
        return Some(2);
    }
    tool.about.to_lowercase().contains(wanted).then_some(3)
}

/// A name that no tool has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not known to vx")]
pub struct UnknownTool {
    /// The name.
    pub name: String,
    /// Tool that brings a program of this name, if any.
    pub brought_by: Option<String>,
    /// Known tools whose names are one slip away from this name.
    pub near: Vec<String>,
}

impl UnknownTool {
    pub(crate) fn new(name: &str) -> Self {
        let brought_by = all().find(|tool| tool.brings.iter().any(|program| program == name));
        let known = all().flat_map(|tool| std::iter::once(&tool.name).chain(&tool.aliases));
        let mut near: Vec<String> = Vec::new();
        for tool in near_misses(name, known.map(String::as_str)).into_iter().filter_map(find) {
            if !near.contains(&tool.name) {
                near.push(tool.name.clone());
            }
        }
        Self { name: name.to_owned(), brought_by: brought_by.map(|tool| tool.name.clone()), near }
    }
}

impl Explain for UnknownTool {
    fn kind(&self) -> TroubleKind {
        TroubleKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        let name = &self.name;
        if let Some(tool) = &self.brought_by {
            return Some(format!("`{name}` comes with `{tool}`: name that tool instead"));
        }
        match self.near.as_slice() {
            // Don't suggest the package of this name: whoever owns the name in a registry need not be the tool's maker.
            [] => {
                let packages = registry_alternatives(|kind| format!("`\"{kind}:PACKAGE\"`"));
                Some(format!(
                    "`vx search` lists the known tools; declare any other by the package that its makers name, \
                     {packages}, by `url` and `sha256`, or by `source = \"system\"`"
                ))
            }
            near => Some(format!(
                "did you mean {}?",
                near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use vx_base::package::source_kind::find_registry;
    use vx_base::template::{UnknownName, unknown_name};

    use super::*;

    #[test]
    fn templates_hold_names_that_their_places_know_alone() {
        const PROGRAM: [&str; 6] = ["wheel", "go", "version", "os", "arch", "triple"];
        const VENDOR: [&str; 3] = ["version", "tag", "target"];
        let check = |tool: &CatalogueTool, known: &[&str], template: &str| {
            if let Some(name) = unknown_name(template, |name| known.contains(&name)) {
                let unknown = UnknownName { place: &format!("`{template}` of {}", tool.name), name, known };
                panic!("{unknown}; {}", unknown.advice());
            }
        };
        for tool in all() {
            let vendor = tool.vendor.iter();
            let programs = vendor.clone().flat_map(|vendor| &vendor.programs);
            for program in programs.chain(tool.registry.values().flat_map(|packaging| &packaging.programs)) {
                let before = program.before.iter().map(|before| &before.path);
                before.chain(&program.windows).chain([&program.path]).for_each(|path| check(tool, &PROGRAM, path));
            }
            for companion in tool.registry.values().flat_map(|packaging| &packaging.also) {
                for template in [&companion.package, &companion.into] {
                    check(tool, &["node"], template);
                }
            }
            for vendor in vendor {
                let files = vendor.archives.iter().flat_map(|archive| {
                    Platform::ALL.map(|platform| archive.on(platform.os).0).into_iter().chain([archive.into.as_str()])
                });
                let others = vendor.index.version_in.iter().chain([&vendor.folder]);
                vendor.checksums.iter().for_each(|path| check(tool, &["version", "tag", "target", "file"], path));
                files.chain(others.map(String::as_str)).for_each(|template| check(tool, &VENDOR, template));
            }
        }
    }

    #[test]
    fn the_catalogue_is_sound() {
        let mut names: Vec<&str> = Vec::new();
        for tool in all() {
            names.push(&tool.name);
            names.extend(tool.aliases.iter().map(String::as_str));
            let carried = !tool.sources().is_empty();
            if let Some(vendor) = &tool.vendor {
                assert!(vendor.sites().iter().all(|site| super::site(site).is_some()), "{}", tool.name);
                let known =
                    |name: &String| *name == tool.name || tool.brings.contains(name) || tool.aliases.contains(name);
                assert!(vendor.programs.iter().all(|program| known(&program.name)), "{}", tool.name);
            }
            assert_ne!(carried, tool.unavailable.is_some(), "{} is carried or says why it is not", tool.name);
            for (registry, packaging) in &tool.registry {
                assert!(find_registry(registry).is_some(), "{} in {registry}", tool.name);
                assert!(!packaging.programs.is_empty(), "{}", tool.name);
                for platform in Platform::ALL {
                    assert!(!packaging.packages(platform).is_empty(), "{} on {platform}", tool.name);
                }
                for program in &packaging.programs {
                    let known = program.name == tool.name
                        || tool.brings.contains(&program.name)
                        || tool.aliases.contains(&program.name);
                    assert!(known, "{} of {}", program.name, tool.name);
                    if let Some(runner) = &program.runner {
                        let own = packaging.programs.iter().any(|other| other.name == *runner);
                        assert!(own || packaging.needs.as_ref() == Some(runner), "{} of {}", program.name, tool.name);
                    }
                }
            }
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for two tools");
    }

    #[test]
    fn tools_are_found_by_name_alias_and_text() {
        assert_eq!(find("golang").map(|tool| tool.name.as_str()), Some("go"));
        assert_eq!(find("npm").map(|tool| tool.name.as_str()), Some("npm"));
        assert!(find("npx").is_none());
        let names = |text| search(text).iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names("rg")[0], "ripgrep");
        assert!(names("npx")[..2].contains(&"node"));
        assert!(names("FORMATTER").contains(&"shfmt"));
        assert!(names("no such thing").is_empty());
    }

    #[test]
    fn an_unknown_name_is_met_with_what_was_probably_meant() {
        assert_eq!(UnknownTool::new("esbild").hint().as_deref(), Some("did you mean `esbuild`?"));
        assert_eq!(UnknownTool::new("npx").hint().as_deref(), Some("`npx` comes with `node`: name that tool instead"));
        for stranger in ["qqqq", "git-cliff", "moon", "sd", "jq"] {
            let hint = UnknownTool::new(stranger).hint().unwrap();
            assert!(hint.contains("npm:PACKAGE") && !hint.contains(stranger), "{hint}");
        }
    }
}
