//! The arguments of the commands for shells.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::tools::shell::Shell;

/// Arguments of `vx env`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct EnvArguments {
    /// The form of the output; by default for the shell in $SHELL if that is bash, zsh, fish or pwsh, else for bash (on
    /// Windows: powershell).
    #[arg(long, short, value_enum)]
    pub shell: Option<Dialect>,
}

/// Arguments of `vx activate`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct ActivateArguments {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
    /// For the prompt's hook only: print the changes since the last prompt.
    #[arg(long, hide = true)]
    pub hook: bool,
}

pub(super) const ACTIVATE_LINES: &str = "Lines for the shell's profile:\n\
    bash        eval \"$(vx activate bash)\"              in ~/.bashrc\n\
    zsh         eval \"$(vx activate zsh)\"               in ~/.zshrc\n\
    fish        vx activate fish | source                in ~/.config/fish/config.fish\n\
    powershell  vx activate powershell | Out-String | Invoke-Expression    in $PROFILE";

/// The names of the shells.
impl ValueEnum for Shell {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Bash, Self::Zsh, Self::Fish, Self::Powershell]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }))
    }
}

/// A form of the output of `vx env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::doors::cli) enum Dialect {
    Bash,
    Zsh,
    Fish,
    Powershell,
    /// Prints nothing: appends to the files of the runner in GITHUB_PATH and GITHUB_ENV.
    Github,
    /// An object of variables and their values.
    Json,
}
