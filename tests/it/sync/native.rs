//! Native programs are checked before their release counts.

use crate::registry::archive::{Entry, tgz, wheel};
use crate::registry::native::{AARCH64, Act, X86_64, program};
use crate::sandbox::Sandbox;

/// A project that wants ninja 1.11.1, whose release has a wheel for each of these platforms with a program that acts so.
fn ninja(wheels: &[(&str, Act)]) -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nninja = \"1.11.1\"\n");
    for (platform, act) in wheels {
        let archive = wheel(&[Entry::file("ninja/data/bin/ninja", 0o755, program(*act, X86_64, None))]);
        sandbox.registry().pypi("ninja", &format!("ninja-1.11.1-py2.py3-none-{platform}.whl"), &archive);
    }
    sandbox
}

#[test]
fn a_program_that_dies_when_it_is_started_is_a_failed_install() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Exit), ("manylinux2010_x86_64", Act::Crash)]);
    let failed = sandbox.vx("sync").exits_with(1);
    failed.says("`ninja` does not run here: it died when it was started once: signal 11 (SIGSEGV)");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.is_clean();
    // A lock leads to the same archive, and to the same trial.
    sandbox.vx("sync --locked").exits_with(1).says("died when it was started once");
}

#[test]
fn of_several_archives_the_one_for_the_newest_platform_is_installed_and_started_once() {
    let sandbox = ninja(&[
        ("manylinux1_x86_64", Act::Crash),
        ("manylinux2010_x86_64", Act::Exit),
        ("manylinux_2_99_x86_64", Act::Crash),
        ("musllinux_1_1_x86_64", Act::Crash),
    ]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["ninja 1.11.1"]);
    assert!(sandbox.read("vx.lock").contains("manylinux2010"), "{}", sandbox.read("vx.lock"));
}

#[test]
fn a_program_that_does_not_end_by_itself_is_ended_and_counts_as_one_that_runs() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Exit), ("manylinux2010_x86_64", Act::Hang)]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["ninja 1.11.1"]);
}

#[test]
fn the_only_archive_of_a_release_is_not_tried() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Crash)]);
    sandbox.vx("sync").succeeds();
}

/// A project with a tool from an address, whose program has this content.
fn addressed(content: Vec<u8>) -> Sandbox {
    let sandbox = Sandbox::new();
    let lines = sandbox.addressed("tool", &tgz(&[Entry::file("top/bin/tool", 0o755, content)]), "");
    sandbox.config(&format!("[tools]\n{lines}"))
}

#[test]
fn a_program_for_another_machine_is_refused() {
    let sandbox = addressed(program(Act::Exit, AARCH64, None));
    sandbox.vx("sync").exits_with(1).says("`tool` does not run here: it is for another machine (");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    addressed(program(Act::Exit, X86_64, None)).vx("sync").succeeds();
}

#[test]
fn a_program_whose_loader_is_missing_is_refused() {
    let sandbox = addressed(program(Act::Exit, X86_64, Some("/lib/ld-none.so.1")));
    sandbox.vx("sync").exits_with(1).says("needs `/lib/ld-none.so.1`, which this system does not have");
    sandbox.is_clean();
}
