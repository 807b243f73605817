//! Normal use: a declared tool is installed, runs, and is not fetched again.

use vx_base::digest::Algorithm;
use vx_base::system::platform::Platform;

use crate::support::registry::archive::{Entry, script, tgz};
use crate::support::registry::digest;
use crate::support::registry::{Language, Npm};
use crate::support::sandbox::{Sandbox, eventually};
use crate::support::server::Reply;

const MIXED: &str = "[tools]\nnode = \"22\"\nruff = \"0.15.1\"\nbiome = \"latest\"\n";

fn mixed() -> Sandbox {
    Sandbox::new().config(MIXED).offers("node", "22.23.3").offers("ruff", "0.15.1").offers("biome", "2.3.4")
}

#[test]
fn tools_from_npm_and_the_python_index_are_installed_and_run() {
    let sandbox = mixed();
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "node 22.23.3", "ruff 0.15.1"]);
    for (program, version) in [("node", "22.23.3"), ("npm", "11.0.0"), ("npx", "11.0.0"), ("ruff", "0.15.1")] {
        assert_eq!(sandbox.program_says(program), version, "{program}");
    }
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn the_lock_works_behind_any_mirror() {
    let sandbox = mixed();
    sandbox.vx("sync").succeeds().says("wrote vx.lock");
    let lock = sandbox.read("vx.lock");
    for address in ["127.0.0.1", "localhost", "://", "/npm/", "/simple/"] {
        assert!(!lock.contains(address), "`{address}` is in the lock:\n{lock}");
    }
    for fact in ["22.23.3", "0.15.1", "2.3.4", "sha512", "[tools."] {
        assert!(lock.contains(fact), "`{fact}` is not in the lock:\n{lock}");
    }
    // Another registry, another home: the lock alone decides the archives to fetch.
    let other = mixed();
    other.write("vx.lock", &lock);
    other.vx("sync --locked").succeeds();
    assert_eq!(other.installed(), sandbox.installed());
    assert_eq!(other.read("vx.lock"), lock);
}

#[test]
fn a_second_run_has_nothing_to_do_and_makes_no_request() {
    let sandbox = mixed();
    sandbox.vx("sync").succeeds();
    let (asked, stored) = (sandbox.registry().server().requests().len(), sandbox.stored());
    sandbox.vx("sync").succeeds().says("nothing to do: 3 tools are up to date");
    assert_eq!(sandbox.registry().server().requests().len(), asked);
    assert_eq!(sandbox.stored(), stored);
}

#[test]
fn a_python_index_that_speaks_only_html_will_do() {
    let sandbox = Sandbox::new().config("[tools]\nruff = \"0.15\"\nninja = \"1.13.0\"\n");
    sandbox.registry().speak(Language::Html);
    sandbox.registry().offer("ruff", "0.15.1");
    sandbox.registry().offer("ninja", "1.13.0");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("ruff"), "0.15.1");
    assert_eq!(sandbox.program_says("ninja"), "1.13.0");
}

#[test]
fn an_address_with_templates_and_a_digest_is_a_source() {
    let sandbox = Sandbox::new();
    let platform = Platform::current().expect("a platform");
    let archive = tgz(&[script("hello-1.2.3/bin/hello", "1.2.3"), Entry::file("hello-1.2.3/README", 0o644, "hi")]);
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let path = format!("/files/1.2.3/hello-{platform}.tgz");
    sandbox.registry().server().serve(&path, Reply::ok(archive.clone()));
    let address = sandbox.registry().server().url("/files/{version}/hello-{os}-{arch}.tgz");
    let sha256 = digest(Algorithm::Sha256, &archive).hex();
    sandbox.write(
        "vx.toml",
        &format!(
            "[tools]\nhello = {{ version = \"1.2.3\", url = \"{address}\", sha256 = {{ {platform} = \"{sha256}\" }}, \
             strip = 1, bin = [\"bin/hello\"] }}\n"
        ),
    );
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("hello"), "1.2.3", "on {os} {arch}");
    assert!(sandbox.stored().iter().any(|file| file.ends_with("README")), "{:?}", sandbox.stored());
    // The lock of a tool from an address needs the address.
    assert!(sandbox.read("vx.lock").contains(&sandbox.registry().server().url(&path)), "{}", sandbox.read("vx.lock"));
}

