//! All sources behind one interface, for any number of threads at once.

mod npm;
mod shipped;

use std::io;
use std::path::Path;
use std::thread::ThreadId;
use std::time::Duration;

use url::Url;
use vx_base::age::Published;
use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::{Candidate, Scheme, SourceKind, is_version};
use vx_base::package::shipped::Lack;
use vx_base::platform::Platform;
use vx_base::template;
use vx_http::Trust;

use super::artifact::Artifact;
use super::attestation::Attestation;
use super::cache::Cache;
use super::credentials::{Netrc, split};
use super::error::{SourceError, SourceErrorKind};
use super::http::Query;
use super::memo::Memo;
use super::npm::Npm;
use super::options::SourceOptions;
use super::pypi::{IndexedVersion, Pypi};
use super::recipe::Recipe;
use super::signature::{Claim, Proof, Signature};
use super::system::{self, SystemTool};
use super::trust;
use super::vendor::Vendor;
use shipped::unshipped;

/// All sources of releases.
pub struct Sources {
    options: SourceOptions,
    trust: Trust,
    pub(super) cache: Cache,
    pub(super) netrc: Netrc,
    pub(super) npm: Npm,
    pub(super) pypi: Pypi,
    pub(super) vendor: Vendor,
    /// The sizes of archives by address; `None` if the server does not give it.
    sizes: Memo<Option<u64>>,
}

impl Sources {
    /// The sources that the user's environment and files configure. No request is made yet.
    pub fn new(options: SourceOptions) -> Self {
        let trust = trust::of(&options);
        Self {
            cache: Cache::new(&options, &trust),
            trust,
            netrc: Netrc::load(&options),
            npm: Npm::new(options.clone()),
            pypi: Pypi::new(options.clone()),
            vendor: Vendor::new(options.clone()),
            sizes: Memo::default(),
            options,
        }
    }

    /// The content of a settings file, as the sources read it.
    pub(super) fn read_setting(&self, file: &Path) -> io::Result<String> {
        self.options.settings.read(file)
    }

    /// The server that has been asked for the longest time, if that is at least so long.
    pub fn awaited(&self, time: Duration) -> Option<String> {
        self.cache.client().awaited(time)
    }

    /// The server whose answer this thread waits for since at least this time.
    pub fn awaited_by(&self, thread: ThreadId, time: Duration) -> Option<String> {
        self.cache.client().awaited_by(thread, time)
    }

