//! `vx use`: tools are installed, declared in vx.toml in place, and locked; an unavailable tool changes nothing.

use crate::support::sandbox::Sandbox;

const COMMENTED: &str =
    "# the site\n[tools]\nbiome = { version = \"2.3\", optional = true } # checks\n\n[scripts]\na = \"b\"\n";

fn offering() -> Sandbox {
    Sandbox::new().offers("biome", "2.3.4").offers("biome", "2.4.0").offers("ruff", "0.15.1")
}

#[test]
fn a_request_is_replaced_where_it_stands_and_the_lock_follows() {
    let sandbox = offering().config(COMMENTED);
    sandbox.vx("sync").succeeds();
    sandbox.vx("use biome@2.4 ruff").succeeds().says("biome = \"2.4\"").says("wrote vx.lock");
    let changed = COMMENTED.replace("\"2.3\"", "\"2.4\"").replace("# checks\n", "# checks\nruff = \"latest\"\n");
    assert_eq!(sandbox.read("vx.toml"), changed);
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "biome 2.4.0", "ruff 0.15.1"]);
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("sync --check").succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.4.0");
    // The same again changes nothing.
    let lock = sandbox.read("vx.lock");
    sandbox.vx("use biome").succeeds();
    assert_eq!((sandbox.read("vx.toml"), sandbox.read("vx.lock")), (changed, lock));
}

#[test]
fn a_tool_that_was_declared_is_kept_for_its_project() {
    let sandbox = offering();
    sandbox.vx("use biome@2.3").succeeds();
    let project = sandbox.project().display().to_string();
    sandbox.vx("list").succeeds().prints(&project).keeps_silent_about("no project");
}

#[test]
fn what_fits_the_lock_is_taken_anew() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    sandbox.vx("sync").succeeds();
    // The cached list of versions doesn't have it.
    sandbox.registry().offer("biome", "2.4.0");
    sandbox.vx("use biome@2").succeeds();
    assert!(sandbox.read("vx.lock").contains("2.4.0"));
    assert_eq!(sandbox.program_says("biome"), "2.4.0");
}

#[test]
fn a_tool_of_two_names_is_declared_once() {
    let sandbox = Sandbox::new().config("[tools]\nnodejs = \"20\"\n").offers("node", "22.23.3");
    sandbox.vx("use node@22 nodejs@22").succeeds();
    assert_eq!(sandbox.read("vx.toml"), "[tools]\nnodejs = \"22\"\n");
}

#[test]
fn what_cannot_be_had_changes_nothing() {
    let sandbox = offering().config(COMMENTED);
    for (words, code, said) in [
        ("use biome@9", 1, "no version matches `9`"),
        ("use biome@2.4 nonsuch-tool@1", 2, "`nonsuch-tool` is not known to vx"),
        ("use biome@==", 2, "is not a version"),
        ("use biome@2 biome@2.4", 2, "is requested as"),
        ("use --global --project . biome", 2, "cannot be used with"),
        ("use", 2, "required"),
    ] {
        sandbox.vx(words).exits_with(code).says(said);
        assert_eq!(sandbox.read("vx.toml"), COMMENTED, "{words}");
        assert!(!sandbox.project().join("vx.lock").exists(), "{words}");
    }
    let broken = "[tools]\nbiome = \n";
    sandbox.write("vx.toml", broken);
    sandbox.vx("use biome@2").refuses_with("vx.toml:2");
    assert_eq!(sandbox.read("vx.toml"), broken);
    sandbox.write("vx.toml", "tools = 7\n");
    sandbox.vx("use biome@2").exits_with(2);
    assert_eq!(sandbox.read("vx.toml"), "tools = 7\n");
}

#[test]
fn without_a_project_one_is_made_and_ones_own_file_is_made_on_request() {
    let sandbox = offering();
    sandbox.vx("use --global ruff").succeeds();
    assert_eq!(
        std::fs::read_to_string(sandbox.home().join("vx.toml")).expect("one's own"),
        "[tools]\nruff = \"latest\"\n"
    );
    assert!(!sandbox.project().join("vx.toml").exists());
    sandbox.vx("use biome@2.3").succeeds();
    assert_eq!(sandbox.read("vx.toml"), "[tools]\nbiome = \"2.3\"\n");
    assert_eq!((sandbox.program_says("biome").as_str(), sandbox.program_says("ruff").as_str()), ("2.3.4", "0.15.1"));
}

#[test]
fn several_at_once_declare_and_lock_all_their_tools() {
    const TOOLS: [&str; 4] = ["biome", "ruff", "uv", "esbuild"];
    let sandbox = TOOLS.iter().fold(Sandbox::new(), |sandbox, tool| sandbox.offers(tool, "1.0.0"));
    for round in 0..5 {
        sandbox.write("vx.toml", "[tools]\n");
        let _ = std::fs::remove_file(sandbox.project().join("vx.lock"));
        let runs = TOOLS.map(|tool| sandbox.start(&format!("use {tool}")));
        for run in runs {
            run.finish().succeeds();
        }
        let declared = sandbox.read("vx.toml");
        assert!(TOOLS.iter().all(|tool| declared.contains(&format!("{tool} = "))), "round {round}: {declared}");
        sandbox.vx("lock --check").succeeds();
    }
}
