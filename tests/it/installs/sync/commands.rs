//! The commands around a sync.

use serde_json::Value;

use crate::support::sandbox::Sandbox;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_list_as_json_has_exactly_the_fields_that_others_rely_on() {
    let sandbox =
        Sandbox::new().config("[tools]\nruff = \"0.15.1\"\n").offers("ruff", "0.15.1").offers("node", "22.1.0");
    sandbox.vx("sync").succeeds();
    sandbox.vx("install node@22.1.0").succeeds();
    let listed: Value = serde_json::from_str(&sandbox.vx("list --json").succeeds().stdout()).expect("JSON");
    let [node, ruff] = listed.as_array().expect("a list").as_slice() else { panic!("two releases: {listed}") };
    for release in [node, ruff] {
        let expected = ["digest", "installed_at", "path", "programs", "size", "source", "tool", "version", "wanted_by"];
        assert_eq!(keys(release), expected);
        assert!(release["size"].as_u64().is_some_and(|size| size > 0), "{release}");
        let at: Result<jiff::Timestamp, _> = release["installed_at"].as_str().unwrap_or_default().parse();
        assert!(at.is_ok(), "{release}");
    }
    assert_eq!((&ruff["tool"], &ruff["version"], &ruff["source"]), (&"ruff".into(), &"0.15.1".into(), &"pypi".into()));
    assert_eq!(ruff["path"], sandbox.home().join("store/ruff/0.15.1").display().to_string());
    assert_eq!(ruff["wanted_by"], serde_json::json!([sandbox.project()]));
    assert_eq!(ruff["programs"][0]["name"], "ruff");
    assert!(ruff["digest"].as_str().is_some_and(|digest| digest.contains("sha256")), "{ruff}");
    let programs: Vec<&Value> = node["programs"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(programs, ["node", "npm", "npx"]);
    assert_eq!(node["wanted_by"], serde_json::json!([]));
    sandbox.vx("list").succeeds().prints("ruff").prints("no project");
}

#[test]
fn an_empty_store_is_an_empty_list() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.vx("list --json").succeeds().stdout().trim(), "[]");
    sandbox.vx("list").succeeds().says("vx sync");
}

#[test]
fn which_goes_by_the_project_then_by_the_users_own_file_and_never_by_what_was_installed_last() {
    let sandbox = Sandbox::new().offers("node", "22.1.0").offers("node", "24.1.0").config("[tools]\nnode = \"22\"\n");
    sandbox.vx("which npm").fails_with("not installed");
    sandbox.vx("sync").succeeds();
    sandbox.vx("install node@24.1.0").succeeds();
    sandbox.vx("which npm").succeeds().prints("store/node/22.1.0/");
    std::fs::remove_file(sandbox.project().join("vx.toml")).expect("a file");
    let sandbox = sandbox.variable("PATH", "/bin-that-is-not-there");
    sandbox.vx("which npm").fails_with("no vx.toml here declares `npm`, and it is not on PATH");
    sandbox.vx("which npmm").fails_with("`npmm`").says("did you mean `npm`?");
    std::fs::write(sandbox.home().join("vx.toml"), "[tools]\nnode = \"24\"\n").expect("a file");
    sandbox.vx("which npm").fails_with("run `vx sync`");
    let command = sandbox.command("sync --project").arg(sandbox.home()).output().expect("vx starts");
    assert!(command.status.success(), "{command:?}");
    sandbox.vx("which npm").succeeds().prints("store/node/24.1.0/");
}

