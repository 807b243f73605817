//! A home that is part of a container's image: the lower layer of an overlay, whose directories cannot be renamed.

use std::fs;

use crate::failures::*;

#[test]
fn a_release_of_a_lower_layer_is_replaced_and_removed() {
    let config = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";
    let sandbox = Sandbox::new().config(config).offers("esbuild", "0.27.0").offers("biome", "2.3.4");
    sync(&sandbox).succeeds();
    let Some(sandbox) = sandbox.in_an_upper_layer() else { return };
    let release = sandbox.kept().join("store/biome/2.3.4");
    let moved = fs::rename(&release, sandbox.kept().join("store/biome/moved"));
    if moved.is_ok() {
        crate::support::skipped::skipped("overlays of this machine rename directories of lower layers");
        return;
    }
    sandbox.spoil("biome");
    sandbox.vx("sync --plain --force").succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    sandbox.is_clean();

    sandbox.vx("uninstall esbuild").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();

    // Anything else in the place of a release is replaced, too.
    fs::remove_file(sandbox.kept().join("store/esbuild/0.27.0/.vx-receipt.toml")).expect("it goes");
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.is_clean();
}