#[test]
fn an_address_without_a_digest_is_refused_until_the_lock_has_one() {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("x/bin/hello", "1.0.0")]);
    sandbox.registry().server().serve("/hello.tgz", Reply::ok(archive));
    let address = sandbox.registry().server().url("/hello.tgz");
    sandbox.write(
        "vx.toml",
        &format!("[tools]\nhello = {{ version = \"1.0.0\", url = \"{address}\", strip = 1, bin = [\"bin/hello\"] }}\n"),
    );
    sandbox.vx("sync").fails_with("no digest says what it must be").says("sha256").says("vx lock");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.vx("lock").succeeds().says("no digest is given for it");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("hello"), "1.0.0");
}

#[test]
fn a_tool_for_other_systems_is_left_out() {
    let other = "windows";
    let sandbox = mixed();
    let archive = tgz(&[script("package/biome.exe", "2.3.4")]);
    sandbox.registry().npm("@biomejs/cli-win32-x64", "2.3.4", &archive, Npm::default());
    sandbox.write(
        "vx.toml",
        &format!(
            "[tools]\nruff = \"0.15.1\"\nbiome = {{ version = \"2.3.4\", os = [\"{other}\"] }}\n\
             msvc = {{ version = \"latest\", os = [\"{other}\"] }}\n"
        ),
    );
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["ruff 0.15.1"]);
    for options in ["", "--locked", "--frozen"] {
        // `--locked` and `--frozen` use the lock, which has an entry of biome for the other systems.
        sandbox.vx(&format!("sync --dry-run {options}")).succeeds().prints("keep biome  (not for this system)");
        sandbox.vx(&format!("sync {options}")).succeeds().says("nothing to do");
    }
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("biome") && lock.contains(other), "{lock}");
}

#[test]
fn the_copy_on_path_satisfies_a_range_only_where_the_project_allows_it() {
    let sandbox = Sandbox::new();
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    let program = bin.join("just");
    std::fs::write(&program, "#!/bin/sh\necho just 1.43.0\n").expect("a file");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let sandbox = sandbox
        .variable("PATH", &path)
        .offers("just", "1.44.0")
        .config("[tools]\njust = { version = \"1\", source = \"system\" }\n");
    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.vx("sync --check").succeeds().prints("keep just 1.43.0 (on PATH:");
    sandbox.vx("which just").succeeds().prints(&program.display().to_string());
    assert_eq!(sandbox.registry().server().requests().len(), 0);
    let sandbox = sandbox.config("[tools]\njust = { version = \">=2\", source = \"system\" }\n");
    sandbox.vx("sync").fails_with("1.43.0");
    // Unless vx.toml says `system`, the tool is fetched, even if PATH has it.
    let sandbox = sandbox.config("[tools]\njust = \"1\"\n");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["just 1.44.0"]);
}

#[test]
fn a_project_is_found_from_a_folder_below_it() {
    let sandbox = mixed();
    let below = sandbox.project().join("a/b");
    std::fs::create_dir_all(&below).expect("a folder");
    let mut command = sandbox.command("sync ruff");
    command.current_dir(&below);
    sandbox.run("vx sync ruff", command).finish().succeeds();
    assert!(sandbox.project().join("vx.lock").exists());
    assert_eq!(sandbox.installed(), ["ruff 0.15.1"]);
}

#[test]
fn the_output_of_a_postinstall_command_is_in_the_tools_log_while_it_runs_and_when_all_is_well() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4");
    let end = sandbox.root().join("end");
    let command = format!("echo begun; while [ ! -e {} ]; do sleep 0.02; done; echo over >&2", end.display());
    sandbox.write("vx.toml", &format!("[tools]\nbiome = {{ version = \"2.3.4\", postinstall = \"{command}\" }}\n"));
    let running = sandbox.start("sync");
    let log = || {
        let folders = std::fs::read_dir(sandbox.runtime()).ok()?.flatten();
        folders.map(|folder| folder.path().join("biome.log")).find_map(|path| std::fs::read_to_string(path).ok())
    };
    eventually("its first words are there", || log().filter(|log| log == "begun\n"));
    std::fs::write(end, "").expect("a file");
    running.finish().succeeds();
    assert_eq!(log().as_deref(), Some("begun\nover\n"));
}
