//! No secret is shown anywhere: passwords and tokens in addresses, queries, settings and proxies are looked for in the
//! output of every command and in every file that is left.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use vx_base::digest::Algorithm;
use vx_rpc::framed;

use crate::serving::mcp::Client;
use crate::support::registry::archive::{script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::{Sandbox, eventually};
use crate::support::server::Reply;

/// The beginning of each planted secret; the rest says where it was planted.
const PLANTED: &str = "planted-";
/// A password with characters that end a word in a shell, and that an address may contain.
const SIGNS: &str = "planted-1;planted-2$planted-3(planted-4)planted-5";

/// A project with a secret in every place that can have an address; one of its tools can be installed.
fn planted() -> Sandbox {
    let sandbox = Sandbox::new().offers("ruff", "0.15.1").offers("biome", "2.3.4");
    let host = sandbox.registry().server().address().trim_start_matches("http://").to_owned();
    let archive = tgz(&[script("x/bin/mytool", "1.0.0")]);
    let query = "token=planted-url-token&X-Amz-Signature=planted-url-signature";
    sandbox.registry().server().serve(&format!("/files/mytool.tgz?{query}"), Reply::ok(archive.clone()));
    let sha256 = digest(Algorithm::Sha256, &archive).hex();
    sandbox.write("vx.toml", &format!(
        r#"[tools]
ruff = "0.15"
biome = "2"
mytool = {{ version = "1.0.0", url = "http://me:{SIGNS}'planted-url-password@{host}/files/mytool.tgz?{query}", sha256 = "{sha256}", strip = 1, bin = ["bin/mytool"], postinstall = "true 'http://me:{SIGNS}@h.invalid/?t=planted-command-token;{SIGNS}'" }}
away = {{ version = "1.0.0", url = {{ linux = "http://me:{SIGNS}'planted-away@127.0.0.1:1/a.tgz?planted-away-query'{SIGNS}" }}, sha256 = "{sha256}", optional = true }}
[settings.mirrors]
github = "http://me:{SIGNS}'planted-mirror@127.0.0.1:1/?token=planted-mirror-token"
[scripts]
fetch = "curl 'http://me:{SIGNS}@h.invalid/?t=planted-script-token;{SIGNS}'"
[services.web]
command = ["sleep", "731"]
ready = {{ http = "http://me:{SIGNS}'planted-probe@127.0.0.1:1/?t=planted-probe-token", timeout = "1s" }}
"#
    ));
    sandbox.write(
        ".npmrc",
        &format!(
            "registry=http://me:planted-npmrc-password@{host}/npm/\n//{host}/npm/:_authToken=planted-npmrc-token\n"
        ),
    );
    sandbox.write(
        "uv.toml",
        &format!("index-url = \"http://me:planted-uv-password@{host}/simple/?t=planted-uv-token\"\n"),
    );
    let npm = format!("http://me:planted-npm-password@{host}/npm/");
    let index = format!("http://me:planted-index-password@{host}/simple/");
    sandbox
        .variable("NPM_CONFIG_REGISTRY", &npm)
        .variable("UV_DEFAULT_INDEX", &index)
        .variable("HTTP_PROXY", "http://me:planted-proxy-password@127.0.0.1:1/")
        .variable("HTTPS_PROXY", "http://me:planted-proxy-password@127.0.0.1:1/")
        .variable("NO_PROXY", "127.0.0.1")
}

/// The same project with only the tool that has a query in its address.
fn planted_alone() -> Sandbox {
    let sandbox = planted();
    let lines = sandbox.read("vx.toml");
    let alone = lines.lines().filter(|line| line.starts_with("mytool") || *line == "[tools]");
    sandbox.write("vx.toml", &alone.collect::<Vec<_>>().join("\n"));
    sandbox
}

/// Every command that prints anything about a project, its installs, or its boards.
const COMMANDS: [&str; 45] = [
    "sync --plain",
    "sync --json",
    "sync --dry-run",
    "sync --dry-run --json",
    "sync --check --json",
    "sync --locked",
    "sync --force --record kept.vxrec --dump dumps --dump-every 50ms --trace trace.json",
    "mytool",
    "x mytool",
    "x away",
    "install mytool away",
    "use mytool@1.0.0",
    "lock",
    "lock --check",
    "lock mytool",
    "lock --upgrade",
    "sbom",
    "outdated",
    "outdated --json",
    "list",
    "list --json",
    "which mytool",
    "which --all mytool",
    "which away",
    "doctor",
    "doctor --json",
    "config",
    "config --json",
    "config tools.mytool.url",
    "trust",
    "trust --show",
    "trust --list",
    "env --shell json",
    "run --list",
    "run --list --json",
    "run fetch -H",
    "up web",
    "ps --json",
    "logs web",
    "down",
    "board run typed -- true http://me:planted-typed-password@h.invalid/?t=planted-typed-token",
    "board list",
    "board list --json",
    "board dump --json",
    "shims",
];

/// Run every command, and note those that show a secret.
fn run_all(sandbox: &Sandbox, leaks: &mut Vec<String>) {
    for words in COMMANDS {
        let finished = sandbox.vx(words);
        note(&format!("vx {words}"), &(finished.stdout() + &finished.stderr()), leaks);
    }
}

fn note(door: &str, said: &str, leaks: &mut Vec<String>) {
    for (at, _) in said.match_indices(PLANTED) {
        let secret: String =
            said[at..].chars().take_while(|character| character.is_alphanumeric() || *character == '-').collect();
        leaks.push(format!("{door}: {secret}"));
    }
}

/// Search every file below a directory, except the files in which the secrets were planted.
fn look_through(directory: &Path, leaks: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() && !path.is_symlink() {
            true => look_through(&path, leaks),
            false if ["vx.toml", ".npmrc", "uv.toml"].iter().any(|planted| path.ends_with(planted)) => {}
            false => {
                note(&path.display().to_string(), &String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()), leaks)
            }
        }
    }
}

