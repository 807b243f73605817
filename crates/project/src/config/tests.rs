use std::time::Duration;

use super::*;

fn parse(text: &str) -> Result<Project, ConfigErrors> {
    Project::parse(Path::new("vx.toml"), text)
}

fn project(text: &str) -> Project {
    parse(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Return the only problem of a file, as `line:column message`.
fn problem(text: &str) -> String {
    let errors = parse(text).expect_err("the file has a problem");
    assert_eq!(errors.problems.len(), 1, "{errors}");
    let first = &errors.problems[0];
    format!("{}:{} {} ({})", first.line, first.column, first.message, first.advice.as_deref().unwrap_or("-"))
}

fn warnings(text: &str) -> Vec<String> {
    let found = project(text).warnings;
    found.iter().map(|one| format!("{} {} ({})", one.line, one.message, one.advice.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn tools_come_in_the_order_of_the_file_with_their_lines() {
    let project = project("[tools]\nuv = \"latest\"\nnode = \"22\"\n\n[tools.go]\nversion = \"1.27\"\n");
    let found: Vec<_> = project.tools.iter().map(|tool| (tool.name.as_str(), tool.request.text(), tool.line)).collect();
    assert_eq!(found, [("uv", "latest", 2), ("node", "22", 3), ("go", "1.27", 6)]);
}

#[test]
fn a_detailed_tool_keeps_all_its_fields() {
    let digest = "0".repeat(64);
    let project = project(&format!(
        r#"
[tools.acme]
version = "1.2.3"
os = ["linux", "darwin"]
source = "url"
url = "https://files.invalid/acme-{{version}}.tar.gz"
sha256 = "{digest}"
bin = ["bin/acme", "bin/acmectl.exe"]
strip = 1
components = ["a", "b"]
exclude_patterns = ["*.md"]
install_env = {{ ACME_HOME = "x", LEVEL = 3 }}
options = {{ fast = true }}
postinstall = "acme setup"
"#
    ));
    assert!(project.warnings.is_empty(), "{:?}", project.warnings);
    let tool = &project.tools[0];
    assert_eq!(tool.os, Some(vec![Os::Linux, Os::Macos]));
    assert!(tool.wanted_on(Os::Linux) && !tool.wanted_on(Os::Windows));
    assert_eq!(tool.source, Some(SourceKind::Url));
    assert_eq!(tool.sha256, Some(DeclaredDigests::One(digest.parse().unwrap())));
    let programs: Vec<_> = tool.bin.iter().map(|program| (program.name.as_str(), program.path.as_str())).collect();
    assert_eq!(programs, [("acme", "bin/acme"), ("acmectl", "bin/acmectl.exe")]);
    assert_eq!((tool.strip, tool.postinstall.as_deref()), (Some(1), Some("acme setup")));
    let options: Vec<_> = tool.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(options, ["ACME_HOME=x", "LEVEL=3", "components=a,b", "exclude_patterns=*.md", "fast=true"]);
}

#[test]
fn digests_can_be_declared_for_each_platform() {
    let project = project(&format!(
        "[tools.a]\nversion = \"1\"\nurl = \"https://h.invalid/{{os}}\"\nsha256 = {{ linux-x64 = \"{}\" }}\n",
        "ab".repeat(32)
    ));
    let tool = &project.tools[0];
    assert_eq!(tool.source, Some(SourceKind::Url));
    let digests = tool.sha256.as_ref().unwrap();
    assert_eq!(digests.for_platform(Platform::ALL[0]).unwrap().hex(), "ab".repeat(32));
    assert_eq!(digests.for_platform(Platform::ALL[1]), None);
}

#[test]
fn addresses_can_be_declared_for_each_platform_and_for_systems() {
    let project = project(
        "[tools.a]\nversion = \"1\"\nurl = { linux-arm64 = \"https://h.invalid/arm\", linux = \"https://h.invalid/{arch}\", \
         darwin = \"https://h.invalid/mac\" }\n",
    );
    let url = project.tools[0].url.as_ref().unwrap();
    let of = |platform: &str| url.for_platform(platform.parse().unwrap());
    assert_eq!(of("linux-x64"), Some("https://h.invalid/{arch}"));
    assert_eq!(of("linux-arm64"), Some("https://h.invalid/arm"));
    assert_eq!((of("macos-x64"), of("windows-x64")), (Some("https://h.invalid/mac"), None));
    assert_eq!(project.tools[0].source, Some(SourceKind::Url));
    let wrong = problem("[tools.a]\nversion = \"1\"\nurl = { plan9 = \"https://h.invalid\" }\n");
    assert!(wrong.contains("unknown platform `plan9`") && wrong.contains("the names of systems"), "{wrong}");
    let wrong = problem("[tools.a]\nversion = \"1\"\nurl = { linux = \"https://h.invalid/{x}\" }\n");
    assert!(wrong.contains("`{x}`, which stands for nothing"), "{wrong}");
}

#[test]
fn one_digest_for_an_address_that_differs_by_platform_is_of_one_archive() {
    let with =
        |url: &str, sha256: &str| project(&format!("[tools.a]\nversion = \"1\"\nurl = {url}\nsha256 = {sha256}\n"));
    let [one, two, ..] = Platform::ALL;
    let digest = format!("\"{}\"", "ab".repeat(32));
    let varying = with("\"https://h.invalid/{os}-{arch}\"", &digest);
    assert!(varying.tools[0].digest_of(one, one).is_some() && varying.tools[0].digest_of(two, one).is_none());
    assert!(varying.warnings[0].message.contains("its address differs by platform"), "{:?}", varying.warnings);
    let same = with("\"https://h.invalid/{version}\"", &digest);
    assert!(same.tools[0].digest_of(two, one).is_some() && same.warnings.is_empty());
    let each = with("\"https://h.invalid/{os}-{arch}\"", &format!("{{ {two} = {digest} }}"));
    assert!(each.tools[0].digest_of(two, one).is_some() && each.tools[0].digest_of(one, one).is_none());
    assert!(each.warnings.is_empty());
}

#[test]
fn the_old_table_name_is_read_below_the_new_one() {
    let project = project("[runtimes]\nnode = \"18\"\ngo = \"1\"\n[tools]\nnode = \"22\"\n");
    let found: Vec<_> = project.tools.iter().map(|tool| (tool.name.as_str(), tool.request.text())).collect();
    assert_eq!(found, [("go", "1"), ("node", "22")]);
    assert_eq!(project.warnings.len(), 1);
}

#[test]
fn a_version_that_is_no_text_is_refused_with_the_advice_to_quote_it() {
    assert_eq!(problem("[tools]\nnode = 20\n"), "2:8 the version of `node` is a number (write it in quotes: \"20\")");
    assert!(problem("[tools]\npython = 3.10\n").contains("write it in quotes, \"3.10\": 3.10 without quotes"));
    assert!(problem("[tools]\nnode = [\"18\", \"20\"]\n").starts_with("2:8 `node` has a list of versions"));
    assert!(problem("[tools]\nnode = true\n").contains("is true or false"));
    assert!(problem("[tools]\nnode = 2024-01-02\n").contains("is a date (write it in quotes: \"2024-01-02\")"));
    assert!(problem("[tools]\nnode = { version = 20 }\n").starts_with("2:20 the version of `node` is a number"));
    assert!(problem("[tools]\nnode = \"twenty one\"\n").contains("`twenty one` is not a version"));
    assert!(problem("[tools]\nnode = \"20.\"\n").contains("`20.` is not a version"));
    assert!(problem("[tools]\nnode = {}\n").contains("`node` has no version"));
}

#[test]
fn all_problems_are_reported_at_once_with_their_lines() {
    let text = "[tools]\nnode = 20\npython = 3.12\ngo = [\"1\"]\nuv = { version = \"1\", source = \"apt\" }\n\n[settings]\njobs = 0\n";
    let errors = parse(text).unwrap_err();
    let lines: Vec<usize> = errors.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 8]);
    let shown = errors.render();
    for expected in ["vx.toml:2:8: error: the version of `node`", " 2 | node = 20\n   |        ^^\n   = hint:"] {
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn broken_toml_and_wrong_values_are_reported_together() {
    let errors = parse("[tools]\nnode = 20\ngo = \nuv = \"1\"\n").unwrap_err();
    let lines: Vec<usize> = errors.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn a_table_whose_name_is_a_slip_away_is_refused_and_the_tables_of_others_are_left_alone() {
    assert_eq!(problem("[tool]\nnode = \"22\"\n"), "1:2 there is no table `tool` (did you mean [tools]?)");
    for (slip, meant) in [
        ("tolos", "tools"),
        ("Tools", "tools"),
        ("runtime", "runtimes"),
        ("setings", "settings"),
        ("script", "scripts"),
    ] {
        let found = problem(&format!("[{slip}.x]\ny = 1\n"));
        assert_eq!(found, format!("1:2 there is no table `{slip}` (did you mean [{meant}]?)"));
    }
    assert!(problem("envs = {}\n").contains("did you mean [env]?"));
    let others = ["hooks", "ai", "python", "project", "dependencies", "tasks", "test", "trust", "agents"];
    for other in others {
        assert!(warnings(&format!("[{other}]\nx = 1\n")).is_empty(), "{other}");
    }
}

#[test]
fn a_smallest_age_has_a_unit_or_is_zero() {
    let of =
        |value: &str| project(&format!("[settings]\nminimum_release_age = {value}\n")).settings.minimum_release_age;
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3_600));
    for (value, expected) in [
        ("\"24h\"", hours(24)),
        ("\"3 days\"", hours(72)),
        ("\"1w\"", hours(168)),
        ("\"1h 30m\"", Some(Duration::from_secs(5_400))),
        ("\"0\"", hours(0)),
        ("0", hours(0)),
        ("\"0s\"", hours(0)),
    ] {
        assert_eq!(of(value), expected, "{value}");
    }
    for value in ["24", "\"24\"", "\"-1h\"", "\"soon\"", "true", "\"1 month\"", "\"\"", "1.5"] {
        let found = problem(&format!("[settings]\nminimum_release_age = {value}\n"));
        assert!(
            found.starts_with(&format!("2:23 `minimum_release_age` is {value}, which is not a duration")),
            "{found}"
        );
        let found = problem(&format!("[tools]\na = {{ version = \"1\", minimum_release_age = {value} }}\n"));
        assert!(found.contains(&format!("`minimum_release_age` of `a` is {value}")), "{found}");
    }
    let tools = project("[tools]\na = { version = \"1\", minimum_release_age = \"7 days\" }\nb = \"1\"\n").tools;
    assert_eq!((tools[0].minimum_release_age, tools[1].minimum_release_age), (hours(168), None));
}

#[test]
fn names_that_would_leave_the_store_are_refused() {
    for name in ["../x", "a/b", ".hidden", "", "-x", "a b"] {
        assert!(problem(&format!("[tools]\n\"{name}\" = \"1\"\n")).contains("cannot be the name of a tool"), "{name}");
    }
}

#[test]
fn paths_and_addresses_that_cannot_work_are_refused() {
    assert!(problem("[tools]\na = { version = \"1\", url = \"ftp://x\" }\n").contains("is not a web address"));
    assert!(problem("[tools]\na = { version = \"1\", url = \"https://x/{ver}\" }\n").contains("`{ver}`"));
    assert!(problem("[tools]\na = { version = \"1\", source = \"url\" }\n").contains("no address"));
    assert!(
        problem("[tools]\na = { version = \"1\", source = \"npm\", url = \"https://x\" }\n").contains("remove one")
    );
    assert!(problem("[tools]\na = { version = \"1\", bin = \"../a\" }\n").contains("not a path inside"));
    assert!(problem("[tools]\na = { version = \"1\", strip = -1 }\n").contains("from 0 to 16"));
    assert!(problem("[tools]\na = { version = \"1\", sha256 = \"12\" }\n").contains("is not a digest"));
    assert!(problem("[tools]\na = { version = \"1\", os = \"linx\" }\n").contains("did you mean `linux`?"));
    assert!(problem("tools = 3\n").contains("`tools` is a number, not a table"));
}

#[test]
fn settings_are_read_and_old_forms_accepted_with_a_warning() {
    let text =
        "[settings]\nauto_install = \"true\"\njobs = \"4\"\nsources = [\"pypi\", \"npm\"]\ncache_duration = \"7d\"\n";
    let settings = project(text).settings;
    assert_eq!((settings.auto_install, settings.jobs), (Some(true), Some(4)));
    assert_eq!(settings.sources, Some(vec![SourceKind::Pypi, SourceKind::Npm]));
    assert_eq!(settings.cache_duration, Some(Duration::from_secs(7 * 86_400)));
    assert_eq!(
        warnings(text),
        ["2 `auto_install` is in quotes (write it without: true)", "3 `jobs` is in quotes (write it without: 4)"]
    );
    assert_eq!(project("[settings]\ncache_duration = 90\n").settings.cache_duration, Some(Duration::from_secs(90)));
    assert!(problem("[settings]\ncache_duration = \"soon\"\n").contains("not a duration"));
    assert!(problem("[settings]\nauto_install = \"yes\"\n").contains("not true or false"));
    assert_eq!(warnings("[settings]\nverify_checksums = false\n").len(), 1);
}

#[test]
fn unknown_keys_are_warned_about_with_the_nearest_known_one() {
    assert_eq!(
        warnings("[settings]\nautoinstall = true\n[tools]\nnode = { version = \"20\", compnents = [] }\n"),
        [
            "2 [settings] has no key `autoinstall`; it is ignored (did you mean `auto_install`?)",
            "4 [tools.node] has no key `compnents`; it is ignored (did you mean `components`?)",
        ]
    );
}

#[test]
fn other_tables_are_kept_and_never_an_error() {
    let text = "min_version = 3\n[project]\nname = \"x\"\n[scripts]\ntest = [\"a\"]\n[hooks.pre]\nrun = 1\n[[services.db]]\nport = 1\n[whatever]\nz = {}\n";
    let project = project(text);
    let warned: Vec<&str> = project.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warned, ["the script `test` is a list; it is ignored"]);
    let keys: Vec<_> =
        project.entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str(), entry.line)).collect();
    assert_eq!(
        keys[..4],
        [("min_version", "3", 1), ("project.name", "x", 3), ("scripts.test", "[\"a\"]", 5), ("hooks.pre.run", "1", 7)]
    );
    assert_eq!(keys[4], ("services.db.0.port", "1", 9));
}

#[test]
fn scripts_are_commands_or_tables_and_doubtful_ones_are_warned_about() {
    let text = "[scripts]\ntest = \"pytest\"\nbuild = { command = \"go build\", args = [\"-v\"], env = { A = 1 }, cwd = \"src\", depends = [\"test\"] }\n[scripts.dev]\nrun = \"npm run dev\"\ndescripton = \"x\"\n[scripts.none]\ndescription = \"y\"\n[scripts.all]\ndepends = \"test\"\n";
    let scripts = project(text).scripts;
    let named: Vec<_> = scripts.iter().map(|script| (script.name.as_str(), script.command.as_str())).collect();
    assert_eq!(named, [("test", "pytest"), ("build", "go build"), ("dev", "npm run dev"), ("all", "")]);
    let build = &scripts[1];
    assert_eq!((build.args.as_slice(), build.cwd.as_deref()), (&["-v".to_owned()][..], Some("src")));
    assert_eq!((&build.env, &build.depends), (&vec![("A".to_owned(), "1".to_owned())], &vec!["test".to_owned()]));
    assert_eq!(
        warnings(text),
        [
            "6 [scripts.dev] has no key `descripton`; it is ignored (did you mean `description`?)",
            "7 [scripts.none] has neither a command nor dependencies; it is ignored (add command = \"…\")",
        ]
    );
}

#[test]
fn variables_of_any_type_are_read_as_text() {
    let env = project("[env]\nA = \"x\"\nB = 3\nC = 1.50\nD = true\n[env.required]\nE = \"why\"\n").env;
    let shown: Vec<_> = env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(shown, ["A=x", "B=3", "C=1.50", "D=true"]);
    assert!(problem("[env]\nA = [1]\n").contains("is a list"));
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "[\\PC\n\t]{0,200}") {
        let _ = parse(&text).map_err(|errors| errors.render());
    }

    #[test]
    fn no_toml_like_text_breaks_the_reader(lines in proptest::collection::vec(
        "(\\[tools\\]|\\[settings\\]|\\[env\\]|node|jobs|sources|os|a\\.b)( = (1|\"1\"|\\[1, \"x\"\\]|\\{ version = 2 \\}|true))?", 0..12,
    )) {
        let _ = parse(&lines.join("\n")).map_err(|errors| errors.render());
    }
}

