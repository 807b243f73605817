//! The protocol in TypeScript, made from the types here.

use ts_rs::TS;

use crate::doors::daemon::*;
use crate::doors::questions;

/// The file, in the extension for VS Code.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/editors/vscode/src/protocol.ts");

fn declarations() -> String {
    let all = [
        VersionRange::decl(),
        Introduction::decl(),
        Introduced::decl(),
        BoardSummary::decl(),
        Resolve::decl(),
        Environ::decl(),
        ListVersions::decl(),
        InDirectory::decl(),
        Sync::decl(),
        OfRuntime::decl(),
        Use::decl(),
        Up::decl(),
        Since::decl(),
        Subscribe::decl(),
        Unsubscribe::decl(),
        questions::Resolved::decl(),
        questions::Environment::decl(),
        questions::Version::decl(),
        questions::Versions::decl(),
        questions::Tool::decl(),
        questions::Script::decl(),
        questions::Build::decl(),
        questions::Service::decl(),
        questions::Problem::decl(),
        questions::ProjectState::decl(),
        Begun::decl(),
        EventType::decl(),
        Release::decl(),
        Changed::decl(),
        OnBoard::decl(),
        BoardWithWork::decl(),
        Snapshot::decl(),
        Subscribed::decl(),
        DaemonEvent::decl(),
        Told::decl(),
        Pong::decl(),
        DaemonStatus::decl(),
    ];
    let mut text =
        String::from("// Made from the types of the daemon: VX_UPDATE_DOCS=1 cargo test --lib daemon::types\n");
    text.push_str("\n/** A slot, with the fields of docs/clients/control.md. */\nexport type Work = { key: string, kind: string, state: string, standing: string, ended: boolean, slot: number, generation: number } & Record<string, unknown>;\n");
    for declaration in all {
        let lines = declaration.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.push_str(&format!("\nexport {lines}\n"));
    }
    text
}

#[test]
fn the_types_of_the_extension_are_those_of_the_daemon() {
    let made = declarations();
    if std::env::var_os("VX_UPDATE_DOCS").is_some() {
        std::fs::write(FILE, &made).expect("it is written");
    }
    let kept = std::fs::read_to_string(FILE).expect("it is there");
    assert!(kept == made, "VX_UPDATE_DOCS=1 cargo test --lib daemon::types");
}
