//! Opening an address in the user's browser.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use crossbeam_channel::Sender;

use vx_process::start_watched;

/// The system's openers, in the order in which they are tried.
#[cfg(target_os = "macos")]
const OPENERS: &[&[&str]] = &[&["open"]];
#[cfg(windows)]
const OPENERS: &[&[&str]] = &[&["rundll32", "url.dll,FileProtocolHandler"]];
#[cfg(not(any(target_os = "macos", windows)))]
const OPENERS: &[&[&str]] = &[&["xdg-open"], &["wslview"]];

/// Open this address with the first program that can be started: those in `BROWSER`, separated by colons and each with
/// its arguments, or else the system's openers. No shell interprets the address, and no opener gets the terminal. If a
/// started program fails, the reason is sent to `failures`.
pub(in crate::doors::cli) fn open(address: &str, failures: &Sender<String>) -> Result<(), String> {
    let chosen = std::env::var("BROWSER").ok().filter(|list| !list.trim().is_empty());
    let commands = commands(chosen.as_deref(), address);
    let directory = std::env::current_dir().map_err(|error| error.to_string())?;
    let mut missing = Vec::new();
    for (program, arguments) in commands {
        let (failures, name) = (failures.clone(), program.clone());
        let ended = move |ended: io::Result<ExitStatus>| {
            if let Ok(status) = ended
                && !status.success()
            {
                // The view may be gone.
                let _ = failures.send(format!("`{name}` cannot open it: {status}; BROWSER can name another program"));
            }
        };
        match start_watched(Path::new(&program), &arguments, &directory, ended) {
            Ok(()) => return Ok(()),
            Err(error) => missing.push(format!("`{program}`: {error}")),
        }
    }
    Err(format!("cannot open {address}: {}; BROWSER can name another program", missing.join(", ")))
}

/// The programs to try, with their arguments.
fn commands(chosen: Option<&str>, address: &str) -> Vec<(String, Vec<OsString>)> {
    let split = |command: &str| command.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lists: Vec<Vec<String>> = match chosen {
        Some(list) => list.split(':').map(split).collect(),
        None => OPENERS.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect(),
    };
    let command = |words: Vec<String>| {
        let mut words = words.into_iter();
        let program = words.next()?;
        let (mut arguments, mut given) = (Vec::new(), false);
        for word in words {
            given |= word.contains("%s");
            arguments.push(OsString::from(word.replace("%s", address)));
        }
        if !given {
            arguments.push(address.into());
        }
        Some((program, arguments))
    };
    lists.into_iter().filter_map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_argument_of_each_program_that_is_tried() {
        let tried = |chosen| {
            let commands = commands(chosen, "http://a/?b=c&d");
            let line = |(program, arguments): &(String, Vec<OsString>)| format!("{program} {arguments:?}");
            commands.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(
            tried(Some("one --new:two --url=%s -x::")),
            [r#"one ["--new", "http://a/?b=c&d"]"#, r#"two ["--url=http://a/?b=c&d", "-x"]"#]
        );
        assert_eq!(tried(None).len(), OPENERS.len());
    }
}