/// Make files with this many entries that are wrong, unknown, or merely many, by the kind of entry.
#[cfg(unix)]
fn large(count: usize) -> Vec<(&'static str, String)> {
    let each = |entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<String>();
    vec![
        ("unknown settings", format!("[settings]\n{}", each(&|n| format!("unknown{n} = {n}\n")))),
        (
            "unknown settings on one line",
            format!("settings = {{ {}z = 1 }}\n", each(&|n| format!("unknown{n} = {n}, "))),
        ),
        (
            "unknown keys of tools",
            format!("[tools]\n{}", each(&|n| format!("t{n} = {{ version = \"1\", vresion = 1 }}\n"))),
        ),
        ("unknown tables", each(&|n| format!("[unknown{n}]\nx = 1\n"))),
        ("tools without versions", format!("[tools]\n{}", each(&|n| format!("tool{n} = {n}\n")))),
        ("tools of wrong names", format!("[tools]\n{}", each(&|n| format!("\"../{n}\" = \"1\"\n")))),
        ("variables", format!("[env]\n{}", each(&|n| format!("V{n} = \"{n}\"\n")))),
        ("scripts", format!("[scripts]\n{}", each(&|n| format!("s{n} = {{ command = \"x\", dpends = [] }}\n")))),
        ("addresses in addresses", format!("[settings]\n\"{}\" = 1\n", each(&|n| format!("u{n}://")))),
        ("lines that are no TOML", each(&|n| format!("x{n} =\n"))),
        (
            "needs of nothing",
            format!("[services.s]\ncommand = \"x\"\nneeds = [{}]\n", each(&|n| format!("\"n{n}\", "))),
        ),
    ]
}

