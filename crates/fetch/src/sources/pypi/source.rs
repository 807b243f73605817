//! The Python package index as a source.

use std::path::PathBuf;

use url::Url;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::Candidate;
use vx_base::package::shipped::UnshippedReason;
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use super::agreement::compare_archives;
use super::project_settings::followed_settings;
use super::safety::{certificate_files, client_certificate, trusted_hosts};
use super::{IndexedVersion, Pypi, config};
use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::proof::attestation::Attestation;
use crate::source::{ArchiveLists, RecipeMaker, RegistryClient, SourceClient, SourceRow, VersionQuery, unshipped};
use crate::tools::artifact::Artifact;
use crate::tools::recipe::{PackageLayout, Recipe};

pub(in crate::sources) const ROW: SourceRow = SourceRow {
    recipe: RecipeMaker::Catalogued(|question, tool| question.catalogued_recipe(tool)),
    package_layout: Some(PackageLayout { runner: None, strip: 0, folder: None }),
    names_archive: |recipe, archive, _| recipe.names_package(archive),
    compare_archives,
    read_trust,
    followed_settings,
    connect: |options| Box::new(Pypi::new(options.clone())),
};

fn read_trust(options: &SourceOptions) -> TlsTrust {
    TlsTrust {
        files: certificate_files(options),
        unchecked: trusted_hosts(options),
        clients: client_certificate(options).into_iter().collect(),
    }
}

impl SourceClient for Pypi {
    fn candidates(&self, network: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        let recipe = query.recipe;
        let mut candidates = Vec::new();
        for package in &recipe.packages {
            let versions = self.versions(&network.cache, &network.netrc, package, query.platform)?;
            if recipe.ships_programs && self.has_modules_alone(package) {
                return Err(unshipped(recipe, package, "", UnshippedReason::ModulesAlone));
            }
            candidates.extend(versions.into_iter().map(|(version, IndexedVersion { yanked, published })| Candidate {
                yanked,
                published,
                ..Candidate::new(version, recipe.source.scheme())
            }));
        }
        Ok(candidates)
    }

    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        let Some(package) = recipe.packages.first() else {
            return Err(SourceError::new(recipe.tool.clone(), SourceErrorKind::NoSuchPackage));
        };
        let mut wheel = self.wheel(&network.cache, &network.netrc, package, version, platform)?;
        wheel.archive.strip = recipe.strip;
        Ok(vec![network.sized(wheel)])
    }

    fn archive_lists(&self) -> Option<&dyn ArchiveLists> {
        Some(self)
    }

    fn registry(&self) -> Option<&dyn RegistryClient> {
        Some(self)
    }
}

impl ArchiveLists for Pypi {
    fn locate(&self, network: &Network, package: &str, file_name: &str) -> Result<Origin, SourceError> {
        self.locate(&network.cache, &network.netrc, package, file_name)
    }

    fn forget_versions(&self, network: &Network, recipe: &Recipe) {
        recipe.packages.iter().for_each(|package| self.forget(&network.cache, package));
    }

    fn list_address(&self, network: &Network, _: &Recipe) -> Option<Url> {
        self.address(network).ok()
    }
}

impl RegistryClient for Pypi {
    fn setting_files(&self) -> Vec<PathBuf> {
        config::files(&self.options)
    }

    fn address(&self, network: &Network) -> Result<Url, SourceError> {
        self.index(&network.cache).map(|index| index.url.clone())
    }

    fn authorization(&self, network: &Network, url: &Url) -> Option<String> {
        let index = self.index(&network.cache).ok()?;
        self.authorization(index, &network.netrc, url)
    }

    fn passed_over(&self, network: &Network, package: &str) -> Option<SourceError> {
        self.passed_over(&network.cache, package)
    }

    fn attestation_now(&self, network: &Network, archive: &Archive) -> Result<Attestation, SourceError> {
        self.attestation_now(&network.cache, &network.netrc, archive)
    }

    fn has_alternatives(&self, package: &str, file_name: &str) -> bool {
        self.has_alternatives(package, file_name)
    }
}
