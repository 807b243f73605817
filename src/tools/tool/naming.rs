//! How a program was named, which decides whether a program that is only on the search path may run.

use vx_fetch::tools::catalogue;

/// How a program was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By a bare word in the place of a command, as `vx WORD`: it may be a typo, or a command of another program.
    Word,
    /// As a program, as in `vx x NAME`.
    Program,
    /// By calling a link of its name.
    Link,
}

impl Naming {
    /// Whether this name may mean a program on the search path that no project declares.
    ///
    /// A bare word means only programs of the catalogue: whoever types `vx init`, `vx test` or a mistyped command has
    /// not asked for whatever program of that name the system has.
    pub(super) fn admits_path(self, name: &str) -> bool {
        self != Self::Word || catalogue::has_program(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_means_programs_of_the_catalogue_alone() {
        for name in ["node", "nodejs", "npx", "cargo", "rustdoc", "git", "cl", "uvx"] {
            assert!(Naming::Word.admits_path(name), "{name}");
        }
        for name in ["init", "ls", "test", "link", "shutdown", "watch", "upgrade", "exec", "jq", "sh", "env"] {
            assert!(!Naming::Word.admits_path(name), "{name}");
            assert!(Naming::Program.admits_path(name) && Naming::Link.admits_path(name), "{name}");
        }
    }
}