fn assert_none(sandbox: &Sandbox, mut leaks: Vec<String>) {
    let places: [PathBuf; 3] = [sandbox.home(), sandbox.runtime(), sandbox.project()];
    places.iter().for_each(|place| look_through(place, &mut leaks));
    leaks.sort();
    leaks.dedup();
    assert!(leaks.is_empty(), "shown:\n{}", leaks.join("\n"));
}

/// The answers of the daemon to questions about the project.
fn daemon_says(sandbox: &Sandbox) -> String {
    let here = json!({ "directory": sandbox.project() });
    let hello = json!({ "protocol": { "min": 1, "max": 1 } });
    let asked =
        [("initialize", hello), ("vx/project", here.clone()), ("vx/environment", here), ("shutdown", json!({}))];
    let lines = (1..).zip(asked).map(|(id, (method, params))| {
        framed(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
    });
    let file = sandbox.root().join("asked");
    fs::write(&file, lines.flatten().collect::<Vec<u8>>()).expect("a file");
    let input = Stdio::from(File::open(file).expect("a file"));
    let finished = sandbox.run_with("daemon run --stdio", sandbox.command("daemon run --stdio"), input).finish();
    finished.stdout() + &finished.stderr()
}

/// The answers of the MCP server about the project.
fn mcp_says(sandbox: &Sandbox) -> Vec<Value> {
    let mut client = Client::allowed(sandbox);
    let calls = [
        ("project", json!({})),
        ("resolve", json!({ "name": "mytool" })),
        ("sync", json!({})),
        ("service", json!({ "name": "web", "action": "start" })),
        ("logs", json!({ "name": "web" })),
        ("boards", json!({})),
    ];
    let ask = |(id, (tool, arguments)): (u64, (&str, Value))| {
        client.begin(id, tool, &arguments);
        client.answer(id)
    };
    (1..).zip(calls).map(ask).collect()
}

fn ask_servers(sandbox: &Sandbox, leaks: &mut Vec<String>) {
    note("daemon", &daemon_says(sandbox), leaks);
    mcp_says(sandbox).iter().for_each(|answer| note("mcp", &answer.to_string(), leaks));
    sandbox.vx("down");
}

#[test]
fn no_secret_of_a_project_is_shown_before_its_user_has_agreed() {
    let sandbox = planted().variable("VX_TRUST", "");
    let mut leaks = Vec::new();
    run_all(&sandbox, &mut leaks);
    ask_servers(&sandbox, &mut leaks);
    assert_none(&sandbox, leaks);
}

#[test]
fn no_secret_of_a_project_is_shown_or_kept_once_it_may_act() {
    let sandbox = planted();
    let mut leaks = Vec::new();
    // The consent is kept, with the lines that were agreed to.
    let mut agreeing = sandbox.command("sync --trust");
    agreeing.env("VX_TRUST", "");
    sandbox.run("vx sync --trust", agreeing).finish();
    assert_eq!(sandbox.vx("mytool").succeeds().stdout(), "1.0.0\n");
    run_all(&sandbox, &mut leaks);
    ask_servers(&sandbox, &mut leaks);
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("/files/mytool.tgz?token=***&X-Amz-Signature=***\""), "{lock}");
    sandbox.vx("sbom").succeeds().prints("/files/mytool.tgz?token=***");
    assert_none(&sandbox, leaks);
}

