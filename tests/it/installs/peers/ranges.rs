//! Requests for versions: vx chooses the same versions as npm and pip, for 10,000 generated requests each.
//!
//! There are known differences, which the generators avoid: vx reads `>=18,<20`, `1.0.0rc1` and Python's operators
//! beside npm's ranges, chooses an exact version that is yanked, and refuses an empty alternative (`18 ||`), because
//! that is a typing mistake in a project's file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vx_base::package::candidate::{Candidate, Scheme};
use vx_project::VersionRequest;
use vx_project::version::Miss;

use super::{ask, said};

/// The number of generated requests for each peer.
const CASES: usize = 10_000;

/// Pseudo-random choices, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn number(&mut self) -> String {
        self.pick(&["0", "0", "1", "1", "2", "2", "3", "10", "20"]).to_owned()
    }
}

/// A request, and the versions to choose from.
struct Case {
    request: String,
    versions: Vec<String>,
}

fn npm_version(dice: &mut Dice) -> String {
    let numbers = [dice.number(), dice.number(), dice.number()].join(".");
    match dice.below(4) {
        0 => format!("{numbers}-{}", dice.pick(&["alpha", "alpha.1", "beta.2", "rc.1", "rc.10", "0", "1.2"])),
        _ => numbers,
    }
}

fn npm_partial(dice: &mut Dice) -> String {
    let part = |dice: &mut Dice| match dice.below(9) {
        0 => dice.pick(&["x", "X", "*"]).to_owned(),
        _ => dice.number(),
    };
    match dice.below(5) {
        0 => part(dice),
        1 => [part(dice), part(dice)].join("."),
        2 => [part(dice), part(dice), part(dice)].join("."),
        _ => npm_version(dice),
    }
}

fn npm_alternative(dice: &mut Dice) -> String {
    if dice.below(8) == 0 {
        return format!("{} - {}", npm_partial(dice), npm_partial(dice));
    }
    let words = 1 + dice.below(3);
    let word = |dice: &mut Dice| {
        let operator = dice.pick(&["", "", "=", "<", "<=", ">", ">=", "^", "~", "v", ">= ", "^ ", "~>"]);
        format!("{operator}{}", npm_partial(dice))
    };
    (0..words).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

fn npm_case(dice: &mut Dice) -> Case {
    let alternatives = 1 + dice.below(4) / 3;
    let request = (0..alternatives).map(|_| npm_alternative(dice)).collect::<Vec<_>>().join(dice.pick(&["||", " || "]));
    let count = 1 + dice.below(30);
    Case { request, versions: (0..count).map(|_| npm_version(dice)).collect() }
}

fn python_version(dice: &mut Dice) -> String {
    let count = 1 + dice.below(4);
    let numbers = (0..count).map(|_| dice.number()).collect::<Vec<_>>().join(".");
    match dice.below(5) {
        0 => format!(
            "{numbers}{}",
            dice.pick(&["a1", "b2", "rc1", "rc10", ".dev3", ".post1", "rc1.dev2", ".post1.dev1"])
        ),
        _ => numbers,
    }
}

fn python_case(dice: &mut Dice) -> Case {
    let word = |dice: &mut Dice, operator: &str| match (operator, dice.below(4)) {
        ("==" | "!=", 0) => format!("{operator}{}.{}.*", dice.number(), dice.number()),
        ("~=", _) => format!("~={}.{}", dice.number(), python_version(dice)),
        _ => format!("{operator}{}", python_version(dice)),
    };
    // Begin with an operator that npm lacks, so that the request is read as Python's.
    let first = dice.pick(&["==", "!=", "~="]);
    let mut words = vec![word(dice, first)];
    for _ in 0..dice.below(3) {
        let operator = dice.pick(&["==", "!=", "~=", "<", "<=", ">", ">="]);
        words.push(word(dice, operator));
    }
    let count = 1 + dice.below(30);
    Case { request: words.join(dice.pick(&[",", ", "])), versions: (0..count).map(|_| python_version(dice)).collect() }
}

/// The choice of vx: a version, `none`, or `invalid`.
fn chosen(case: &Case, scheme: Scheme) -> String {
    let Ok(request) = VersionRequest::parse(&case.request) else { return "invalid".to_owned() };
    let candidates: Vec<Candidate> = case.versions.iter().map(|version| Candidate::new(version, scheme)).collect();
    match request.choose(&candidates) {
        Ok(chosen) => chosen.version.clone(),
        // An unknown word may be another program's name for a version: not an error of the file, but no valid request
        // either.
        Err(error) if error.miss == Miss::UnknownWord => "invalid".to_owned(),
        Err(_) => "none".to_owned(),
    }
}

/// Compare the choices of vx with those of a peer, whose answers say whether two versions are the same by its rules.
fn compare(cases: &[Case], scheme: Scheme, peer: &str, answer: impl Fn(&Value) -> Option<Value>) {
    let asked: Vec<Value> =
        cases.iter().map(|case| json!([case.request, case.versions, chosen(case, scheme)])).collect();
    let Some(answers) = answer(&json!(asked)) else {
        return crate::support::skipped::skipped(format_args!("{peer} cannot be run here"));
    };
    let answers = answers.as_array().expect("a list");
    assert_eq!(answers.len(), cases.len());
    let differing = cases.iter().zip(answers).zip(&asked).filter(|((_, answer), _)| answer["same"] != json!(true));
    let shown: Vec<String> = differing
        .map(|((case, answer), asked)| {
            format!("{:?}: vx {}, {peer} {}; of {:?}", case.request, asked[2], answer["chosen"], case.versions)
        })
        .collect();
    let found = answers.iter().filter(|answer| !matches!(answer["chosen"].as_str(), Some("none" | "invalid"))).count();
    assert!(found > CASES / 10, "only {found} requests are satisfied, too few to compare");
    let count = shown.len();
    assert!(shown.is_empty(), "{count} differ:\n{}", shown[..count.min(20)].join("\n"));
}

fn cases(seed: u64, case: impl Fn(&mut Dice) -> Case) -> Vec<Case> {
    let mut dice = Dice(seed);
    (0..CASES).map(|_| case(&mut dice)).collect()
}

/// Build metadata has no order, so two equal versions may be written differently.
const NODE: &str = r#"
const semver = require(process.argv[1]);
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(([range, versions, ours]) => {
  const valid = semver.validRange(range) !== null;
  const chosen = !valid ? 'invalid' : (semver.maxSatisfying(versions, range) ?? 'none');
  return { chosen, same: chosen === ours || (semver.valid(chosen) !== null && semver.valid(ours) !== null && semver.eq(chosen, ours)) };
})));
"#;

