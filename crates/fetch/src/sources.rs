//! All sources behind one interface, for any number of threads at once.
//!
//! A source has a folder here and a row in the table; nothing else distinguishes kinds of sources.

#[cfg(test)]
mod agreement_tests;
mod npm;
pub(crate) mod pypi;
mod recipes;
pub(crate) mod system;
mod table;
mod url;
mod vendor;

use std::io;
use std::path::Path;
use std::thread::ThreadId;
use std::time::Duration;

use vx_base::digest::Digest;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::{Candidate, is_version};
use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::proof::attestation::Attestation;
use crate::proof::signature::{Claim, Proof, Signature};
use crate::source::{ArchiveLists, NamedSetting, SigningRegistry, SourceClient, VersionQuery};
use crate::tools::artifact::Artifact;
use crate::tools::recipe::Recipe;
use system::SystemTool;
use table::source_row;

/// All sources of releases.
pub struct Sources {
    options: SourceOptions,
    trust: TlsTrust,
    pub(super) network: Network,
    /// Clients in the order of [`SourceKind::ALL`].
    clients: [Box<dyn SourceClient>; SourceKind::ALL.len()],
}

impl Sources {
    /// Configure the sources by the user's environment and files. No request is made yet.
    pub fn new(options: SourceOptions) -> Self {
        let trust = read_trust(&options);
        Self {
            network: Network::new(&options, &trust),
            trust,
            clients: SourceKind::ALL.map(|kind| (source_row(kind).connect)(&options)),
            options,
        }
    }

    /// Client of a source.
    pub(super) fn client(&self, kind: SourceKind) -> &dyn SourceClient {
        &*self.clients[kind as usize]
    }

    /// Read a settings file, as the sources read it.
    pub(super) fn read_setting(&self, file: &Path) -> io::Result<String> {
        self.options.settings.read(file)
    }

    /// Return the server of the oldest request under way, if it is at least this old.
    pub fn awaited(&self, time: Duration) -> Option<String> {
        self.network.cache.client().awaited(time)
    }

    /// Return the server that this thread has waited for at least this long.
    pub fn awaited_by(&self, thread: ThreadId, time: Duration) -> Option<String> {
        self.network.cache.client().awaited_by(thread, time)
    }

    /// Trust in servers, for the downloads of archives.
    pub fn trust(&self) -> &TlsTrust {
        &self.trust
    }