#[test]
fn no_secret_is_shown_by_errors_of_files() {
    let sandbox = planted();
    let mut leaks = Vec::new();
    let whole = sandbox.read("vx.toml");
    for (from, to) in [
        ("/files/", "/{nothing}/"),
        ("url = \"http://", "url = \"ftp://"),
        ("/files/mytool.tgz", "/files/gone.tgz"),
        ("@127.0.0.1:1/a.tgz", "@127.0.0.1:no/a.tgz"),
        ("strip = 1,", "strip = 1"),
        ("http = \"http://", "http = \"nonsense://"),
        ("github = \"http://", "github = \"nonsense://"),
        ("[scripts]", "[skripts]"),
    ] {
        assert!(whole.contains(from), "{from}");
        sandbox.write("vx.toml", &whole.replace(from, to));
        for words in ["sync", "doctor", "config", "which mytool", "run --list", "up web", "trust --show", "ps"] {
            let finished = sandbox.vx(words);
            note(&format!("{to}: vx {words}"), &(finished.stdout() + &finished.stderr()), &mut leaks);
        }
        note(&format!("{to}: daemon"), &daemon_says(&sandbox), &mut leaks);
        sandbox.vx("down");
    }
    assert_none(&sandbox, leaks);
}

#[test]
fn no_sign_that_a_password_may_hold_ends_its_address() {
    let config = format!(
        "[tools]\nbiome = {{ version = \"2\", postinstall = \"curl 'https://me:{SIGNS}@h/x?token={SIGNS}'\" }}\n\
         [env]\nA = \"mirror=https://me:{SIGNS}'planted-6@h/x\"\nB = \"https://me:{SIGNS}@h/x?t={SIGNS}\"\n\
         [services.web]\ncommand = [\"curl\", \"https://me:{SIGNS}'planted-6@h/x?t={SIGNS}\"]\n\
         [services.api]\ncommand = \"curl \\\"https://me:{SIGNS}@h/x\\\"\"\n\
         env = {{ A = \"mirror=https://me:{SIGNS}@h/x\" }}\n"
    );
    let sandbox = Sandbox::new().offers("biome", "2.3.4").config(&config).variable("VX_TRUST", "");
    let mut leaks = Vec::new();
    let shown = sandbox.vx("trust --show").succeeds().stdout();
    for line in ["runs: curl 'https://***@h/x?token=***;", "A=mirror=https://***@h/x", "\"https://***@h/x?t=***;"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let mistake = config.replace("postinstall", "postinstal").replace("[services.web]", "[services.web]\nx = 1");
    for (text, words) in ["trust --show", "sync", "trust", "up", "config", "doctor", "which biome", "biome"]
        .into_iter()
        .flat_map(|words| [(&config, words), (&mistake, words)])
    {
        sandbox.write("vx.toml", text);
        let finished = sandbox.vx(words);
        note(&format!("vx {words}"), &(finished.stdout() + &finished.stderr()), &mut leaks);
    }
    sandbox.write("vx.toml", &config);
    ask_servers(&sandbox, &mut leaks);
    assert_none(&sandbox, leaks);
}

#[test]
fn no_secret_is_shown_by_errors_of_servers_and_proxies() {
    let sandbox = planted();
    let mut leaks = Vec::new();
    for (name, value) in [
        ("NO_PROXY", ""),
        ("HTTP_PROXY", "me:planted-proxy-password@nonsense"),
        ("NPM_CONFIG_REGISTRY", "http://me:planted-npm-password@127.0.0.1:1/npm/?t=planted-npm-token"),
        ("NPM_CONFIG_REGISTRY", "nonsense://me:planted-npm-password@h.invalid/?t=planted-npm-token"),
        ("UV_DEFAULT_INDEX", "http://me:planted-index-password@127.0.0.1:no/?t=planted-index-token"),
        ("VX_MIRROR_GITHUB", "nonsense://me:planted-mirror-password@127.0.0.1:1/?t=planted-mirror-token"),
    ] {
        for words in ["sync --force", "doctor", "outdated", "x gh@2"] {
            let mut command = sandbox.command(words);
            command.env(name, value);
            let finished = sandbox.run(words, command).finish();
            note(&format!("{name}={value}: vx {words}"), &(finished.stdout() + &finished.stderr()), &mut leaks);
        }
    }
    assert_none(&sandbox, leaks);
}

#[test]
fn an_address_is_in_no_argument_of_a_process_that_vx_starts() {
    let sandbox = planted();
    let query = "token=planted-url-token&X-Amz-Signature=planted-url-signature";
    let archive =
        tgz(&[script("x/bin/mytool", "1.0.0"), crate::support::registry::archive::filler("x/filler", 300_000)]);
    sandbox.registry().server().serve(&format!("/files/mytool.tgz?{query}"), Reply::ok(archive.clone()).slow(300_000));
    let sha256 = digest(Algorithm::Sha256, &archive).hex();
    let config = sandbox.read("vx.toml");
    let (before, after) = config.split_once("sha256 = \"").expect("a digest");
    let (kept, command) = after[sha256.len()..].split_once(", postinstall = ").expect("a command");
    let after = command.split_once('"').and_then(|(_, rest)| rest.split_once('"')).expect("its end").1;
    sandbox.write("vx.toml", &format!("{before}sha256 = \"{sha256}{kept}{after}"));
    let running = sandbox.start("sync mytool --json");
    let seen = eventually("a child is at work", || {
        let processes = sandbox.processes();
        processes.iter().any(|process| process.command.contains("--ipc-channel")).then_some(processes)
    });
    running.finish().succeeds();
    assert!(seen.iter().all(|process| !process.command.contains(PLANTED)), "{seen:?}");
}

#[test]
fn a_secret_that_changed_is_taken_from_vx_toml_and_the_lock_stays() {
    let sandbox = planted_alone();
    sandbox.vx("sync mytool").succeeds();
    let lock = sandbox.read("vx.lock");
    let (old, fresh) = ("planted-url-signature", "planted-fresh-signature");
    let archive = tgz(&[script("x/bin/mytool", "1.0.0")]);
    let query = format!("token=planted-url-token&X-Amz-Signature={fresh}");
    sandbox.registry().server().serve(&format!("/files/mytool.tgz?{query}"), Reply::ok(archive.clone()));
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace(old, fresh));
    sandbox.vx("uninstall mytool").succeeds();
    sandbox.vx("cache clean").succeeds();
    sandbox.vx("sync --locked mytool").succeeds();
    let asked = sandbox.registry().server().requests();
    let last = asked.iter().rev().find(|request| request.path.contains("mytool.tgz") && request.method == "GET");
    assert!(last.is_some_and(|request| request.path.ends_with(fresh)), "{last:?}");
    assert_eq!(sandbox.read("vx.lock"), lock);
    // The rest of the address, which is not secret, still counts.
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace("/files/mytool.tgz", "/files/other.tgz"));
    sandbox.vx("sync --locked mytool").exits_with(2).says("`mytool`");
}