const PACKAGING: &str = r#"
import json, sys
sys.path.insert(0, sys.argv[1])
from packaging.specifiers import SpecifierSet, InvalidSpecifier
from packaging.version import Version
answers = []
for request, versions, ours in json.load(sys.stdin):
    try:
        wanted = SpecifierSet(request)
        # As the newest packaging has it; older ones leave out "<" and ">".
        named = any(one.operator != '!=' and not one.version.endswith('.*') and Version(one.version).is_prerelease for one in wanted)
        fitting = [v for v in versions if wanted.contains(v, prereleases=named)]
        chosen = max(fitting, key=Version) if fitting else 'none'
    except InvalidSpecifier:
        chosen = 'invalid'
    words = ('none', 'invalid')
    same = chosen == ours or (chosen not in words and ours not in words and Version(chosen) == Version(ours))
    answers.append({'chosen': chosen, 'same': same})
json.dump(answers, sys.stdout)
"#;

#[test]
fn ranges_choose_what_npms_own_semver_chooses() {
    let bundled = said("npm", &["root", "-g"]).map(|root| PathBuf::from(root).join("npm/node_modules/semver"));
    let library = bundled.filter(|library| library.is_dir());
    compare(&cases(0x5eed_0001, npm_case), Scheme::Semver, "npm's semver", |question| {
        ask("node", NODE, library.as_deref()?, question)
    });
}

#[test]
fn specifiers_choose_what_this_machines_packaging_chooses() {
    // Older versions of `packaging` leave versions with a suffix out of patterns that have more numbers.
    let recent = "import packaging; assert int(packaging.__version__.split('.')[0]) >= 24; print('yes')";
    let importable = said("python3", &["-c", recent]);
    compare(&cases(0x5eed_0002, python_case), Scheme::Python, "packaging", |question| {
        importable.as_ref()?;
        ask("python3", PACKAGING, Path::new("."), question)
    });
}

#[test]
fn needs_network_ranges_choose_what_the_newest_semver_and_packaging_choose() {
    let place = tempfile::tempdir().expect("a directory");
    let (npm, pip) = (place.path().join("npm"), place.path().join("pip"));
    std::fs::create_dir_all(&npm).expect("a directory");
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let installed = said("npm", &["install", "--no-audit", "--no-fund", "--prefix", &text(&npm), "semver"]);
    compare(&cases(0x5eed_0003, npm_case), Scheme::Semver, "npm's semver", |question| {
        installed.as_ref()?;
        ask("node", NODE, &npm.join("node_modules/semver"), question)
    });
    let installed = said("python3", &["-m", "pip", "install", "--quiet", "--target", &text(&pip), "packaging"]);
    let there = installed.is_some() || pip.join("packaging").is_dir();
    compare(&cases(0x5eed_0004, python_case), Scheme::Python, "packaging", |question| {
        there.then(|| ask("python3", PACKAGING, &pip, question)).flatten()
    });
}
