use vx_base::digest::{Algorithm, Digest};
use vx_base::files::agreed_file::NamedKind;
use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;

use super::*;
use crate::trust::part::digest;
use crate::trust::take_out;

fn project(text: &str) -> Project {
    Project::parse(Path::new("/p/vx.toml"), text).expect("a project")
}

/// Digest a text, as the content of a file.
fn content_of(text: &str) -> Digest {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(text.as_bytes());
    hasher.finish()
}

/// Content of the file if git doesn't track it.
const UNTRACKED: &str = "untracked";

/// A checkout with one file: `/p/setup.sh` with this text.
struct OneScript<'a>(&'a str);

impl NamedFileLookup for OneScript<'_> {
    fn file(&self, path: &Path) -> Option<NamedFile> {
        let is_it = path.components().collect::<std::path::PathBuf>() == Path::new("/p/setup.sh");
        is_it.then(|| NamedFile { path: "setup.sh".into(), kind: NamedKind::File, digest: content_of(self.0) })
    }

    fn file_or_folder(&self, path: &Path) -> Option<NamedFile> {
        self.file(path)
    }

    fn untracked(&self, path: &Path) -> Option<NamedFile> {
        let file = self.file(path).filter(|_| self.0 == UNTRACKED)?;
        Some(NamedFile { kind: NamedKind::Untracked, ..file })
    }

    fn is_spent(&self) -> bool {
        false
    }

    fn names(&self, _: &Path) -> Vec<String> {
        Vec::new()
    }
}

/// Return the package that a tool names; the catalogue has all packages except two.
fn uncatalogued(tool: &ToolRequest) -> Option<(SourceKind, String)> {
    let named = NamedPackage::of_tool(&tool.name).map(|named| (named.source, named.package));
    let (source, package) = tool.source.zip(tool.package.as_deref()).or(named)?;
    ["x", "y"].contains(&package).then(|| (source, package.to_owned()))
}

fn parts_of(project: &Project, allowed: &[&str], script: &str) -> Vec<ActingPart> {
    let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
    let (top, contents) = (Path::new("/p"), OneScript(script));
    let (settings, uncatalogued, allowed) = (&[], &uncatalogued, &allowed);
    acting_parts(&TrustSubject { project, settings, uncatalogued, directory: top, top, allowed, contents: &contents })
}

fn parts(text: &str) -> Vec<ActingPart> {
    parts_of(&project(text), &[], "")
}

fn lines(text: &str) -> Vec<String> {
    parts(text).iter().map(ActingPart::line).collect()
}

#[test]
fn what_needs_no_consent_has_no_parts() {
    for text in [
        "",
        "[tools]\nnode = \"22\"\njust = { version = \"1\", os = [\"linux\"] }\n",
        "[tools]\n\"npm:prettier\" = \"3\"\njust = { version = \"1\", source = \"pypi\", package = \"rust-just\" }\n",
        "[tools]\nnode = { version = \"22\", source = \"vendor\" }\nuv = { version = \"1\", source = \"pypi\" }\n",
        "[tools]\ngit = \"system\"\ncc = { source = \"system\" }\n",
        "[settings]\njobs = 4\nauto_install = false\ncache_duration = \"7d\"\nrequire_signatures = true\nverify_checksums = true\n",
        "[scripts]\nbuild = \"make\"\n[project]\nname = \"x\"\n[python]\nversion = \"3\"\n",
    ] {
        assert_eq!(lines(text), [""; 0], "{text}");
    }
}