#[test]
fn a_lock_of_an_earlier_vx_with_an_address_in_full_still_fits_and_is_passed_on_without_it() {
    let sandbox = planted_alone();
    sandbox.vx("sync mytool").succeeds();
    let lock = sandbox.read("vx.lock");
    let full = lock.replace("token=***", "token=planted-url-token").replace("=***", "=planted-url-signature");
    assert_ne!(lock, full);
    sandbox.write("vx.lock", &full);
    sandbox.vx("sync --locked mytool").succeeds();
    let record = sandbox.vx("sbom").succeeds().prints("token=***").keeps_silent_about(PLANTED).stdout();
    assert!(!record.contains(PLANTED), "{record}");
    sandbox.vx("lock mytool").succeeds();
    assert!(!sandbox.read("vx.lock").contains(PLANTED));
}

#[test]
fn what_a_link_out_of_the_project_leads_to_is_never_quoted() {
    let secret = "planted-linked-secret";
    for (name, text) in [
        ("vx.toml", format!("{secret} = {secret}\n[{secret}]\n")),
        ("vx.toml", format!("[{secret}]\n{secret} = 1\n")),
        ("vx.lock", format!("{secret}\n")),
        ("vx.lock", format!("version = 3\n[tools.\"{secret}\"]\nversion = \"{secret}\"\n")),
        (".npmrc", format!("{secret} {secret}\n{secret}=1\n[{secret}]\n")),
        ("Procfile", format!("{secret}: {secret}\n")),
        ("Procfile", format!("{secret}\n{secret} {secret}\n")),
        ("uv.toml", format!("index-url = \"http://{secret}\"\n{secret}")),
    ] {
        let sandbox = Sandbox::new().config("[tools]\n").variable("VX_TRUST", "");
        let target = sandbox.root().join("secret");
        fs::write(&target, &text).expect("a file");
        let _ = fs::remove_file(sandbox.project().join(name));
        symlink(&target, sandbox.project().join(name)).expect("a link");
        let mut leaks = Vec::new();
        for words in
            ["sync", "lock", "doctor", "trust --show", "trust", "up", "ps", "run --list", "run x", "sbom", "which node"]
        {
            let finished = sandbox.vx(words);
            note(&format!("{name}: vx {words}"), &(finished.stdout() + &finished.stderr()), &mut leaks);
        }
        note(&format!("{name}: daemon"), &daemon_says(&sandbox), &mut leaks);
        mcp_says(&sandbox).iter().for_each(|answer| note(&format!("{name}: mcp"), &answer.to_string(), &mut leaks));
        assert!(leaks.is_empty(), "{text}\n{}", leaks.join("\n"));
    }
}

