//! The schema of vx.toml for editors, `editors/vscode/vx.schema.json`: it has the keys that vx reads, and accepts and
//! refuses the same files as vx.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use vx_project::Project;

use crate::support::sandbox::Sandbox;

const TEXT: &str = include_str!("../../../editors/vscode/vx.schema.json");

/// Most forms of most keys.
const EVERYTHING: &str = r#"
[project]
name = "x"
root = true

[tools]
node = "22"
uv = { version = "latest", os = "linux", minimum_release_age = "3 days", optional = true }
"npm:cowsay" = "1"

[tools.acme]
version = "1.2.3"
url = { linux = "https://h.invalid/{version}/a.tgz", macos-arm64 = "https://h.invalid/b.tgz" }
sha256 = { linux-x64 = "0000000000000000000000000000000000000000000000000000000000000000" }
bin = { acme = "bin/acme" }
strip = 1
os = ["linux", "macos"]
components = ["a", "b"]
exclude_patterns = ["*.md"]
options = { a = 1, b = true, c = "d" }
postinstall = "true"

[scripts]
a = "echo"
b = { command = "echo", args = ["x"], env = { A = 1 }, cwd = "sub", depends = ["a"], description = "says" }

[services.db]
command = ["sh", "-c", "sleep 1"]
port = "8000-8010"
ready = { log = "up", timeout = "5s" }
stop = { signal = "SIGINT", timeout = 3 }

[services.api]
command = "{target} --serve"
directory = "api"
env_file = [".env"]
port = 8080
needs = { db = "ready" }
restart = "on-failure"
watch = ["**/*.go"]
build = "go build -o {target}"
reload = "/reload"
errors = "go"
health = { http = "/health", status = 204, every = "10s", failures = 2 }
optional = true
description = "the api"
log_bytes = 1048576

[services.unchecked]
command = "x"
port = "auto"
ready = false

[services.plugin]
preset = "vite-go"
path = "plugin"
needs = ["db"]

[env]
PORT = 8080

[settings]
auto_install = true
jobs = 4
sources = ["npm", "vendor"]
cache_duration = 600
minimum_release_age = "24h"
require_signatures = false
mirrors = { github = "https://h.invalid/" }

[progress]
make = '(?<percent>\d+)%'

[progress.other]
patterns = ['(?<done>\d+)/(?<total>\d+)']
total = 7

[agents.house]
program = "house"
"#;

fn schema() -> Value {
    serde_json::from_str(TEXT).expect("JSON")
}

struct Checked {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Checked {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("vx.json", schema()).expect("a resource");
        let index = compiler.compile("vx.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    /// The fault of a file, by the schema.
    fn fault(&self, text: &str) -> Option<String> {
        let table: toml::Table = toml::from_str(text).expect("TOML");
        let value = serde_json::to_value(table).expect("JSON");
        self.schemas.validate(&value, self.index).err().map(|error| error.to_string())
    }
}

/// Returns whether vx finds nothing wrong or doubtful in a file.
fn is_sound(text: &str) -> bool {
    let project = Project::parse(Path::new("vx.toml"), text);
    project.is_ok_and(|project| project.warnings.is_empty() && project.service_faults.is_empty())
}

/// The keys of a part of the schema.
fn keys<'s>(schema: &'s Value, part: &str) -> Vec<&'s str> {
    let properties = schema["$defs"][part]["properties"].as_object();
    properties.unwrap_or_else(|| panic!("{part} has no properties")).keys().map(String::as_str).collect()
}