#[test]
fn everything_that_can_act_is_a_part() {
    for (text, expected) in [
        (
            "[tools]\njust = { version = \"1\", postinstall = \"evil\" }\n",
            "installing just runs: evil  (the files that it uses are not compared)",
        ),
        (
            "[tools]\nx = { version = \"1\", url = \"https://h.invalid/x\" }\n",
            "x 1 comes from https://h.invalid/x, without a digest",
        ),
        ("[tools]\n\"npm:x\" = \"1\"\n", "npm:x is the npm package x, with every program that it declares"),
        (
            "[tools]\njust = { version = \"1\", source = \"pypi\", package = \"y\" }\n",
            "just is the pypi package y, with every program that it declares",
        ),
        ("[tools]\njust = { version = \"1\", install_env = { A = \"b\" } }\n", "installing just is set up with A=b"),
        ("[tools]\njust = { version = \"1\", options = { a = \"b\" } }\n", "installing just is set up with a=b"),
        (
            "[tools]\nnode = { version = \"1\", exclude_patterns = [\"lib/**\"] }\n",
            "installing node is set up with exclude_patterns=lib/**",
        ),
        ("[tools]\nnode = { version = \"1\", strip = 2 }\n", "installing node is set up with strip=2"),
        ("[tools]\nnode = { version = \"1\", bin = { ls = \"bin/node\" } }\n", "`ls` runs bin/node of node"),
        ("[env]\nMODE = \"x\"\n", "sets the variable MODE=x"),
        ("[settings]\nmirrors = { nodejs = \"https://h.invalid\" }\n", "mirrors.nodejs = https://h.invalid"),
        ("[settings]\nsources = [\"pypi\"]\n", "sources = pypi"),
        ("[settings]\nverify_checksums = false\n", "verify_checksums = false"),
        ("[settings]\nrequire_signatures = false\n", "require_signatures = false"),
        ("[settings]\nminimum_release_age = \"1h\"\n", "minimum_release_age = 60 min"),
        ("[tools]\njust = { version = \"1\", minimum_release_age = \"0\" }\n", "minimum_release_age=0 s"),
        ("[python]\nvenv = \".venv\"\n", "scripts find the programs in .venv first"),
        ("[hooks]\nenter = \"evil\"\n", "hooks.enter = evil  (the files that it uses are not compared)"),
        ("[agents.one]\ncommand = \"evil\"\n", "agents.one.command = evil  (the files that it uses are not compared)"),
    ] {
        let lines = lines(text);
        assert!(lines.len() == 1 && lines[0].ends_with(expected), "{text}: {lines:?}");
    }
}

#[test]
fn an_unrelated_edit_keeps_the_digest_and_an_edit_of_a_part_changes_it() {
    let text =
        "[tools]\nnode = \"22\"\njust = { version = \"1\", postinstall = \"make\" }\n[env]\nA = \"1\"\nB = \"2\"\n";
    let before = digest(&parts(text));
    for same in [
        format!("# a comment\n\n{text}"),
        text.replace("node = \"22\"", "node = \"20\""),
        text.replace("A = \"1\"\nB = \"2\"", "B = '2'\nA = '1'"),
        format!("{text}[scripts]\nbuild = \"make\"\n[settings]\njobs = 3\n"),
    ] {
        assert_eq!(digest(&parts(&same)), before, "{same}");
    }
    for other in [
        text.replace("\"make\"", "\"make evil\""),
        text.replace("just =", "ruff ="),
        text.replace("A = \"1\"", "A = \"2\""),
        text.replace("B = \"2\"\n", ""),
        format!("{text}C = \"3\"\n"),
        format!("{text}[settings]\nsources = [\"npm\"]\n"),
    ] {
        assert_ne!(digest(&parts(&other)), before, "{other}");
    }
}

#[test]
fn two_projects_that_say_something_else_have_two_digests() {
    for (one, other) in [
        ("[services.web.env]\ncommand = \"./x\"\n", "[services.\"web.env\"]\ncommand = \"./x\"\n"),
        ("[services.web]\ncommand = \"a\"\n", "[services]\n\"web.command\" = \"a\"\n"),
        ("[services.w]\ncommand = '[\"a\"]'\n", "[services.w]\ncommand = [\"a\"]\n"),
        ("[hooks]\na = \"1\"\n", "[hooks]\na = 1\n"),
        ("[hooks]\na = \"true\"\n", "[hooks]\na = true\n"),
        ("[hooks]\na = \"-inf\"\n", "[hooks]\na = -inf\n"),
        ("[[hooks.a]]\nb = \"x\"\n", "[hooks.a.0]\nb = \"x\"\n"),
        ("[agents.a]\n\"\" = \"x\"\n", "[agents]\n\"a.\" = \"x\"\n"),
    ] {
        assert_ne!(digest(&parts(one)), digest(&parts(other)), "{one}\n{other}");
    }
    let dotted = "[services.\"web.env\"]\ncommand = \"sh setup.sh\"\n";
    let (short, line) = (parts(dotted)[0].short(), parts(dotted)[0].line());
    assert_eq!(short, "services.\"web.env\".command");
    assert!(line.contains("the present content of setup.sh"), "a command by its last name: {line}");
}