    /// The trust in servers, for the downloads of archives.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The versions available on a platform, in no particular order.
    ///
    /// An address has no list: it offers none, and the requested version is the version.
    pub fn candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        self.listed(recipe, platform, false)
    }

    /// The candidates, with the time of publication of each one that may be later than the recipe's cutoff. npm may be
    /// asked for a further, larger document.
    pub fn dated_candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        self.listed(recipe, platform, true)
    }

    fn listed(&self, recipe: &Recipe, platform: Platform, dated: bool) -> Result<Vec<Candidate>, SourceError> {
        let mut candidates = match recipe.source {
            SourceKind::Npm => self.npm_candidates(recipe, dated)?,
            SourceKind::Pypi => self.pypi_candidates(recipe, platform)?,
            SourceKind::Vendor => self.vendor_candidates(recipe, platform)?,
            SourceKind::Url => Vec::new(),
            SourceKind::System => {
                let version = self.system(recipe)?.version;
                version.into_iter().map(|version| Candidate::new(version, Scheme::Python)).collect()
            }
        };
        // A name that could be no version in a lock is nothing to choose.
        candidates.retain(|candidate| recipe.source == SourceKind::System || is_version(&candidate.version));
        for candidate in &mut candidates {
            candidate.lts = recipe.lts_of(&candidate.version);
        }
        Ok(candidates)
    }

    /// The candidates from a new request, for a version that is missing in the cached list and may be newer.
    pub fn candidates_anew(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        if !self.cache.is_offline() {
            if let Some(vendor) = &recipe.vendor {
                self.vendor.forget(&self.cache, &recipe.tool, vendor);
            }
            for package in &recipe.packages {
                match recipe.source {
                    SourceKind::Npm => self.npm.forget(&self.cache, package),
                    SourceKind::Pypi => self.pypi.forget(&self.cache, package),
                    SourceKind::Vendor | SourceKind::Url | SourceKind::System => {}
                }
            }
        }
        self.candidates(recipe, platform)
    }

    /// The entries of a tool's lists that make no sense and were passed over, as far as the lists were read.
    pub fn passed_over(&self, recipe: &Recipe) -> Vec<SourceError> {
        let of = |package: &String| match recipe.source {
            SourceKind::Npm => self.npm.passed_over(package),
            SourceKind::Pypi => self.pypi.passed_over(&self.cache, package),
            SourceKind::Vendor | SourceKind::Url | SourceKind::System => None,
        };
        recipe.packages.iter().filter_map(of).collect()
    }

    /// The archives of a version on a platform, in the order of their unpacking.
    pub fn artifacts(&self, recipe: &Recipe, version: &str, platform: Platform) -> Result<Vec<Artifact>, SourceError> {
        match recipe.source {
            SourceKind::Npm => self.npm_artifacts(recipe, version),
            SourceKind::Pypi => self.pypi_artifact(recipe, version, platform).map(|artifact| vec![artifact]),
            SourceKind::Vendor => self.vendor_artifacts(recipe, version, platform),
            SourceKind::Url => self.url_artifact(recipe, version, platform).map(|artifact| vec![artifact]),
            SourceKind::System => Ok(Vec::new()),
        }
    }

    /// The origin of an archive that a lock names: for npm without a request, for PyPI from the package's page.
    pub fn locate(&self, source: SourceKind, package: &str, file_name: &str) -> Result<Origin, SourceError> {
        match source {
            SourceKind::Npm => self.npm.locate(&self.netrc, package, file_name),
            SourceKind::Pypi => self.pypi.locate(&self.cache, &self.netrc, package, file_name),
            SourceKind::Vendor => self.vendor.locate(&self.netrc, package, file_name),
            SourceKind::Url | SourceKind::System => {
                let reason = format!("`{source}` keeps no packages");
                Err(SourceError::new(format!("the file {file_name}"), SourceErrorKind::Garbage(reason)))
            }
        }
    }

    /// True if the source has several archives of this file's release that run on this platform, as far as is known
    /// without a request.
    pub fn has_alternatives(&self, source: SourceKind, package: &str, file_name: &str) -> bool {
        source == SourceKind::Pypi && self.pypi.has_alternatives(package, file_name)
    }

    /// True if npm packages need a signature.
    pub fn requires_signatures(&self) -> bool {
        self.options.require_signatures
    }

    /// Check that the lock entry of an npm package claims a signature, if signatures are required. No request is made.
    pub fn claimed(&self, claim: &Claim<'_>) -> Result<(), SourceError> {
        self.npm.claimed(claim)
    }

    /// Check the signature that the lock entry of an npm package keeps. A request is made only for a key that is not
    /// known on this machine.
    pub fn proof(&self, claim: &Claim<'_>) -> Result<Proof, SourceError> {
        self.npm.proof(&self.cache, &self.netrc, claim)
    }

    /// The digest and the signature of an npm archive by what its registry says now.
    pub fn signature_now(&self, archive: &Archive) -> Result<(Option<Digest>, Signature), SourceError> {
        self.npm.signature_now(&self.cache, &self.netrc, archive)
    }

    /// True if archives of this tool need a verified attestation.
    pub fn requires_provenance(&self, tool: &str) -> bool {
        self.options.require_provenance.iter().any(|required| required == tool)
    }

    /// The builder of an archive by what its source attests now.
    pub fn attestation_now(&self, source: SourceKind, archive: &Archive) -> Result<Attestation, SourceError> {
        match source {
            SourceKind::Npm => self.npm.attestation_now(&self.cache, &self.netrc, archive),
            SourceKind::Pypi => self.pypi.attestation_now(&self.cache, &self.netrc, archive),
            SourceKind::Vendor | SourceKind::Url | SourceKind::System => Ok(Attestation::Unoffered),
        }
    }

    /// The origin for an address of the project's own; the credentials are taken out of the address, or found in
    /// `.netrc`.
    pub fn locate_url(&self, address: &str) -> Result<Origin, SourceError> {
        let url = Url::parse(address)
            .map_err(|error| SourceError::new("the address of a tool", SourceErrorKind::Garbage(error.to_string())))?;
        let (url, own) = split(url);
        let authorization = own.or_else(|| self.netrc.header(&url));
        Ok(Origin { url: url.to_string(), authorization })
    }

    /// The copy of a tool on `PATH`: the first of the tool's programs that exists there.
    pub fn system(&self, recipe: &Recipe) -> Result<SystemTool, SourceError> {
        let mut missing = None;
        for program in &recipe.system {
            match system::look(&self.options, program, &recipe.version_arguments) {
                Ok(found) => return Ok(found),
                Err(error) => missing = missing.or(Some(error)),
            }
        }
        let none = || SourceError::new(recipe.tool.clone(), SourceErrorKind::Program("it has no program".into()));
        Err(missing.unwrap_or_else(none))
    }

    fn pypi_candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        let mut candidates = Vec::new();
        for package in &recipe.packages {
            let versions = self.pypi.versions(&self.cache, &self.netrc, package, platform)?;
            if recipe.ships_programs && self.pypi.has_modules_alone(package) {
                return Err(unshipped(recipe, package, "", Lack::ModulesAlone));
            }
            candidates.extend(versions.into_iter().map(|(version, IndexedVersion { yanked, published })| Candidate {
                yanked,
                published,
                ..Candidate::new(version, Scheme::Python)
            }));
        }
        Ok(candidates)
    }

    fn pypi_artifact(&self, recipe: &Recipe, version: &str, platform: Platform) -> Result<Artifact, SourceError> {
        let Some(package) = recipe.packages.first() else {
            return Err(SourceError::new(recipe.tool.clone(), SourceErrorKind::NoSuchPackage));
        };
        let mut wheel = self.pypi.wheel(&self.cache, &self.netrc, package, version, platform)?;
        wheel.archive.strip = recipe.strip;
        Ok(self.sized(wheel))
    }

    fn vendor_candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        let Some(vendor) = &recipe.vendor else { return Ok(Vec::new()) };
        let versions = self.vendor.versions(&self.cache, &self.netrc, recipe, vendor, platform)?;
        let candidate = |(version, published): (String, Option<Published>)| Candidate {
            published,
            ..Candidate::new(version, Scheme::Python)
        };
        Ok(versions.into_iter().map(candidate).collect())
    }

    fn vendor_artifacts(
        &self,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        let Some(vendor) = &recipe.vendor else { return Ok(Vec::new()) };
        let archives = self.vendor.archives(&self.cache, &self.netrc, recipe, vendor, version, platform)?;
        Ok(archives.into_iter().map(|archive| self.sized(archive)).collect())
    }

    fn url_artifact(&self, recipe: &Recipe, version: &str, platform: Platform) -> Result<Artifact, SourceError> {
        let address = template::expand(recipe.url.as_deref().unwrap_or_default(), version, platform);
        let origin = self.locate_url(&address)?;
        let parsed = Url::parse(&origin.url).ok();
        let last = parsed.as_ref().and_then(|url| url.path_segments()?.next_back().map(str::to_owned));
        let archive = Archive {
            package: recipe.tool.clone(),
            version: version.to_owned(),
            file: last.filter(|name| !name.is_empty()).unwrap_or_else(|| recipe.tool.clone()),
            digest: recipe.digest.clone(),
            strip: recipe.strip,
            ..Archive::default()
        };
        Ok(self.sized(Artifact::unsigned(archive, origin)))
    }

    /// Add the size, from the server of the archive, if the source does not give it.
    fn sized(&self, artifact: Artifact) -> Artifact {
        let Artifact { archive, origin, .. } = &artifact;
        let size = archive.size.or_else(|| self.size(&format!("the size of {}", archive.file), origin));
        Artifact { archive: Archive { size, ..archive.clone() }, ..artifact }
    }

    /// The size of an archive whose source does not list it; a failure is ignored.
    fn size(&self, what: &str, at: &Origin) -> Option<u64> {
        if self.cache.is_offline() {
            return None;
        }
        let url = Url::parse(&at.url).ok()?;
        let own = |hop: &Url| at.authorization_for(hop);
        let query = Query::new(what, &url, "*/*", &own);
        self.sizes.get(&at.url, || Ok(self.cache.client().size(&query))).ok().and_then(|size| *size)
    }
}
