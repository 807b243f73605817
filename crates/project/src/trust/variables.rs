//! Variables that make loaders, shells and interpreters run other code, or that vx itself obeys.
//!
//! Even with consent, no such variable is taken from a project, unless the user's own file names it.

/// Names, and beginnings of names with a star at the end. A star in the middle stands for any text.
const STEERING: [&str; 62] = [
    // Dynamic loaders, and the C library.
    "LD_*",
    "DYLD_*",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "GLIBC_TUNABLES",
    "MALLOC_*",
    // Search paths of the shell, and of its functions; `path` and `fpath` are lists of zsh tied to them.
    "PATH",
    "FPATH",
    "CDPATH",
    "MODULE_PATH",
    "FISH_*",
    "MANPATH",
    // Shells: files read at the start, code run at prompts, and the splitting of words.
    "BASH_*",
    "BASHOPTS",
    "SHELLOPTS",
    "ENV",
    "ZDOTDIR",
    "ZSH*",
    "PROMPT_COMMAND",
    "PROMPT*",
    "RPROMPT*",
    "RPS1",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PRECMD_FUNCTIONS",
    "PREEXEC_FUNCTIONS",
    "CHPWD_FUNCTIONS",
    "IFS",
    "GLOBIGNORE",
    "SHELL",
    "COMSPEC",
    "PSMODULEPATH",
    // Interpreters.
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONBREAKPOINT",
    "PYTHONINSPECT",
    "PYTHONEXECUTABLE",
    "NODE_OPTIONS",
    "NODE_REPL_EXTERNAL_MODULE",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LUA_INIT*",
    // git, ssh and pagers: commands that they run.
    "GIT_SSH*",
    "GIT_*_COMMAND",
    "GIT_ASKPASS",
    "GIT_*EDITOR",
    "GIT_PAGER",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_CONFIG*",
    "GIT_TEMPLATE_DIR",
    "SSH_ASKPASS*",
    "LESS*",
    // vx itself: a project must not consent to itself.
    "VX_*",
];

/// Whether a variable of this name is never taken from a project's file: it steers programs, and the user's own file
/// doesn't allow it.
pub fn is_never_taken(name: &str, allowed: &[String]) -> bool {
    steers_programs(name) && !allowed.iter().any(|allowed| allowed == name)
}

/// Whether a variable of this name makes programs run other code. Case is ignored, as on Windows, and as for `path` and
/// `PATH` in zsh.
fn steers_programs(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    STEERING.iter().any(|form| match form.split_once('*') {
        None => name == *form,
        Some((begin, end)) => name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_run_code_are_known_and_others_are_not() {
        for name in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "DYLD_INSERT_LIBRARIES",
            "BASH_ENV",
            "BASH_FUNC_ls%%",
            "ENV",
            "PROMPT_COMMAND",
            "PS4",
            "IFS",
            "PYTHONSTARTUP",
            "NODE_OPTIONS",
            "GIT_SSH",
            "GIT_SSH_COMMAND",
            "GIT_PROXY_COMMAND",
            "GIT_SEQUENCE_EDITOR",
            "GIT_CONFIG_COUNT",
            "SHELLOPTS",
            "PATH",
            "path",
            "ld_preload",
            "VX_TRUST",
            "VX_HOME",
            "fish_user_paths",
        ] {
            assert!(steers_programs(name), "{name}");
        }
        for name in
            ["MODE", "DATABASE_URL", "GIT_AUTHOR_NAME", "PYTHONPATH", "NODE_ENV", "MY_PATH", "ENVIRONMENT", "OLD_", ""]
        {
            assert!(!steers_programs(name), "{name}");
        }
    }
}