/// Measure the processor time of parsing this text, the least of three runs.
#[cfg(unix)]
fn time_of(text: &str) -> Duration {
    let now = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    };
    let once = || {
        let begin = now();
        let _ = parse(text);
        now().saturating_sub(begin)
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

#[cfg(unix)]
#[test]
fn eight_times_the_entries_take_about_eight_times_as_long() {
    for ((kind, few), (_, many)) in large(250).iter().zip(&large(2000)) {
        let (short, long) = (time_of(few), time_of(many));
        assert!(long < short * 24, "{kind}: {short:?} for 250 entries, {long:?} for 2,000");
    }
}

#[test]
fn of_many_entries_on_one_line_each_problem_keeps_a_part_of_it() {
    let keys: String = (0..20_000).map(|number| format!("unknown{number} = 1, ")).collect();
    let project = project(&format!("settings = {{ {keys}z = 1 }}\n"));
    assert_eq!(project.warnings.len(), 20_001);
    let kept: Vec<usize> = project.warnings.iter().map(|warning| warning.source_line.len()).collect();
    assert!(kept.iter().sum::<usize>() < 2 * 1024 * 1024, "{kept:?}");
    let quoted: Vec<_> = project.warnings.iter().filter(|warning| !warning.source_line.is_empty()).collect();
    assert_eq!(quoted.len(), 1000, "nobody reads more");
    for warning in quoted {
        let shown = warning.render(Path::new("vx.toml"), "warning");
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines[2].find('^').expect("a caret");
        assert!(lines[1][at..].starts_with("unknown") || lines[1][at..].starts_with("z ="), "{shown}");
    }
}

#[test]
fn more_services_than_a_project_may_have_are_refused_in_one_sentence() {
    let text = |count: usize| (0..count).map(|n| format!("[services.s{n}]\ncommand = \"x\"\n")).collect::<String>();
    assert_eq!(project(&text(1000)).services.len(), 1000);
    let project = project(&text(1001));
    assert!(project.services.is_empty() && project.service_faults.len() == 1, "{:?}", project.service_faults);
    assert!(project.service_faults[0].message.contains("1001 tables"));
}