#[test]
fn the_digest_of_a_usual_project_stays_the_same_from_one_version_to_the_next() {
    let text = "[services.web]\ncommand = [\"go\", \"run\"]\nport = 3000\nwatch = [\"**/*.go\"]\nenv = { MODE = \"dev\" }\n\
                [agents.one]\ncommand = \"one\"\nargs = [\"-x\"]\n[hooks]\nenter = \"true --all\"\n";
    assert_eq!(digest(&parts(text)).hex(), "248dd603b2f716364f49f8fb1935a6e9f13ab3cce6e697fb38a9fceb346f4e08");
}

#[test]
fn the_content_of_a_file_that_a_command_names_counts() {
    for command in ["./setup.sh", "sh setup.sh --all", "sh '/p/setup.sh'", "true;./setup.sh", "X=setup.sh true"] {
        let project = project(&format!("[tools]\njust = {{ version = \"1\", postinstall = \"{command}\" }}\n"));
        let with = |script: &str| digest(&parts_of(&project, &[], script));
        assert_ne!(with("one"), with("two"), "{command}");
    }
    let elsewhere = project("[tools]\njust = { version = \"1\", postinstall = \"/q/setup.sh ../setup.sh\" }\n");
    let with = |script: &str| digest(&parts_of(&elsewhere, &[], script));
    assert_eq!(with("one"), with("two"));
}

#[test]
fn a_command_says_which_files_are_compared_and_that_the_others_are_not() {
    let text = "[services.a]\ncommand = [\"sh\", \"setup.sh\"]\nenv_file = \"setup.sh\"\n[services.b]\ncommand = \"x\"\n\
                directory = \"sub\"\nenv = { A = \"setup\" }\nready = { command = \"../setup.sh\" }\n";
    let expected = [
        "services.a.command = [\"sh\", \"setup.sh\"]  (with the present content of setup.sh [e3b0c442]; other files are not compared)",
        "services.a.env_file = setup.sh  (with the present content of setup.sh [e3b0c442])",
        "services.b.command = x  (the files that it uses are not compared)",
        "services.b.directory = sub",
        "services.b.env.A = setup",
        "services.b.ready.command = ../setup.sh  (the files that it uses are not compared)",
    ];
    assert_eq!(lines(text), expected, "a path that goes up is for the checkout to follow");
}

#[test]
fn what_git_does_not_track_is_named_as_not_compared_and_is_no_part_of_the_digest() {
    let text = "[services.a]\ncommand = \"serve setup.sh\"\n";
    let lines_of =
        |project: &Project| parts_of(project, &[], UNTRACKED).iter().map(ActingPart::line).collect::<Vec<_>>();
    let base = "services.a.command = serve setup.sh  (the files that it uses are not compared";
    assert_eq!(lines_of(&project(text)), [format!("{base}, such as setup.sh, which git does not track)")]);
    let digest_of = |text: &str, script: &str| digest(&parts_of(&project(text), &[], script));
    let without = text.replace("setup.sh", "other");
    assert_eq!(digest_of(&without, ""), digest_of(&without, UNTRACKED));
    assert_ne!(digest_of(text, UNTRACKED), digest_of(text, "tracked"), "git tracks it from now on");
    let script = "[services.a]\ncommand = \"sh setup.sh\"\n[agents.a]\ncommand = \"a\"\nargs = [\"setup.sh\"]\n";
    let lines = lines_of(&project(script));
    assert!(
        lines[0].contains("the present content of setup.sh") && lines[2].contains("the present content"),
        "{lines:?}"
    );
}

#[test]
fn the_files_that_settings_name_are_part_of_the_consent() {
    let project = project("");
    let parts = |name: &str, script: &str| {
        let setting = FoundSetting { file: "/p/.npmrc".into(), name: name.into(), value: "setup.sh".into() };
        let (settings, contents, top) = ([setting], OneScript(script), Path::new("/p"));
        acting_parts(&TrustSubject {
            project: &project,
            settings: &settings,
            uncatalogued: &uncatalogued,
            directory: top,
            top,
            allowed: &[],
            contents: &contents,
        })
    };
    for name in ["cafile", "\"cafile\"", "cert", "key", "client-cert", "//h/:certfile", "//h/:keyfile"] {
        assert_ne!(digest(&parts(name, "one")), digest(&parts(name, "two")), "{name}");
        assert!(parts(name, "one")[0].line().contains("(with the present content of setup.sh ["), "{name}");
    }
    for name in ["registry", "//h/:_authToken"] {
        assert_eq!(digest(&parts(name, "one")), digest(&parts(name, "two")), "{name}");
        assert!(!parts(name, "one")[0].line().contains("setup.sh"), "{name}");
    }
}