    /// List the versions available on a platform, in no particular order.
    ///
    /// An address has no list: it offers no versions, and the requested version is taken as it is.
    pub fn candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        self.listed(&VersionQuery { recipe, platform, dated: false })
    }

    /// List the candidates, each with its time of publication if that may be later than the recipe's cutoff. npm may be
    /// asked for another, larger document.
    pub fn dated_candidates(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        self.listed(&VersionQuery { recipe, platform, dated: true })
    }

    fn listed(&self, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        let recipe = query.recipe;
        let mut candidates = self.client(recipe.source).candidates(&self.network, query)?;
        // A name that a lock couldn't hold as a version can't be chosen.
        candidates.retain(|candidate| !recipe.source.facts().is_installed || is_version(&candidate.version));
        for candidate in &mut candidates {
            candidate.lts = recipe.lts_of(&candidate.version);
        }
        Ok(candidates)
    }

    /// List the candidates from a new request, for a version that is missing in the cached list and may be newer.
    pub fn candidates_anew(&self, recipe: &Recipe, platform: Platform) -> Result<Vec<Candidate>, SourceError> {
        if let Some(lists) = self.client(recipe.source).archive_lists().filter(|_| !self.network.cache.is_offline()) {
            lists.forget_versions(&self.network, recipe);
        }
        self.candidates(recipe, platform)
    }

    /// Report the unusable entries of a tool's lists, as far as the lists were read.
    pub fn passed_over(&self, recipe: &Recipe) -> Vec<SourceError> {
        let Some(registry) = self.client(recipe.source).registry() else { return Vec::new() };
        recipe.packages.iter().filter_map(|package| registry.passed_over(&self.network, package)).collect()
    }

    /// List a version's archives on a platform, in the order of unpacking.
    pub fn artifacts(&self, recipe: &Recipe, version: &str, platform: Platform) -> Result<Vec<Artifact>, SourceError> {
        self.client(recipe.source).artifacts(&self.network, recipe, version, platform)
    }

    /// Find the origin of an archive that a lock names: for npm without a request, for PyPI from the package's page.
    pub fn locate(&self, source: SourceKind, package: &str, file_name: &str) -> Result<Origin, SourceError> {
        let lists: Option<&dyn ArchiveLists> = self.client(source).archive_lists();
        let lists = lists.ok_or_else(|| {
            let reason = format!("`{source}` has no packages");
            SourceError::new(format!("the file {file_name}"), SourceErrorKind::Garbage(reason))
        })?;
        lists.locate(&self.network, package, file_name)
    }

    /// Whether several archives of this file's release run on this platform, as far as is known without a request.
    pub fn has_alternatives(&self, source: SourceKind, package: &str, file_name: &str) -> bool {
        let registry = self.client(source).registry();
        registry.is_some_and(|registry| registry.has_alternatives(package, file_name))
    }

    /// Whether packages need a signature if their registry signs.
    pub fn requires_signatures(&self) -> bool {
        self.options.require_signatures
    }

    /// Check that the lock entry of a package claims a signature, if its registry signs packages and signatures are
    /// required. No request is made.
    pub fn check_claim(&self, source: SourceKind, claim: &Claim<'_>) -> Result<(), SourceError> {
        self.signer(source).map_or(Ok(()), |signer| signer.check_claim(claim))
    }

    /// Check the signature in a package's lock entry, if its registry signs packages. Only a key that isn't known on
    /// this machine is requested.
    pub fn proof(&self, source: SourceKind, claim: &Claim<'_>) -> Result<Proof, SourceError> {
        self.signer(source).map_or(Ok(Proof::Unclaimed), |signer| signer.proof(&self.network, claim))
    }

    /// Ask the registry of an archive for its digest and signature.
    pub fn signature_now(
        &self,
        source: SourceKind,
        archive: &Archive,
    ) -> Result<(Option<Digest>, Signature), SourceError> {
        let unoffered = || Ok((None, Signature::Unoffered));
        self.signer(source).map_or_else(unoffered, |signer| signer.signature_now(&self.network, archive))
    }

    fn signer(&self, source: SourceKind) -> Option<&dyn SigningRegistry> {
        self.client(source).registry()?.signer()
    }

    /// Whether archives of this tool need a verified attestation.
    pub fn requires_provenance(&self, tool: &str) -> bool {
        self.options.require_provenance.iter().any(|required| required == tool)
    }

    /// Find an archive's builder by what its source attests now.
    pub fn attestation_now(&self, source: SourceKind, archive: &Archive) -> Result<Attestation, SourceError> {
        let registry = self.client(source).registry();
        registry.map_or(Ok(Attestation::Unoffered), |registry| registry.attestation_now(&self.network, archive))
    }

    /// Split an address that the project itself names into an origin: credentials are taken out of the address, or
    /// found in `.netrc`.
    pub fn locate_url(&self, address: &str) -> Result<Origin, SourceError> {
        url::locate(&self.network.netrc, address)
    }

    /// Find the copy of a tool on `PATH`: the first of the tool's programs that exists there.
    pub fn system(&self, recipe: &Recipe) -> Result<SystemTool, SourceError> {
        system::find_tool(&self.options, recipe)
    }
}

/// List the settings in a project's file that a source follows; `None` if the file belongs to other programs.
pub(crate) fn followed_settings(kind: SourceKind, file: &Path, text: &str) -> Option<Vec<NamedSetting>> {
    (source_row(kind).followed_settings)(file, text)
}

/// Combine the trust that the user's settings ask for. A certificate file that is set for one program counts for all
/// requests, since a registry's archives may be on other hosts. A host goes unchecked, or gets a client certificate,
/// only if a setting is for that host.
fn read_trust(options: &SourceOptions) -> TlsTrust {
    let mut all = TlsTrust::default();
    if options.offline {
        return all;
    }
    for own in SourceKind::ALL.map(|kind| (source_row(kind).read_trust)(options)) {
        all.files.extend(own.files);
        all.unchecked.extend(own.unchecked);
        all.clients.extend(own.clients);
    }
    all
}
