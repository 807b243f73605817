//! Cached answers to questions; each holds for as long as the files that it was made from stay the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use vx_base::paths::Home;
use vx_base::system::variables::answering;
use vx_rpc::RpcError;
use vx_store::Store;

use super::watch::folders_in;
use crate::doors::daemon::protocol::fault::{fault, in_directory};
use crate::doors::daemon::protocol::request::{Environ, InDirectory, ListVersions, Resolve, Variables};
use crate::doors::questions::{self, Environment, Kept, ProjectState, QuestionError, Resolved, Versions};
use crate::tools::route::{FileStampRecorder, StampedFile, still_holds};

/// The most cached answers of a kind; when there would be more, all are dropped.
const KEPT: usize = 512;

/// The answers of one home.
#[derive(Debug)]
pub(super) struct Answers {
    home: Home,
    resolved: AnswerCache<Resolve, Resolved>,
    environments: AnswerCache<Environ, Environment>,
    /// The number of releases.
    releases: AnswerCache<(), u64>,
}

impl Answers {
    pub(super) fn for_home(home: Home) -> Self {
        Self {
            home,
            resolved: AnswerCache::default(),
            environments: AnswerCache::default(),
            releases: AnswerCache::default(),
        }
    }

    pub(super) fn resolve(&self, asked: Resolve) -> Result<Resolved, RpcError> {
        self.resolved.answer(asked, |Resolve { runtime, version, directory, variables }| {
            self.ask(directory, variables, || questions::resolve(&self.home, directory, runtime, version.as_deref()))
        })
    }

    pub(super) fn environment(&self, asked: Environ) -> Result<Environment, RpcError> {
        self.environments.answer(asked, |Environ { runtime, version, directory, variables }| {
            let (runtime, version) = (runtime.as_deref(), version.as_deref());
            self.ask(directory, variables, || questions::environment(&self.home, directory, runtime, version))
        })
    }

    pub(super) fn versions(&self, asked: &ListVersions) -> Result<Versions, RpcError> {
        let ListVersions { runtime, installed, directory, variables } = asked;
        let place = directory.clone().unwrap_or_else(|| PathBuf::from("/"));
        let ask = || questions::versions(&self.home, directory.as_deref(), runtime, *installed);
        self.ask(&place, variables, ask)
    }

    pub(super) fn project(&self, asked: &InDirectory) -> Result<ProjectState, RpcError> {
        let InDirectory { directory, variables } = asked;
        self.ask(directory, variables, || questions::project(&self.home, directory))
    }

    /// The number of releases in the store. The cached number depends on the store's directories only, since a release
    /// comes
    /// or goes by a change of one.
    pub(super) fn releases(&self) -> Result<u64, RpcError> {
        self.releases.answer((), |()| {
            let store = self.home.store();
            let mut look = FileStampRecorder::begin();
            // The stamp of a missing store also notices when the store is created.
            let mut shows = !look.record(&store) || look.record_directory(&store);
            for folder in folders_in(&store) {
                shows &= look.record_directory(&folder);
            }
            let found = Store::new(self.home.clone()).list().map_err(|error| fault(&error))?;
            Ok((found.len() as u64, look.finish().filter(|_| shows)))
        })
    }

    fn ask<T>(
        &self,
        directory: &Path,
        variables: &Variables,
        ask: impl FnOnce() -> Result<T, QuestionError>,
    ) -> Result<T, RpcError> {
        in_directory(directory)?;
        answering(variables.clone(), ask).map_err(|error| fault(&error))
    }
}

/// Answers by question.
#[derive(Debug)]
struct AnswerCache<Q, A>(Mutex<BTreeMap<Q, (A, Vec<StampedFile>)>>);

impl<Q, A> Default for AnswerCache<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Ord, A: Clone> AnswerCache<Q, A> {
    fn answer(&self, question: Q, find: impl FnOnce(&Q) -> Result<Kept<A>, RpcError>) -> Result<A, RpcError> {
        if let Some((answer, seen)) = self.0.lock().get(&question)
            && still_holds(seen)
        {
            return Ok(answer.clone());
        }
        let (answer, seen) = find(&question)?;
        let mut kept = self.0.lock();
        match seen {
            Some(seen) => {
                if kept.len() >= KEPT {
                    kept.clear();
                }
                kept.insert(question, (answer.clone(), seen));
            }
            None => drop(kept.remove(&question)),
        }
        Ok(answer)
    }
}
