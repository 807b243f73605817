//! The real registries, if the machine can reach them.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::*;

#[test]
fn needs_network_the_real_registries_offer_tools_with_digests() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let sources = Sources::new(SourceOptions {
        home: Home::from_root(home.path().to_owned()),
        project_directory: home.path().to_owned(),
        settings: SettingFiles::default(),
        offline: false,
        fresh_for: Duration::from_secs(600),
        require_signatures: false,
        require_provenance: Vec::new(),
        mirrors: Default::default(),
        environment: Arc::new(|name| std::env::var(name).ok()),
        runner: Arc::new(|program, arguments| {
            let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
            Ok(ProgramOutput { success: output.status.success(), stdout: output.stdout, stderr: output.stderr })
        }),
        limits: RequestLimits { connect: Duration::from_secs(5), attempts: 2, ..RequestLimits::default() },
    });
    for (tool, algorithm) in [("esbuild", Algorithm::Sha512), ("just", Algorithm::Sha256)] {
        match resolve(&sources, tool, "latest") {
            Ok(artifacts) => {
                assert_eq!(
                    artifacts[0].archive.digest.as_ref().map(vx_base::digest::Digest::algorithm),
                    Some(algorithm)
                );
                assert!(artifacts[0].archive.size.is_some_and(|size| size > 100_000), "{artifacts:?}");
            }
            Err(SourceError { kind: SourceErrorKind::Unreachable(reason), .. }) => {
                crate::support::skipped::skipped(format_args!("no network to reach the registry of {tool}: {reason}"));
            }
            Err(SourceError { kind: SourceErrorKind::NotConfigured(reason), .. }) => {
                crate::support::skipped::skipped(format_args!("this machine has no Python index for {tool}: {reason}"));
            }
            Err(error) => panic!("{error}"),
        }
    }
}