#[test]
fn uninstall_takes_one_version_or_all() {
    let sandbox = Sandbox::new();
    for version in ["0.27.0", "0.27.1", "0.28.0"] {
        sandbox.registry().offer("esbuild", version);
        sandbox.vx(&format!("install esbuild@{version}")).succeeds();
    }
    sandbox.vx("uninstall esbuild@0.27.1").succeeds().says("removed esbuild 0.27.1");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0", "esbuild 0.28.0"]);
    sandbox.vx("uninstall esbuild@7").fails_with("`esbuild@7` is not installed");
    sandbox.vx("uninstall esbuid").fails_with("did you mean `esbuild`?");
    sandbox.vx("uninstall esbuild").succeeds();
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn a_lock_holds_on_to_its_versions_until_it_is_upgraded() {
    let sandbox = Sandbox::new()
        .config("[settings]\ncache_duration = 0\n[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n")
        .offers("biome", "2.3.4")
        .offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds().says("locked biome 2.3.4 from npm for").says("wrote vx.lock");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.registry().offer("biome", "2.4.0");
    sandbox.registry().offer("esbuild", "0.27.1");
    sandbox.vx("lock").succeeds().says("vx.lock is up to date");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.vx("lock --upgrade biome").succeeds().says("locked biome 2.3.4 → 2.4.0 from");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("2.4.0") && lock.contains("0.27.0") && !lock.contains("0.27.1"), "{lock}");
    sandbox.vx("lock --upgrade").succeeds().says("locked esbuild 0.27.0 → 0.27.1 from");
    sandbox.vx("sync --locked").succeeds();
    assert!(sandbox.installed().contains(&"biome 2.4.0".to_owned()));
}

#[test]
fn a_version_that_was_published_just_now_is_found_though_the_list_is_kept() {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0").offers("ruff", "0.15.0");
    sandbox.vx("install esbuild ruff").succeeds();
    sandbox.registry().offer("esbuild", "0.28.0");
    sandbox.registry().offer("ruff", "0.15.1");
    sandbox.vx("install esbuild@^0.28 ruff@0.15.1").succeeds();
    assert!(sandbox.installed().contains(&"esbuild 0.28.0".to_owned()), "{:?}", sandbox.installed());
    assert!(sandbox.installed().contains(&"ruff 0.15.1".to_owned()), "{:?}", sandbox.installed());
    sandbox.vx("install esbuild@9 --offline").fails_with("no version matches `9`");
}

#[test]
fn a_tool_that_leaves_the_project_leaves_the_lock() {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n")
        .offers("biome", "2.3.4")
        .offers("esbuild", "0.27.0");
    sandbox.vx("sync").succeeds();
    let sandbox = sandbox.config("[tools]\nbiome = \"2\"\n");
    sandbox.vx("sync").succeeds();
    assert!(!sandbox.read("vx.lock").contains("esbuild"), "{}", sandbox.read("vx.lock"));
}

#[test]
fn a_search_finds_by_name_and_by_description() {
    let sandbox = Sandbox::new();
    sandbox.vx("search esbuild").succeeds().prints("esbuild").prints("npm").prints("JavaScript bundler");
    sandbox.vx("search linter").succeeds().prints("biome");
    assert!(sandbox.vx("search").succeeds().stdout().lines().count() > 20);
    let found: Value = serde_json::from_str(&sandbox.vx("search esbuild --json").succeeds().stdout()).expect("a list");
    assert_eq!((&found[0]["name"], &found[0]["sources"][0]), (&Value::from("esbuild"), &Value::from("npm")));
    sandbox.vx("search zzzz").fails_with("vx knows no tool like `zzzz`").says("url");
    assert_eq!(sandbox.registry().server().requests().len(), 0);
}

#[test]
fn the_caches_show_their_size_and_are_emptied_without_harm() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n");
    sandbox.publish("biome", "2.3.4", 100_000);
    sandbox.vx("sync").succeeds();
    let downloads = |sandbox: &Sandbox| -> u64 {
        let sizes = sandbox.vx("cache size").succeeds().stdout();
        let line = sizes.lines().find(|line| line.contains("downloads")).expect("a line").trim().to_owned();
        line.split(' ').next().expect("a number").parse().expect("a number")
    };
    assert!(downloads(&sandbox) > 100_000);
    sandbox.vx("cache clean").succeeds().says("emptied");
    assert_eq!(downloads(&sandbox), 0);
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}
