use vx_base::package::archive::Origin;

use super::*;

fn digest(letter: char) -> Digest {
    letter.to_string().repeat(64).parse().expect("a digest")
}

fn release(version: &str, size: Option<u64>, letter: char) -> ToolResolution {
    let archive = Archive { file: "p.tgz".into(), digest: Some(digest(letter)), size, ..Archive::default() };
    let part = Part { archive, origin: None };
    ToolResolution::Release(Box::new(ResolvedRelease {
        version: version.into(),
        source: SourceKind::Npm,
        parts: vec![part],
        programs: Vec::new(),
        ships_programs: false,
        needs: None,
        options: BTreeMap::new(),
        postinstall: None,
        agreed: Vec::new(),
        locked: Vec::new(),
    }))
}

fn wanted(tool: &str, found: ToolResolution) -> ResolvedTool {
    ResolvedTool { tool: tool.into(), optional: false, found }
}

fn there(letter: char) -> Option<InstalledRelease> {
    let archives = vec![Archive { digest: Some(digest(letter)), ..Archive::default() }];
    Some(InstalledRelease { source: "npm".into(), archives, instructions: None })
}

fn plan(wanted: Vec<ResolvedTool>, installed: impl Fn(&str, &str) -> Option<InstalledRelease>, force: bool) -> Plan {
    super::plan(wanted, installed, |_, _| Ok(()), force)
}

fn tools(plan: &Plan) -> Vec<&str> {
    plan.decisions.iter().map(|(tool, _)| tool.as_str()).collect()
}

#[test]
fn a_plan_for_an_up_to_date_project_installs_nothing() {
    let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('a'), false);
    assert!(plan.complete());
}

#[test]
fn a_release_that_is_not_proved_is_not_installed_and_one_that_is_there_needs_no_proof() {
    let wanted = || vec![wanted("a", release("1.0.0", None, 'a')), wanted("b", release("1.0.0", None, 'b'))];
    let forged = |tool: &str, _: &ResolvedRelease| match tool {
        "a" => Err(Trouble::new(TroubleKind::Signature, "no")),
        _ => Ok(()),
    };
    let plan = super::plan(wanted(), |_, _| None, forged, false);
    assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. }), (_, Decision::Fail { .. })]));
    assert_eq!(tools(&plan), ["b", "a"]);
    let there = super::plan(wanted(), |tool, _| there(if tool == "a" { 'a' } else { 'b' }), forged, false);
    assert!(there.complete());
}

#[test]
fn force_installs_what_is_there() {
    let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('a'), true);
    assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]));
}

#[test]
fn a_release_made_from_other_bytes_is_installed_again() {
    let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| there('b'), false);
    assert!(matches!(plan.decisions[..], [(_, Decision::Install { replaces: true, .. })]));
}

#[test]
fn a_release_made_by_other_instructions_is_installed_again() {
    let with = |change: fn(&mut ResolvedRelease)| {
        let mut found = release("1.0.0", None, 'a');
        if let ToolResolution::Release(release) = &mut found {
            change(release);
        }
        found
    };
    let made_by = instructions(&[Part { archive: Archive::default(), origin: None }], &[], None);
    let known = || Some(InstalledRelease { instructions: Some(made_by.clone()), ..there('a')? });
    let decided = |found| plan(vec![wanted("a", found)], |_, _| known(), false).complete();
    assert!(decided(with(|_| ())));
    assert!(!decided(with(|release| release.parts[0].archive.strip = 1)));
    assert!(!decided(with(|release| release.postinstall = Some("true".into()))));
    assert!(!decided(with(|release| {
        release.programs = vec![Program { name: "a".into(), path: "b".into(), runner: None }];
    })));
}

