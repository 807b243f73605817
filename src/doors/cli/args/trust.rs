//! The arguments about consent.

use clap::Args;

/// Arguments of `vx trust`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct TrustArguments {
    /// Agree to everything that is listed without being asked, also where there is no terminal.
    #[arg(long, conflicts_with_all = ["show", "list", "revoke"])]
    pub yes: bool,
    /// Agree only for as long as the files that git tracks in the repository stay as they are: after a pull or an edit
    /// vx asks again. This holds until the consent is taken back.
    #[arg(long, conflicts_with_all = ["show", "list", "revoke"])]
    pub commit: bool,
    /// Only list what needs consent, and what has changed since it was given.
    #[arg(long, conflicts_with_all = ["list", "revoke"])]
    pub show: bool,
    /// List the repositories and folders that you have given consent to.
    #[arg(long, conflicts_with = "revoke")]
    pub list: bool,
    /// Take back every consent for this project.
    #[arg(long)]
    pub revoke: bool,
}

pub(super) const TRUST_NOTES: &str = "Without consent the tools of the catalogue are installed and run, from the catalogue's sources. Commands, variables, \
    tools from addresses and everything else that can act need it (docs/security.md). A consent is for the repository and \
    for exactly these parts: other edits do not ask again, and all worktrees share it. It ends when the remote `origin` gets another address, and with --commit when a tracked file changes. \
    Without a terminal nobody is asked: the command lists the parts and fails, and only --yes agrees.\n\n\
    VX_TRUST=none|ask|all      your answer for all projects, for the commands that inherit it\n\
    [trust] in the vx.toml of the home of vx:\n\
    folders = [\"~/work\"]       projects in these folders need no consent\n\
    variables = [\"NODE_OPTIONS\"]   projects may set these variables, although they steer programs\n\n\
    Exit codes: 0; 1 you did not agree; 2 the project cannot be used, no consent counts for it, \
    or nobody can answer.";
