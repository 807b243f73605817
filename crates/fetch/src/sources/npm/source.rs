//! The npm registry as a source.

use std::path::PathBuf;

use url::Url;
use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::Candidate;
use vx_base::package::shipped::NODE_MODULES;
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use super::agreement::{compare_archives, names_archive};
use super::client::client_certificates;
use super::project_settings::followed_settings;
use super::safety::{certificate_files, unchecked_hosts};
use super::{Npm, registry};
use crate::documents::network::Network;
use crate::error::SourceError;
use crate::options::SourceOptions;
use crate::proof::attestation::Attestation;
use crate::proof::signature::{Claim, Proof, Signature};
use crate::source::{
    ArchiveLists, RecipeMaker, RegistryClient, SigningRegistry, SourceClient, SourceRow, VersionQuery,
};
use crate::tools::artifact::Artifact;
use crate::tools::recipe::{PackageLayout, Recipe};

pub(in crate::sources) const ROW: SourceRow = SourceRow {
    recipe: RecipeMaker::Catalogued(|question, tool| question.catalogued_recipe(tool)),
    package_layout: Some(PackageLayout { runner: Some("node"), strip: 1, folder: Some(NODE_MODULES) }),
    names_archive,
    compare_archives,
    read_trust,
    followed_settings,
    connect: |options| Box::new(Npm::new(options.clone())),
};

fn read_trust(options: &SourceOptions) -> TlsTrust {
    TlsTrust {
        files: certificate_files(options),
        unchecked: unchecked_hosts(options),
        clients: client_certificates(options),
    }
}

impl SourceClient for Npm {
    fn candidates(&self, network: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        self.tool_candidates(network, query.recipe, query.dated)
    }

    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        _: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        self.tool_artifacts(network, recipe, version)
    }

    fn archive_lists(&self) -> Option<&dyn ArchiveLists> {
        Some(self)
    }

    fn registry(&self) -> Option<&dyn RegistryClient> {
        Some(self)
    }
}

impl ArchiveLists for Npm {
    fn locate(&self, network: &Network, package: &str, file_name: &str) -> Result<Origin, SourceError> {
        self.locate(&network.netrc, package, file_name)
    }

    fn forget_versions(&self, network: &Network, recipe: &Recipe) {
        recipe.packages.iter().for_each(|package| self.forget(&network.cache, package));
    }

    fn list_address(&self, _: &Network, recipe: &Recipe) -> Option<Url> {
        self.list_of(recipe.packages().first()?).ok()
    }
}

impl RegistryClient for Npm {
    fn setting_files(&self) -> Vec<PathBuf> {
        registry::files(&self.options)
    }

    fn address(&self, _: &Network) -> Result<Url, SourceError> {
        self.registry()?.address()
    }

    fn authorization(&self, network: &Network, url: &Url) -> Option<String> {
        let own = self.registry().ok().and_then(|registry| registry.authorization(url, ""));
        own.or_else(|| network.netrc.header(url))
    }

    fn passed_over(&self, _: &Network, package: &str) -> Option<SourceError> {
        self.passed_over(package)
    }

    fn attestation_now(&self, network: &Network, archive: &Archive) -> Result<Attestation, SourceError> {
        self.attestation_now(&network.cache, &network.netrc, archive)
    }

    fn has_alternatives(&self, _: &str, _: &str) -> bool {
        false
    }

    fn signer(&self) -> Option<&dyn SigningRegistry> {
        Some(self)
    }
}

impl SigningRegistry for Npm {
    fn check_claim(&self, claim: &Claim<'_>) -> Result<(), SourceError> {
        self.claimed(claim)
    }

    fn proof(&self, network: &Network, claim: &Claim<'_>) -> Result<Proof, SourceError> {
        self.proof(&network.cache, &network.netrc, claim)
    }

    fn signature_now(&self, network: &Network, archive: &Archive) -> Result<(Option<Digest>, Signature), SourceError> {
        self.signature_now(&network.cache, &network.netrc, archive)
    }
}
