//! Opening a workspace: the project and the projects it inherits from, each with its own lock and its own consent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vx_base::age::{MINIMUM_RELEASE_AGE, ReleaseAge};
use vx_base::paths::Home;
use vx_project::lock::{self, LockFile};
use vx_project::{Lock, Project, ProjectError};

use super::project_place::{above, notice_doubts};
use super::{Faults, LockOrigin, ProjectPlace, Workspace, platform};
use crate::workspace::consent::{Consent, ConsentSource};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;

/// The parameters that are shared by all projects of a lineage.
struct Opening<'a> {
    home: Home,
    faults: Faults,
    asking: &'a dyn Fn(&Consent) -> ConsentSource,
    frontend: &'a dyn Frontend,
}

impl Workspace {
    /// Open the workspace of the project at `place`. The frontend gets a notice of every problem in the project's file
    /// and in the files further up. Work that uses the pins of an old lock also calls
    /// [`notice_old_lock`](Self::notice_old_lock).
    ///
    /// # Errors
    /// A project is needed but there is none; or faults are refused, and a file or lock of the project or of one
    /// further up cannot be used.
    pub fn open(home: Home, place: &ProjectPlace, faults: Faults, frontend: &dyn Frontend) -> Result<Self, WorkError> {
        Self::open_asking(home, place, faults, |_| ConsentSource::Nobody, frontend)
    }

    /// As [`open`](Self::open), but a missing consent may be obtained as `asking` says.
    ///
    /// # Errors
    /// As for [`open`](Self::open), or the consent cannot be stored.
    pub fn open_asking(
        home: Home,
        place: &ProjectPlace,
        faults: Faults,
        asking: impl Fn(&Consent) -> ConsentSource,
        frontend: &dyn Frontend,
    ) -> Result<Self, WorkError> {
        let opening = Opening { home, faults, asking: &asking, frontend };
        let project = match place.read() {
            Ok(project) => project,
            Err(error @ (ProjectError::Missing { .. } | ProjectError::NotThere { .. })) => return Err(error.into()),
            Err(error) if faults == Faults::Keep => {
                let workspace = Self::from_project(&opening, Project::none(place.directory()), false, Vec::new())?;
                return Ok(Self { fault: Some(error.into()), ..workspace });
            }
            Err(error) => return Err(error.into()),
        };
        let Some(project) = project else {
            return Self::from_project(&opening, Project::none(place.directory()), false, Vec::new());
        };
        let (above, mut fault) = match above(&opening.home, &project, |_| true) {
            Ok(above) => (above, None),
            Err(error) if faults == Faults::Keep => (Vec::new(), Some(error.into())),
            Err(error) => return Err(error.into()),
        };
        let mut workspaces: Vec<Self> = Vec::new();
        for project in above.into_iter().rev() {
            let mut workspace = Self::from_project(&opening, project, true, std::mem::take(&mut workspaces))?;
            fault = workspace.fault.take().or(fault);
            let further = std::mem::take(&mut workspace.above);
            workspaces = std::iter::once(workspace).chain(further).collect();
        }
        let workspace = Self::from_project(&opening, project, true, workspaces)?;
        Ok(Self { fault: workspace.fault.or(fault), ..workspace })
    }

    /// The workspace of this project, which inherits from the projects `above`, the nearest first.
    fn from_project(
        opening: &Opening<'_>,
        mut project: Project,
        has_project: bool,
        above: Vec<Self>,
    ) -> Result<Self, WorkError> {
        let Opening { home, faults, asking, frontend } = opening;
        if has_project {
            notice_doubts(&project, home, *frontend);
        }
        let lock_path = project.directory.join(lock::FILE_NAME);
        let mut fault = None;
        let found = match if has_project { Lock::read(&lock_path) } else { Ok(None) } {
            Err(error) if *faults == Faults::Keep => {
                fault = Some(WorkError::LockRead(error));
                None
            }
            found => found.map_err(WorkError::LockRead)?,
        };
        let (lock, lock_origin) = match found {
            Some(LockFile::Current(lock)) => (lock, LockOrigin::Current),
            Some(LockFile::Old { version, versions }) => (Lock::default(), LockOrigin::Old { version, pins: versions }),
            None => (Lock::default(), LockOrigin::None),
        };
        let mut consent = Consent::for_project(home, &project)?;
        consent.settle(home, asking(&consent), *frontend)?;
        consent.apply(&mut project);
        // Inherit settings only after the project's own consent was applied; the consent of each project further up
        // already
        // decided on its settings.
        if let Some(nearest) = above.first() {
            project.settings.inherit(&nearest.project.settings);
        }
        let minimum = project.settings.minimum_release_age.unwrap_or(MINIMUM_RELEASE_AGE);
        let age = ReleaseAge { minimum, now: Timestamp::now() };
        let (home, platform, declared, locked_above) = (home.clone(), platform()?, Vec::new(), BTreeMap::new());
        let mut workspace = Self {
            home,
            platform,
            age,
            project,
            has_project,
            lock,
            lock_origin,
            consent,
            fault,
            above,
            declared,
            locked_above,
            lock_path,
        };
        workspace.take_stock();
        Ok(workspace)
    }
}