#[test]
fn a_home_directory_that_is_a_repository_is_no_border_for_a_link_out_of_a_project() {
    let secret = "planted-linked-secret";
    let sandbox = Sandbox::new().variable("VX_TRUST", "");
    let user = sandbox.root().join("user");
    let project = user.join("dl/app");
    for folder in [".git", ".ssh", "dl/app"] {
        fs::create_dir_all(user.join(folder)).expect("a directory");
    }
    fs::write(user.join(".ssh/id"), format!("{secret} {secret}\n")).expect("a file");
    fs::write(project.join("vx.toml"), "[tools]\n").expect("a file");
    symlink("../../.ssh/id", project.join("Procfile")).expect("a link");
    let mut leaks = Vec::new();
    for words in ["up", "trust --show", "ps", "config --check", "doctor"] {
        let mut command = sandbox.command(words);
        command.current_dir(&project);
        let finished = sandbox.run(words, command).finish();
        note(&format!("vx {words}"), &(finished.stdout() + &finished.stderr()), &mut leaks);
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn controls_of_a_strange_file_reach_neither_agents_nor_editors() {
    for control in ['\u{9d}', '\u{9b}', '\u{202e}', '\u{1b}'] {
        let key = if control == '\u{1b}' { "\\u001b".to_owned() } else { control.to_string() };
        let sandbox =
            Sandbox::new().config(&format!("[settings]\n\"x{key}y\" = 1\n[scripts]\n\"s{key}t\" = \"true\"\n"));
        for said in [daemon_says(&sandbox)].into_iter().chain(mcp_says(&sandbox).iter().map(|answer| {
            // The parsed texts must not contain a secret either.
            answer["result"]["content"].to_string() + &answer["result"]["structuredContent"].to_string()
        })) {
            assert!(!said.contains(control), "{control:?} in {said:?}");
        }
    }
}