#[test]
fn variables_that_steer_programs_are_refused_unless_the_user_names_them() {
    let project = project("[env]\nLD_PRELOAD = \"/x\"\nNODE_OPTIONS = \"-r x\"\nMODE = \"a\"\n");
    let short = |allowed: &[&str]| {
        let parts = parts_of(&project, allowed, "");
        parts.iter().map(ActingPart::short).collect::<Vec<_>>()
    };
    assert_eq!(short(&[]), ["the variable MODE"]);
    assert_eq!(short(&["NODE_OPTIONS"]), ["the variable MODE", "the variable NODE_OPTIONS"]);
    let contents = OneScript("");
    let (top, allowed) = (Path::new("/p"), &["NODE_OPTIONS".to_owned()]);
    let (project, settings, uncatalogued, contents) = (&project, &[], &uncatalogued, &contents);
    let subject = TrustSubject { project, settings, uncatalogued, directory: top, top, allowed, contents };
    assert_eq!(refused_variables(&subject), ["LD_PRELOAD"]);
}

#[test]
fn the_project_without_its_parts_is_the_catalogues() {
    let text = "[tools]\nnode = { version = \"22\", bin = { ls = \"bin/node\" }, strip = 3, options = { a = \"b\" } }\n\
                just = { version = \"1\", postinstall = \"evil\" }\nx = { version = \"1\", url = \"https://h.invalid/x\" }\n\
                uv = \"1\"\n[env]\nMODE = \"a\"\n[settings]\njobs = 3\nsources = [\"pypi\"]\nverify_checksums = false\n\
                mirrors = { nodejs = \"https://h.invalid\" }\n[python]\nvenv = \".venv\"\n[hooks]\nenter = \"evil\"\n";
    let mut taken = project(text);
    let parts = parts_of(&taken, &[], "");
    take_out(&mut taken, &parts);
    let withheld: Vec<&str> = taken.tools.iter().filter(|tool| tool.withheld).map(|tool| tool.name.as_str()).collect();
    assert_eq!(withheld, ["just", "x"]);
    let node = &taken.tools[0];
    assert!(node.bin.is_empty() && node.strip.is_none() && node.options.is_empty() && !node.withheld);
    assert!(taken.env.is_empty() && taken.settings.sources.is_none() && taken.settings.mirrors.is_empty());
    assert_eq!((taken.settings.verify_checksums, taken.settings.jobs), (None, Some(3)));
    assert!(!taken.entries.iter().any(|entry| entry.key == "python.venv" || entry.key.starts_with("hooks")));
    // The tools that may be used have nothing left that acts.
    taken.tools.retain(|tool| !tool.withheld);
    assert_eq!(parts_of(&taken, &[], ""), []);
}

proptest::proptest! {
    #[test]
    fn no_project_is_left_with_acting_parts(
        tools in proptest::collection::vec((0..4_usize, 0..6_usize), 0..6),
        env in proptest::collection::vec("[A-Z_]{1,6}", 0..4),
    ) {
        let forms = [
            "\"1\"",
            "{ version = \"1\", postinstall = \"x\" }",
            "{ version = \"1\", url = \"https://h.invalid\" }",
            "{ version = \"1\", bin = [\"bin/ls\"] }",
            "{ version = \"1\", strip = 1, install_env = { A = \"b\" } }",
            "{ version = \"1\", exclude_patterns = [\"x\"] }",
        ];
        let mut text = String::from("[tools]\n");
        let mut named = Vec::new();
        for (tool, form) in tools {
            let tool = ["node", "just", "uv", "other"][tool];
            if !named.contains(&tool) {
                named.push(tool);
                text.push_str(&format!("{tool} = {}\n", forms[form]));
            }
        }
        text.push_str("[env]\n");
        let env: std::collections::BTreeSet<String> = env.into_iter().collect();
        env.iter().for_each(|name| text.push_str(&format!("{name} = \"1\"\n")));
        let mut taken = project(&text);
        let found = parts_of(&taken, &[], "");
        take_out(&mut taken, &found);
        taken.tools.retain(|tool| !tool.withheld);
        assert_eq!(parts_of(&taken, &[], ""), []);
    }
}
