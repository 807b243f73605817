use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parking_lot::Mutex;
use vx_project::ProjectError;

use super::*;
use crate::workspace::frontend::{Frontend, NullFrontend, Refused, RunView};

/// Keeps every notice.
#[derive(Default)]
struct Notices(Mutex<Vec<Notice>>);

impl Frontend for Notices {
    fn notice(&self, notice: Notice) {
        self.0.lock().push(notice);
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Err(Refused)
    }
}

/// A directory with these files, and a home beside it.
fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Home) {
    let top = tempfile::tempdir().expect("a directory");
    fs::create_dir(top.path().join("project")).expect("a directory");
    for (name, text) in files {
        fs::write(top.path().join("project").join(name), text).expect("a file");
    }
    let home = Home::from_root(top.path().join("home"));
    (top, home)
}

fn place(top: &tempfile::TempDir) -> PathBuf {
    top.path().join("project")
}

#[test]
fn without_a_project_there_is_an_empty_one_where_none_is_needed() {
    let (top, home) = project(&[]);
    let open = |place: ProjectPlace| Workspace::open(home.clone(), &place, Faults::Refuse, &NullFrontend);
    let workspace = open(ProjectPlace::AboveOrNone(place(&top))).expect("a workspace");
    assert!(!workspace.has_project && workspace.project.tools.is_empty());
    assert_eq!(workspace.lock_origin, LockOrigin::None);
    assert_eq!(workspace.project.directory, place(&top));
    let above = open(ProjectPlace::Above(place(&top)));
    assert!(matches!(above, Err(WorkError::Project(ProjectError::Missing { .. }))));
    let at = open(ProjectPlace::At(place(&top)));
    assert!(matches!(at, Err(WorkError::Project(ProjectError::NotThere { .. }))));
}

#[test]
fn a_broken_lock_is_refused_or_kept_as_a_fault_beside_the_settings_of_its_project() {
    let settings = "[settings]\nrequire_signatures = true\n";
    let (top, home) = project(&[("vx.toml", settings), ("vx.lock", "<<<<<<< ours")]);
    let open = |faults| Workspace::open(home.clone(), &ProjectPlace::At(place(&top)), faults, &NullFrontend);
    assert!(matches!(open(Faults::Refuse), Err(WorkError::LockRead(_))));
    let workspace = open(Faults::Keep).expect("a workspace");
    assert!(matches!(workspace.fault, Some(WorkError::LockRead(_))) && workspace.lock == Lock::default());
    assert_eq!(workspace.project.settings.require_signatures, Some(true));
}

#[test]
fn a_broken_project_is_refused_or_kept_as_a_fault_of_a_workspace_without_one() {
    let (top, home) = project(&[("vx.toml", "[tools]\nnode = 20\n"), ("vx.lock", "version = 3\n")]);
    let open = |faults| Workspace::open(home.clone(), &ProjectPlace::At(place(&top)), faults, &NullFrontend);
    assert!(matches!(open(Faults::Refuse), Err(WorkError::Project(ProjectError::Wrong(_)))));
    let workspace = open(Faults::Keep).expect("a workspace");
    assert!(matches!(workspace.fault, Some(WorkError::Project(_))) && !workspace.has_project);
    // A missing project is not a fault in a project's file.
    let missing = ProjectPlace::At(Path::new("/no/such/place").to_owned());
    assert!(Workspace::open(home.clone(), &missing, Faults::Keep, &NullFrontend).is_err());
}

#[test]
fn everything_doubtful_in_a_project_is_a_notice() {
    let text = "[settings]\nmirrors = { nodjs = \"https://h.invalid/\" }\nunheard = 1\n[ui]\ntheme = \"dark\"\n";
    let (top, home) = project(&[(".vx.toml", text), ("vx.lock", "version = 1\n[tools.node]\nversion = \"20.1.0\"\n")]);
    let notices = Notices::default();
    let place = ProjectPlace::Above(place(&top));
    let workspace = Workspace::open(home, &place, Faults::Refuse, &notices).expect("a workspace");
    let pins = BTreeMap::from([("node".to_owned(), "20.1.0".to_owned())]);
    assert_eq!(workspace.lock_origin, LockOrigin::Old { version: 1, pins });
    // Work that uses no pins does not mention them.
    assert_eq!(notices.0.lock().len(), 4);
    workspace.notice_old_lock(&notices);
    let notices = notices.0.into_inner();
    let is = |which: fn(&Notice) -> bool| notices.iter().filter(|notice| which(notice)).count();
    assert_eq!(is(|notice| matches!(notice, Notice::Project(remark) if remark.contains("old name"))), 1, "{notices:?}");
    assert_eq!(is(|notice| matches!(notice, Notice::Ignored { .. })), 1, "{notices:?}");
    assert_eq!(is(|notice| matches!(notice, Notice::ForeignUi { line: 5, .. })), 1, "{notices:?}");
    assert_eq!(is(|notice| matches!(notice, Notice::UnknownMirror { site } if site == "nodjs")), 1, "{notices:?}");
    assert_eq!(is(|notice| matches!(notice, Notice::OldLock { version: 1, .. })), 1, "{notices:?}");
    assert_eq!(notices.len(), 5, "{notices:?}");
}