#[test]
fn each_table_has_the_keys_that_vx_reads_and_no_others() {
    let schema = schema();
    for (place, part) in [
        ("[tools.node]\nversion = \"1\"\nqqqqqqqq = 1", "declared_tool"),
        ("[scripts.x]\ncommand = \"x\"\nqqqqqqqq = 1", "declared_script"),
        ("[services.x]\ncommand = \"x\"\nqqqqqqqq = 1", "declared_service"),
        ("[services.x]\npreset = \"vite-go\"\npath = \"x\"\nqqqqqqqq = 1", "preset"),
        ("[services.x]\ncommand = \"x\"\nready = { tcp = true, qqqqqqqq = 1 }", "ready"),
        ("[services.x]\ncommand = \"x\"\nhealth = { tcp = true, qqqqqqqq = 1 }", "health"),
        ("[services.x]\ncommand = \"x\"\nstop = { qqqqqqqq = 1 }", "stop"),
        ("[settings]\nqqqqqqqq = 1", "settings"),
        ("[progress.x]\npattern = \"(?<done>\\\\d+)\"\nqqqqqqqq = 1", "declared_progress"),
        ("[ui]\nqqqqqqqq = 1", "ui"),
    ] {
        let sandbox = Sandbox::new().config(&format!("{place}\n"));
        std::fs::create_dir_all(sandbox.home()).expect("a home");
        std::fs::write(sandbox.home().join("vx.toml"), format!("{place}\n")).expect("one's own file");
        let faults = sandbox.vx("config").stderr();
        let known = faults.split_once("known are ").and_then(|(_, after)| after.lines().next());
        let known = known.unwrap_or_else(|| panic!("{place} has no list in:\n{faults}")).trim();
        let mut known: Vec<&str> = known.split(", ").collect();
        let mut listed = keys(&schema, part);
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known, "{place}");
    }
}

#[test]
fn files_that_vx_takes_are_taken() {
    let checked = Checked::new();
    let own = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/vx.toml")).expect("the repository's");
    let mut all = vec![own, EVERYTHING.to_owned()];
    assert!(is_sound(EVERYTHING));
    for folder in ["docs", "docs/boards", "docs/clients"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let pages = std::fs::read_dir(folder).expect("pages").flatten().map(|page| page.path());
        for page in pages.filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
            let text = std::fs::read_to_string(page).expect("text");
            let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
            all.extend(blocks.map(str::to_owned));
        }
    }
    all.retain(|text| is_sound(text));
    assert!(all.len() > 8, "only {} files", all.len());
    for text in all {
        assert_eq!(checked.fault(&text), None, "{text}");
    }
}

#[test]
fn files_that_vx_refuses_are_refused() {
    let checked = Checked::new();
    for text in [
        "tools = 7",
        "[tools]\nnode = 22",
        "[tools]\nnode = true",
        "[tools]\nnode = [\"20\", \"22\"]",
        "[tools]\nnode = { version = 22 }",
        "[tools]\nnode = { version = \"22\", source = \"elsewhere\" }",
        "[tools]\nnode = { version = \"22\", strip = 17 }",
        "[tools]\nnode = { version = \"22\", bin = 1 }",
        "[tools]\nnode = { version = \"22\", minimum_release_age = 3 }",
        "[tools]\nnode = { version = \"22\", optional = 1 }",
        "[tools]\nnode = { version = \"22\", versoin = \"22\" }",
        "[scripts]\nx = 1",
        "[scripts.x]\ncommand = 1",
        "[services]\nx = \"y\"",
        "[services.x]\nport = 1",
        "[services.x]\ncommand = \"x\"\nport = 70000",
        "[services.x]\ncommand = \"x\"\nrestart = \"sometimes\"",
        "[services.x]\ncommand = \"x\"\nready = {}",
        "[services.x]\ncommand = \"x\"\nready = true",
        "[services.x]\ncommand = \"x\"\nlog_bytes = 1000",
        "[services.x]\ncommand = \"x\"\nlog_bytes = 67108865",
        "[services.x]\ncommand = \"x\"\nready = { http = \"x\" }",
        "[services.x]\ncommand = \"x\"\nready = { tcp = true, status = 99 }",
        "[services.x]\ncommand = \"x\"\nhealth = { log = \"x\" }",
        "[services.x]\ncommand = \"x\"\nneeds = { y = \"soon\" }",
        "[services.x]\ncommand = \"x\"\nstop = { signal = \"STOP\" }",
        "[services.x]\npreset = \"vite-rust\"\npath = \"x\"",
        "[services.x]\npreset = \"vite-go\"",
        "[settings]\njobs = 0",
        "[settings]\njobs = 257",
        "[settings]\nsources = [\"elsewhere\"]",
        "[settings]\nmirrors = \"x\"",
        "[progress.x]\npattern = 1",
        "[progress.x]\npattern = \"x\"\ntotal = 0",
    ] {
        assert!(!is_sound(text), "vx takes:\n{text}");
        assert!(checked.fault(text).is_some(), "the schema takes:\n{text}");
    }
}
