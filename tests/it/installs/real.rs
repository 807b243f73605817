//! Realistic project files, one of each kind. Each loads; available tools are installed and run; a tool that is not
//! available is named and holds up nothing else.

use serde_json::json;
use vx_base::digest::Algorithm;

use crate::installs::packages::{cli, publish, publish_wheel};
use crate::support::registry::archive::{Entry, script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

/// A project file, and the expected result.
struct Real {
    file: &'static str,
    text: &'static str,
    /// The number of its scripts.
    scripts: usize,
    /// The releases that are installed.
    installed: &'static [&'static str],
    /// The tools that are not available.
    lacking: &'static [&'static str],
    /// Texts of its notices and warnings.
    says: &'static [&'static str],
    /// A script, and what it prints.
    run: (&'static str, &'static str),
}

/// The tools of the catalogue that the registry has.
const OFFERED: [(&str, &str); 13] = [
    ("node", "22.1.0"),
    ("node", "20.9.0"),
    ("just", "1.43.0"),
    ("ruff", "0.15.1"),
    ("uv", "0.9.2"),
    ("esbuild", "0.27.0"),
    ("cmake", "3.31.0.1"),
    ("shellcheck", "0.11.0.1"),
    ("ninja", "1.11.1.4"),
    ("ninja", "1.13.0"),
    ("prettier", "3.1.0"),
    ("ripgrep", "14.1.0"),
    ("biome", "2.3.4"),
];

/// A registry with the offered tools, and a site with rust's releases.
fn world() -> Sandbox {
    let mut sandbox = Sandbox::new();
    for (tool, version) in OFFERED {
        sandbox = sandbox.offers(tool, version);
    }
    for site in ["rust", "github"] {
        let address = sandbox.registry().server().url(&format!("/{site}"));
        sandbox = sandbox.variable(&format!("VX_MIRROR_{}", site.to_uppercase()), &address);
    }
    offer_rust(&sandbox, "1.95.0");
    publish(&sandbox, "moo", "1.0.0", &json!({ "bin": "cli.js" }), &[cli("cli.js", "moo")]);
    publish(&sandbox, "cow", "1.0.0", &json!({ "bin": "cli.js", "dependencies": { "yargs": "1" } }), &[]);
    publish_wheel(&sandbox, "spell-cli", "2.0.0", "", &[script("{stem}.data/scripts/spell", "2.0.0")]);
    sandbox
}

