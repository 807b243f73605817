//! The names of the commands.

/// The names of the commands. A tool with such a name is run with `vx x`.
pub(in crate::doors::cli) const COMMANDS: [&str; 40] = [
    "sync",
    "install",
    "use",
    "trust",
    "uninstall",
    "lock",
    "sbom",
    "list",
    "which",
    "search",
    "board",
    "bridge",
    "top",
    "up",
    "down",
    "ps",
    "logs",
    "start",
    "service-supervisor",
    "service-child",
    "stop",
    "retry",
    "restart",
    "rebuild",
    "turn",
    "turn-child",
    "daemon",
    "mcp",
    "cache",
    "x",
    "outdated",
    "doctor",
    "config",
    "shims",
    "run",
    "env",
    "activate",
    "man",
    "completions",
    "help",
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::doors::cli::args::Arguments;

    #[test]
    fn every_command_is_listed_as_one() {
        let mut named: Vec<String> =
            Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        named.push("help".into());
        named.sort();
        let mut listed = COMMANDS.map(str::to_owned).to_vec();
        listed.sort();
        assert_eq!(listed, named);
    }
}
