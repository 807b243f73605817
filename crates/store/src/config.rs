//! The configuration of one install: all decisions of the plan in one document, which is passed to the child process
//! once.
//!
//! It may hold credentials. They travel only through the pipe of the configuration: `Debug` hides them, and the
//! document is never printed, logged or dumped.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vx_http::TlsTrust;

use vx_base::board_slot::BoardSlot;
use vx_base::files::agreed_file::AgreedFile;
use vx_base::package::{Part, Program};

/// The configuration of one install.
#[derive(Clone, Serialize, Deserialize)]
pub struct InstallConfig {
    /// Name of the tool in `vx.toml`.
    pub tool_name: String,
    /// Exact version.
    pub version: String,
    /// Free settings of the tool: `options`, `components`, `exclude_patterns`, `install_env` of `vx.toml`.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Address that replaces the first part's.
    #[serde(default)]
    pub download_url: Option<String>,
    /// Name of the source: `npm`, `pypi`, `vendor` or `url`.
    pub source: String,
    /// What the source calls the package, without a host.
    #[serde(default)]
    pub package: String,
    /// Archives to fetch, in order. A later archive may add files, but not replace those of an earlier one.
    pub parts: Vec<Part>,
    /// Programs that the release has to provide.
    pub programs: Vec<Program>,
    /// Whether the release provides the programs that its package declares (all of them if `programs` is empty); the
    /// package must then hold everything that they need.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ships_programs: bool,
    /// Tool that runs this tool's programs, such as `node` for a script. If the same run installs it, this install
    /// waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// Home of store, cache and staging (`$VX_HOME`).
    pub home: PathBuf,
    /// Number of this attempt, from 1.
    #[serde(default = "one")]
    pub attempt: u8,
    /// Time limit of the install, from its start.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    /// How long a server may give no sign of life. Another process that installs the same release may take four times
    /// as long.
    #[serde(default)]
    pub stall_ms: Option<u64>,
    /// Lowest number of bytes a second that a server may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest_rate: Option<u64>,
    /// File in which the parent logs the child's whole output.
    #[serde(default)]
    pub log_file: Option<PathBuf>,
    /// Slot for progress; `None` without a board.
    #[serde(default)]
    pub board: Option<BoardSlot>,
    /// A command to run in the staged release before it is activated.
    #[serde(default)]
    pub postinstall: Option<String>,
    /// Files that this command names, with the contents that the project's user has agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreed: Vec<AgreedFile>,
    /// Arguments for a trial start of the first native program, before the release counts; `None` for no trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Vec<String>>,
    /// Install even if the release is there already.
    #[serde(default)]
    pub force: bool,
    /// Use only the download cache.
    #[serde(default)]
    pub offline: bool,
    /// Trust in servers, beside the platform's own.
    #[serde(default, skip_serializing_if = "TlsTrust::is_empty")]
    pub trust: TlsTrust,
}

const fn one() -> u8 {
    1
}

impl fmt::Debug for InstallConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address, the value of an option and a command may each hold a credential.
        f.debug_struct("InstallConfig")
            .field("tool_name", &self.tool_name)
            .field("version", &self.version)
            .field("options", &self.options.keys().collect::<Vec<_>>())
            .field("source", &self.source)
            .field("package", &self.package)
            .field("parts", &self.parts)
            .field("programs", &self.programs)
            .field("ships_programs", &self.ships_programs)
            .field("needs", &self.needs)
            .field("home", &self.home)
            .field("attempt", &self.attempt)
            .field("deadline_ms", &self.deadline_ms)
            .field("stall_ms", &self.stall_ms)
            .field("lowest_rate", &self.lowest_rate)
            .field("log_file", &self.log_file)
            .field("board", &self.board)
            .field("trial", &self.trial)
            .field("force", &self.force)
            .field("offline", &self.offline)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_base::package::archive::{Archive, Origin};

    #[test]
    fn a_configuration_keeps_the_format_of_its_document() {
        let part = r#"{"url":"https://host.invalid/a.tgz","file_name":"a.tgz","digest":"sha256:DIGITS","size":10,"strip":1,"into":"lib/a","authorization":"Bearer x"}"#;
        let bare =
            r#"{"url":"","file_name":"b.whl","digest":null,"size":null,"strip":0,"into":"","authorization":null}"#;
        let document = r#"{"tool_name":"a","version":"1","options":{"k":"v"},"download_url":null,"source":"npm","package":"@s/a","parts":[PARTS],"programs":[],"home":"/h","attempt":1,"deadline_ms":null,"stall_ms":null,"log_file":null,"board":null,"postinstall":null,"force":false,"offline":true}"#;
        let document = document.replace("PARTS", &[part, bare].join(",")).replace("DIGITS", &"ab".repeat(32));
        let config: InstallConfig = serde_json::from_str(&document).expect("a configuration");
        assert_eq!(serde_json::to_string(&config).expect("text"), document);
        for missing in [r#""url":"","#, r#""file_name":"b.whl","#, r#","strip":0"#] {
            let cut = document.replacen(missing, "", 1);
            assert!(serde_json::from_str::<InstallConfig>(&cut).is_err(), "{cut}");
        }
    }

    #[test]
    fn what_prints_a_configuration_prints_no_credential() {
        let url = "https://user:planted@host.invalid/a.tgz".into();
        let origin = Origin { url, authorization: Some("Bearer planted".into()) };
        let part = Part { archive: Archive { file: "a.tgz".into(), ..Archive::default() }, origin: Some(origin) };
        assert!(!format!("{part:?}").contains("planted"));
        let config = serde_json::from_value(serde_json::json!({
            "tool_name": "node", "version": "22.1.0", "source": "url", "parts": [], "programs": [], "home": "/h",
            "options": {"TOKEN": "planted"}, "download_url": "https://user:planted@host.invalid/a.tgz",
            "postinstall": "login --token planted"
        }));
        let config = InstallConfig { parts: vec![part], ..config.expect("a configuration") };
        let printed = format!("{config:?}");
        assert!(!printed.contains("planted") && printed.contains("TOKEN"), "{printed}");
    }
}
