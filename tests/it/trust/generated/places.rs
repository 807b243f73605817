//! The places of strangers' projects, with the `.git` around them, and the habits of the users who enter.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::super::vx_in;
use super::draft::{Draft, executable};
use crate::support::sandbox::Sandbox;

/// The place of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Directly below the home directory.
    InHome,
    /// In a folder of the home directory, like an unpacked archive.
    Unpacked,
    /// In a folder outside of the home directory.
    Outside,
    /// A repository inside another.
    Nested,
    /// A submodule.
    Submodule,
    /// A worktree of the stranger's repository.
    Worktree,
    /// It claims to be a worktree of a repository with the same files, to which the user has agreed.
    Borrowed,
    /// Its `vx.toml` is a link to that of such a repository.
    Linked,
    /// It is entered through a link to its directory.
    BehindLink,
    /// It is entered in a folder below.
    Below,
}

impl Layout {
    pub(super) const ALL: [Self; 10] = [
        Self::InHome,
        Self::Unpacked,
        Self::Outside,
        Self::Nested,
        Self::Submodule,
        Self::Worktree,
        Self::Borrowed,
        Self::Linked,
        Self::BehindLink,
        Self::Below,
    ];

    /// Make the folders of the project. Returns its directory.
    pub(super) fn prepare(self, sandbox: &Sandbox) -> PathBuf {
        let root = sandbox.root();
        let directory = root.join(match self {
            Self::InHome => "user/app",
            Self::Unpacked | Self::Below => "user/dl/app",
            Self::Outside => "dl/app",
            Self::Nested | Self::Submodule => "user/outer/inner",
            Self::Worktree | Self::Borrowed => "user/code/tree",
            Self::Linked | Self::BehindLink => "user/code/real",
        });
        fs::create_dir_all(directory.join("a/b")).expect("directories");
        let outer = directory.parent().expect("a folder");
        match self {
            Self::Nested => {
                repository(&outer.join(".git"));
                repository(&directory.join(".git"));
            }
            Self::Submodule => {
                repository(&outer.join(".git/modules/inner"));
                repository(&outer.join(".git"));
                fs::write(directory.join(".git"), "gitdir: ../.git/modules/inner\n").expect("a file");
            }
            Self::Worktree => worktree(&outer.join("main/.git"), &directory, &directory),
            Self::Borrowed => {
                let another = root.join("user/another");
                fs::create_dir_all(&another).expect("a directory");
                worktree(&root.join("user/trusted/.git"), &another, &another);
                fs::copy(another.join(".git"), directory.join(".git")).expect("a file");
            }
            _ => {}
        }
        directory
    }

    /// Write the project's `vx.toml`, and make consents for other projects with the same text.
    pub(super) fn finish(self, sandbox: &Sandbox, directory: &Path, text: &str) {
        let own = sandbox.root().join("user/trusted");
        if matches!(self, Self::Borrowed | Self::Linked) {
            copy(directory, &own);
            fs::write(own.join("vx.toml"), text).expect("a file");
            vx_in(sandbox, &own, "trust --yes");
        }
        match self {
            Self::Linked => symlink(own.join("vx.toml"), directory.join("vx.toml")).expect("a link"),
            _ => fs::write(directory.join("vx.toml"), text).expect("a file"),
        }
    }

    /// The directory in which the doors are tried.
    pub(super) fn entered(self, sandbox: &Sandbox, directory: &Path) -> PathBuf {
        match self {
            Self::BehindLink => {
                let link = sandbox.root().join("user/link");
                symlink(directory, &link).expect("a link");
                link
            }
            Self::Below => directory.join("a/b"),
            _ => directory.to_owned(),
        }
    }
}

/// Copy all files and links but those of git.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("directories");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("its kind");
        if entry.file_name() == ".git" {
        } else if kind.is_dir() {
            copy(&path, &copied);
        } else if kind.is_symlink() {
            symlink(fs::read_link(&path).expect("a link"), &copied).expect("a link");
        } else {
            fs::copy(&path, &copied).expect("a file");
        }
    }
}

/// An empty repository.
fn repository(place: &Path) {
    for folder in ["objects", "refs/heads"] {
        fs::create_dir_all(place.join(folder)).expect("directories");
    }
    fs::write(place.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    fs::write(place.join("config"), "[core]\n\trepositoryformatversion = 0\n").expect("a file");
}

/// Make a repository with a worktree at `named`, to which `tree` claims to belong.
fn worktree(common: &Path, named: &Path, tree: &Path) {
    repository(common);
    let own = common.join("worktrees/tree");
    fs::create_dir_all(&own).expect("directories");
    fs::write(own.join("commondir"), "../..\n").expect("a file");
    fs::write(own.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    fs::write(own.join("gitdir"), format!("{}\n", named.join(".git").display())).expect("a file");
    fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display())).expect("a file");
}

/// The settings and habits of the user who enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// The registries are named by variables.
    Variables,
    /// The user's own files, `uv.toml` and `.npmrc`, name the registries; nearer files would override them.
    OwnFiles,
    /// The same with pip's file.
    OwnPip,
    /// The user's own programs obey files in the directory in which they are called.
    ObeyingPrograms,
    /// The environment says that this is a build service, and nothing else.
    Ci,
    /// The user has forbidden every project to act.
    Forbidding,
}

impl Habit {
    pub(super) const ALL: [Self; 6] =
        [Self::Variables, Self::OwnFiles, Self::OwnPip, Self::ObeyingPrograms, Self::Ci, Self::Forbidding];

    /// Prepare the user's own files, and add the variables.
    pub(super) fn prepare(self, draft: &mut Draft<'_>) {
        let mut set = |name: &str, value: &str| draft.variables.push((name.to_owned(), value.to_owned()));
        match self {
            Self::Ci => set("CI", "true"),
            Self::Forbidding => set("VX_TRUST", "none"),
            _ => {}
        }
        if self == Self::Variables {
            return;
        }
        set("UV_DEFAULT_INDEX", "");
        set("NPM_CONFIG_REGISTRY", "");
        let server = draft.sandbox.registry().server();
        let (index, registry) = (server.url("/simple/"), server.url("/npm/"));
        let user = draft.sandbox.root().join("user");
        fs::write(user.join(".npmrc"), format!("registry={registry}\n")).expect("a file");
        let (file, text) = match self {
            Self::OwnPip | Self::ObeyingPrograms => ("pip/pip.conf", format!("[global]\nindex-url = {index}\n")),
            _ => ("uv/uv.toml", format!("index-url = \"{index}\"\n")),
        };
        let file = user.join(".config").join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("directories");
        fs::write(file, text).expect("a file");
        if self == Self::ObeyingPrograms {
            obeying_programs(draft);
        }
    }
}

/// Put the user's own programs in front of PATH, which obey files in the directory in which they are called.
pub(super) fn obeying_programs(draft: &mut Draft<'_>) {
    let bin = draft.sandbox.root().join("bin");
    fs::create_dir_all(&bin).expect("a directory");
    for name in ["uv", "pip", "pip3", "python3", "git", "keyring", "node"] {
        let text = "#!/bin/sh\n[ -e obey.sh ] && . ./obey.sh\n[ -e sitecustomize.py ] && . ./.profile\necho 1.0.0\n";
        fs::write(bin.join(name), text).expect("a file");
        executable(&bin.join(name));
    }
    let before = draft.variables.iter().rev().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
    let before = before.unwrap_or_else(|| std::env::var("PATH").expect("a path"));
    draft.variables.push(("PATH".to_owned(), format!("{}:{before}", bin.display())));
}
