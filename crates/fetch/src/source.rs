//! One source of releases, as all others see it: its row in the table of sources, and the client of its servers.
//!
//! A row is what needs no request: how a tool's recipe is made, which archives it names, which trust its settings ask for.
//! A client makes the requests. A source that can more than list versions and archives says so by a further trait, so
//! that no source has methods that mean nothing for it.

use std::path::{Path, PathBuf};

use url::Url;
use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::Candidate;
use vx_base::package::shipped::{Unshipped, UnshippedReason};
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use crate::agreement::Disagreement;
use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::proof::attestation::Attestation;
use crate::proof::signature::{Claim, Proof, Signature};
use crate::tools::artifact::Artifact;
use crate::tools::catalogue::CatalogueTool;
use crate::tools::recipe::{NoRecipe, PackageLayout, Recipe, RecipeQuestion};

/// What is known of a source without a request.
pub(crate) struct SourceRow {
    /// The way to the recipe of a tool.
    pub(crate) recipe: RecipeMaker,
    /// The layout of a package that the catalogue does not have, if the source is a registry of packages.
    pub(crate) package_layout: Option<PackageLayout>,
    /// True if the catalogue names the package of this archive for this version of the recipe's tool.
    pub(crate) names_archive: fn(&Recipe, &Archive, &str) -> bool,
    /// The first difference between a recipe and the archives that a lock has for a version.
    pub(crate) compare_archives: fn(&Recipe, &str, &[&Archive]) -> Result<(), Disagreement>,
    /// The trust in servers that its settings ask for.
    pub(crate) read_trust: fn(&SourceOptions) -> TlsTrust,
    /// The settings in a file of the project that the source follows, and a project therefore needs consent for; `None` if
    /// the file is not of its programs.
    pub(crate) followed_settings: fn(&Path, &str) -> Option<Vec<NamedSetting>>,
    /// Its client. No request is made yet.
    pub(crate) connect: fn(&SourceOptions) -> Box<dyn SourceClient>,
}

/// A setting by its name, with its value.
pub(crate) type NamedSetting = (String, String);

/// The way from a tool to its recipe.
pub(crate) enum RecipeMaker {
    /// From what the project declares; the catalogue need not know the tool.
    Declared(fn(&RecipeQuestion<'_>) -> Result<Recipe, NoRecipe>),
    /// Looks the tool up in the catalogue; `None` if it is not there for this source and platform.
    Catalogued(fn(&RecipeQuestion<'_>, &CatalogueTool) -> Option<Recipe>),
}

/// A question for the versions of a tool.
#[derive(Clone, Copy)]
pub(crate) struct VersionQuery<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) platform: Platform,
    /// True if the time of publication of each version that may be later than the recipe's cutoff is needed.
    pub(crate) dated: bool,
}

/// The client of a source.
pub(crate) trait SourceClient: Send + Sync {
    /// The versions available on a platform, in no particular order; none if the source has no list.
    fn candidates(&self, network: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError>;

    /// The archives of a version on a platform, in the order of their unpacking; none if nothing is installed from here.
    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError>;

    /// The same client, if a lock names archives of this source by package and file.
    fn archive_lists(&self) -> Option<&dyn ArchiveLists> {
        None
    }

    /// The same client, if the source is a registry that the user's settings name.
    fn registry(&self) -> Option<&dyn RegistryClient> {
        None
    }
}

/// A source that lists the archives of tools on its servers, and finds one again that a lock names.
pub(crate) trait ArchiveLists {
    /// The origin of an archive that a lock names.
    fn locate(&self, network: &Network, package: &str, file_name: &str) -> Result<Origin, SourceError>;

    /// Drop the cached versions of a tool, because there may be newer ones.
    fn forget_versions(&self, network: &Network, recipe: &Recipe);

    /// The address of the list of a tool's versions.
    fn list_address(&self, network: &Network, recipe: &Recipe) -> Option<Url>;
}

/// A registry that the user's settings name.
pub(crate) trait RegistryClient {
    /// The configuration files that apply, as far as they exist.
    fn setting_files(&self) -> Vec<PathBuf>;

    /// The address of the registry.
    fn address(&self, network: &Network) -> Result<Url, SourceError>;

    /// The header for an address of the registry itself.
    fn authorization(&self, network: &Network, url: &Url) -> Option<String>;

    /// The entries of a package's list that make no sense and were passed over, if the list was read.
    fn passed_over(&self, network: &Network, package: &str) -> Option<SourceError>;

    /// The builder of an archive by what the registry attests now.
    fn attestation_now(&self, network: &Network, archive: &Archive) -> Result<Attestation, SourceError>;

    /// True if the registry has several archives of this file's release that run on this platform, as far as is known
    /// without a request.
    fn has_alternatives(&self, package: &str, file_name: &str) -> bool;

    /// The same client, if the registry signs packages.
    fn signer(&self) -> Option<&dyn SigningRegistry> {
        None
    }
}

/// A registry that signs packages.
pub(crate) trait SigningRegistry {
    /// Check that a lock claims as much as the settings require. No request is made.
    fn check_claim(&self, claim: &Claim<'_>) -> Result<(), SourceError>;

    /// Check the signature that a lock keeps. A request is made only for a key that is not known on this machine.
    fn proof(&self, network: &Network, claim: &Claim<'_>) -> Result<Proof, SourceError>;

    /// The digest and the signature of an archive by what the registry says now.
    fn signature_now(&self, network: &Network, archive: &Archive) -> Result<(Option<Digest>, Signature), SourceError>;
}

/// The error of a package that cannot be a tool by itself.
pub(crate) fn unshipped(recipe: &Recipe, package: &str, version: &str, lack: UnshippedReason) -> SourceError {
    let (package, version) = (package.to_owned(), version.to_owned());
    let unshipped = Unshipped { source_kind: recipe.source, package, version, lack };
    SourceError::new(recipe.tool.clone(), SourceErrorKind::Unshipped(Box::new(unshipped)))
}