#[test]
fn a_release_of_another_source_is_installed_again_unless_its_digest_is_the_same() {
    let long = |source: &str| {
        let digest = Some(format!("sha512:{}", "a".repeat(128)).parse().expect("a digest"));
        let archives = vec![Archive { digest, ..Archive::default() }];
        Some(InstalledRelease { source: source.into(), archives, instructions: None })
    };
    let installs = |made: fn(&str) -> Option<InstalledRelease>, source: &'static str| {
        let plan = plan(vec![wanted("a", release("1.0.0", None, 'a'))], |_, _| made(source), false);
        !plan.complete()
    };
    assert!(installs(long, "url") && !installs(long, "npm"), "digests of different kinds tell nothing");
    let same = |source: &str| Some(InstalledRelease { source: source.into(), ..there('a').expect("it is there") });
    assert!(!installs(same, "url"), "the same bytes from elsewhere");
}

#[test]
fn another_version_in_the_store_is_no_reason_to_do_nothing() {
    let installed = |_: &str, version: &str| (version == "1.0.0").then(|| there('a')).flatten();
    let plan = plan(vec![wanted("a", release("2.0.0", None, 'a'))], installed, false);
    assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]));
}

#[test]
fn the_largest_comes_first_and_what_needs_no_install_last() {
    let wanted = vec![
        wanted("skipped", ToolResolution::NotHere),
        wanted("small", release("1.0.0", Some(10), 'a')),
        wanted("broken", ToolResolution::Nothing { error: Trouble::new(TroubleKind::NotFound, "no") }),
        wanted("large", release("1.0.0", Some(1000), 'b')),
        wanted("unknown", release("1.0.0", None, 'c')),
    ];
    let plan = plan(wanted, |_, _| None, false);
    assert_eq!(tools(&plan), ["large", "small", "unknown", "broken", "skipped"]);
    assert!(!plan.complete());
}

/// Decide about a release of two archives from this source, the second without a digest.
fn half_known(source: SourceKind, is_installed: bool, force: bool) -> Decision {
    let mut found = release("1.0.0", None, 'a');
    if let ToolResolution::Release(release) = &mut found {
        release.source = source;
        let archive = Archive { digest: None, ..release.parts[0].archive.clone() };
        release.parts.push(Part { archive, origin: None });
    }
    let mut plan = plan(vec![wanted("a", found)], |_, _| is_installed.then(|| there('a')).flatten(), force);
    plan.decisions.remove(0).1
}

#[test]
fn an_address_without_a_digest_is_refused_also_when_it_is_installed_or_forced() {
    for source in [SourceKind::Url, SourceKind::Vendor] {
        for (is_installed, force) in [(false, false), (true, false), (true, true)] {
            let Decision::Fail { error } = half_known(source, is_installed, force) else {
                panic!("{source} must not be installed: {is_installed}, {force}")
            };
            assert!(error.text.contains("`a` comes from an address, and no digest"), "{error}");
            assert!(error.hint.is_some_and(|hint| hint.contains("vx lock")));
            assert_eq!(error.kind, TroubleKind::Digest);
        }
    }
}

#[test]
fn an_address_whose_archives_all_have_digests_is_installed() {
    for source in SourceKind::ALL {
        let mut found = release("1.0.0", None, 'a');
        if let ToolResolution::Release(release) = &mut found {
            release.source = source;
        }
        let plan = plan(vec![wanted("a", found)], |_, _| None, false);
        assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. })]), "{source}");
    }
}

#[test]
fn a_refused_release_leaves_the_others_to_be_installed() {
    let mut found = release("1.0.0", Some(1000), 'a');
    if let ToolResolution::Release(release) = &mut found {
        (release.source, release.parts[0].archive.digest) = (SourceKind::Url, None);
    }
    let plan = plan(vec![wanted("bare", found), wanted("good", release("1.0.0", None, 'b'))], |_, _| None, false);
    assert_eq!(tools(&plan), ["good", "bare"]);
    assert!(matches!(plan.decisions[..], [(_, Decision::Install { .. }), (_, Decision::Fail { .. })]));
}

#[test]
fn what_prints_a_plan_prints_no_credential() {
    let mut found = release("1.0.0", None, 'a');
    if let ToolResolution::Release(release) = &mut found {
        let url = "https://user:planted@host.invalid/p.tgz".into();
        release.parts[0].origin = Some(Origin { url, authorization: Some("Bearer planted".into()) });
    }
    assert!(!format!("{found:?}").contains("planted"));
}