fn offer_rust(sandbox: &Sandbox, version: &str) {
    let server = sandbox.registry().server();
    let target = match std::env::consts::ARCH {
        "aarch64" => "aarch64",
        _ => "x86_64",
    };
    let target = format!("{target}-{}", if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-gnu" });
    let parts: [(&str, &[&str]); 3] =
        [("rustc", &["bin/rustc", "bin/rustdoc"]), ("rust-std", &["lib/std.rlib"]), ("cargo", &["bin/cargo"])];
    for (part, programs) in parts {
        let folder = if part == "rust-std" { "rust-std/x" } else { part };
        let entries: Vec<Entry> =
            programs.iter().map(|path| script(&format!("top/{folder}/{path}"), version)).collect();
        let (archive, file) = (tgz(&entries), format!("{part}-{version}-{target}.tar.gz"));
        let sums = format!("{}  {file}\n", digest(Algorithm::Sha256, &archive).hex());
        server.serve(&format!("/rust/dist/{file}.sha256"), Reply::ok(sums));
        server.serve(&format!("/rust/dist/{file}"), Reply::ok(archive));
    }
    let releases = json!([{ "tag_name": version, "draft": false, "prerelease": false, "assets": [] }]);
    server.serve("/github/rust-lang/rust/releases?per_page=100", Reply::json(releases.to_string()));
}

/// The file with the loopback server in place of its addresses.
fn text_of(real: &Real, sandbox: &Sandbox) -> String {
    let archive = tgz(&[script("hello-1.2.0/bin/hello", "1.2.0")]);
    for system in ["linux", "macos", "windows"] {
        sandbox.registry().server().serve(&format!("/1.2.0/hello-{system}.tgz"), Reply::ok(archive.clone()));
    }
    let server = sandbox.registry().server().url("");
    let text = real.text.replace("https://downloads.example", server.trim_end_matches('/'));
    text.replace("DIGEST", &digest(Algorithm::Sha256, &archive).hex())
}

#[track_caller]
fn holds(real: &Real) {
    let sandbox = world();
    let name = if real.file == "old_name" { ".vx.toml" } else { "vx.toml" };
    sandbox.write(name, &text_of(real, &sandbox));
    sandbox.vx("config").succeeds();
    let listed = sandbox.vx("run --list").succeeds().stdout();
    assert_eq!(listed.lines().count(), real.scripts, "{}: {listed}", real.file);
    let code = i32::from(!real.lacking.is_empty());
    let planned = sandbox.vx("sync --dry-run").exits_with(code);
    let synced = sandbox.vx("sync").exits_with(code);
    for tool in real.lacking {
        assert!(planned.stderr().contains(tool), "{} does not plan with {tool}: {}", real.file, planned.stderr());
        assert!(synced.stderr().contains(tool), "{} does not name {tool}: {}", real.file, synced.stderr());
    }
    for text in real.says {
        assert!(synced.stderr().contains(text), "{} is silent about {text}: {}", real.file, synced.stderr());
    }
    assert_eq!(sandbox.installed(), real.installed, "{}", real.file);
    let (script, printed) = real.run;
    let ran = sandbox.vx(&format!("run {script}")).succeeds();
    assert!(ran.stdout().contains(printed), "{}: {}", real.file, ran.stdout());
    for tool in real.lacking {
        assert!(ran.stderr().contains(tool), "{} runs without {tool} in silence: {}", real.file, ran.stderr());
    }
    if real.lacking.is_empty() {
        sandbox.vx("sync --locked").succeeds();
    }
}

/// Makes a test for each file, named after the file.
macro_rules! real {
    ($($name:ident: $scripts:expr, $installed:expr, $lacking:expr, $says:expr, $run:expr;)*) => {$(
        #[test]
        fn $name() {
            holds(&Real {
                file: stringify!($name),
                text: include_str!(concat!("real/", stringify!($name), ".toml")),
                scripts: $scripts,
                installed: &$installed,
                lacking: &$lacking,
                says: &$says,
                run: $run,
            });
        }
    )*};
}

real! {
    rust_channels: 2, ["just 1.43.0", "node 22.1.0", "rust 1.95.0"], [], [], ("check", "1.95.0");
    a_tool_that_cannot_be_had: 1, ["just 1.43.0", "node 22.1.0"], ["cargo-llvm-cov", "zig-of-our-own"], [],
        ("greet", "1.43.0");
    systems: 1, ["just 1.43.0", "node 22.1.0"], [], [], ("show", "1.43.0");
    quoted_booleans: 1, ["just 1.43.0", "ruff 0.15.1"], [],
        ["`auto_install` is in quotes", "`optional` of `just` is in quotes", "no key `parallel_install`"], ("lint", "0.15.1");
    old_name: 1, ["node 20.9.0", "uv 0.9.2"], [], [".vx.toml"], ("hello", "20.9.0");
    thirty_one_scripts: 31, ["node 22.1.0"], [], [], ("dev:all", "dev web\ndev api\n");
    four_part_versions: 1, ["cmake 3.31.0.1", "ninja 1.11.1.4", "shellcheck 0.11.0.1"], [], [], ("configure", "3.31.0.1");
    aliases: 2, ["esbuild 0.27.0", "node 22.1.0"], [], [], ("build", "0.27.0");
    addresses_by_platform: 1, ["hello 1.2.0", "just 1.43.0"], [], [], ("hello", "1.2.0");
    optional_tools: 1, ["ruff 0.15.1"], [], ["biome", "lefthook"], ("lint", "0.15.1");
    settings_and_mirrors: 2, ["just 1.43.0", "ripgrep 14.1.0", "uv 0.9.2"], [], ["no key `experimental`"],
        ("versions", "0.9.2\n1.43.0\n");
    monorepo_child: 2, ["node 22.1.0", "prettier 3.1.0"], [], [], ("where", "development 8080 false");
    python_environment: 2, ["ruff 0.15.1", "uv 0.9.2"], [], ["python"], ("lint", "0.15.1");
    versions_of_other_programs: 1, ["just 1.43.0", "node 22.1.0"], ["go", "python", "uv"], ["`21-tem` is not a version"],
        ("greet", "1.43.0");
    services_and_hooks: 1, ["node 22.1.0"], [], [], ("ready", "22.1.0");
    packages_by_name: 1, ["node 22.1.0", "npm:moo 1.0.0", "spell 2.0.0"], ["npm:cow"], ["yargs"], ("moo", "moo \n2.0.0\n");
}

#[test]
fn every_file_has_its_test() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/installs/real")).expect("the files");
    let own = include_str!("real.rs");
    for file in files.flatten() {
        let name = file.file_name().to_string_lossy().trim_end_matches(".toml").to_owned();
        assert!(own.contains(&format!("    {name}: ")), "nothing tests {name}");
    }
}
