//! A source of releases as the rest of vx sees it: its row in the table of sources, and the client of its servers.
//!
//! A row holds what needs no request: how a tool's recipe is made, which archives it names, which trust its settings
//! ask for. A client makes the requests. A source that can do more than list versions and archives implements a further
//! trait, so that no source has methods that mean nothing for it.

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

/// Everything about a source that needs no request.
pub(crate) struct SourceRow {
    /// How the recipe of a tool is made.
    pub(crate) recipe: RecipeMaker,
    /// For a registry of packages: the layout of a package that isn't in the catalogue.
    pub(crate) package_layout: Option<PackageLayout>,
    /// Whether the catalogue names the package of this archive for this version of the recipe's tool.
    pub(crate) names_archive: fn(&Recipe, &Archive, &str) -> bool,
    /// Finds the first difference between a recipe and the archives that a lock has for a version.
    pub(crate) compare_archives: fn(&Recipe, &str, &[&Archive]) -> Result<(), Disagreement>,
    /// Reads the trust in servers that its settings ask for.
    pub(crate) read_trust: fn(&SourceOptions) -> TlsTrust,
    /// Lists the settings in a project's file that the source follows, which therefore need consent; `None` if the file
    /// belongs to other programs.
    pub(crate) followed_settings: fn(&Path, &str) -> Option<Vec<NamedSetting>>,
    /// Makes its client, without a request.
    pub(crate) connect: fn(&SourceOptions) -> Box<dyn SourceClient>,
}

/// A setting's name and value.
pub(crate) type NamedSetting = (String, String);

/// How the recipe of a tool is made.
pub(crate) enum RecipeMaker {
    /// From the project's declaration; the tool need not be in the catalogue.
    Declared(fn(&RecipeQuestion<'_>) -> Result<Recipe, NoRecipe>),
    /// Look the tool up in the catalogue; `None` if it has no entry for this source and platform.
    Catalogued(fn(&RecipeQuestion<'_>, &CatalogueTool) -> Option<Recipe>),
}

/// A query for the versions of a tool.
#[derive(Clone, Copy)]
pub(crate) struct VersionQuery<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) platform: Platform,
    /// Whether the answer needs the time of publication of each version that may be later than the recipe's cutoff.
    pub(crate) dated: bool,
}

/// The client of a source.
pub(crate) trait SourceClient: Send + Sync {
    /// List the versions available on a platform, in no particular order; empty if the source has no list.
    fn candidates(&self, network: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError>;

    /// List a version's archives on a platform in the order of unpacking; empty if nothing is installed from here.
    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError>;

    /// This client, if a lock names archives of this source by package and file.
    fn archive_lists(&self) -> Option<&dyn ArchiveLists> {
        None
    }

    /// This client, if the source is a registry that the user's settings name.
    fn registry(&self) -> Option<&dyn RegistryClient> {
        None
    }
}

/// A source that lists the archives of tools on its servers, and can find an archive that a lock names.
pub(crate) trait ArchiveLists {
    /// Find the origin of an archive that a lock names.
    fn locate(&self, network: &Network, package: &str, file_name: &str) -> Result<Origin, SourceError>;

    /// Drop the cached versions of a tool, because there may be newer ones.
    fn forget_versions(&self, network: &Network, recipe: &Recipe);

    /// Address of the list of a tool's versions.
    fn list_address(&self, network: &Network, recipe: &Recipe) -> Option<Url>;
}

/// A registry that the user's settings name.
pub(crate) trait RegistryClient {
    /// Configuration files that apply, as far as they exist.
    fn setting_files(&self) -> Vec<PathBuf>;

    /// Address of the registry.
    fn address(&self, network: &Network) -> Result<Url, SourceError>;

    /// Make the header for an address of the registry itself.
    fn authorization(&self, network: &Network, url: &Url) -> Option<String>;

    /// Report the unusable entries of a package's list, if the list was read.
    fn passed_over(&self, network: &Network, package: &str) -> Option<SourceError>;

    /// Find an archive's builder by what the registry attests now.
    fn attestation_now(&self, network: &Network, archive: &Archive) -> Result<Attestation, SourceError>;

    /// Whether several archives of this file's release run on this platform, as far as is known without a request.
    fn has_alternatives(&self, package: &str, file_name: &str) -> bool;

    /// This client, if the registry signs packages.
    fn signer(&self) -> Option<&dyn SigningRegistry> {
        None
    }
}

/// A registry that signs packages.
pub(crate) trait SigningRegistry {
    /// Check that a lock claims as much as the settings require, without a request.
    fn check_claim(&self, claim: &Claim<'_>) -> Result<(), SourceError>;

    /// Check a signature from a lock. Only a key that isn't known on this machine is requested.
    fn proof(&self, network: &Network, claim: &Claim<'_>) -> Result<Proof, SourceError>;

    /// Ask the registry for an archive's digest and signature.
    fn signature_now(&self, network: &Network, archive: &Archive) -> Result<(Option<Digest>, Signature), SourceError>;
}

/// The error for a package that cannot be a tool by itself.
pub(crate) fn unshipped(recipe: &Recipe, package: &str, version: &str, lack: UnshippedReason) -> SourceError {
    let (package, version) = (package.to_owned(), version.to_owned());
    let unshipped = Unshipped { source_kind: recipe.source, package, version, lack };
    SourceError::new(recipe.tool.clone(), SourceErrorKind::Unshipped(Box::new(unshipped)))
}
