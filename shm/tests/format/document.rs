//! `docs/boards/board-format.md`, `include/vx_board.h` and the layout of the Python package describe the code: with
//! `VX_UPDATE_DOCS=1` these tests write their tables, and without it they compare them with the code.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use vx_shm::layout::{
    BEAT_UNIT_NS, HeaderImage, LOG_HEADER_BYTES, LONGEST_BYTES, MAGIC, MAJOR, MAX_SLOTS, MINOR, NO_PARENT, PAGE_BYTES,
    READY, TRANSITIONS,
};
use vx_shm::{SILENT_AFTER_MS, STALLED_AFTER_MS};

use crate::crate_file;
use crate::described::{Numbers, Part, numbers, parts};

pub(crate) fn document() -> PathBuf {
    crate_file("../docs/boards/board-format.md")
}

pub(crate) fn header_file() -> PathBuf {
    crate_file("include/vx_board.h")
}

fn table(part: &Part) -> String {
    let mut text = String::from("| offset | size | name | meaning |\n|---|---|---|---|\n");
    for field in &part.fields {
        let _ = writeln!(text, "| {} | {} | `{}` | {} |", field.offset, field.size, field.name, field.what);
    }
    text
}

fn number_table(numbers: &Numbers) -> String {
    let explained = numbers.numbers.iter().any(|(.., what)| !what.is_empty());
    let mut text = String::from(if explained {
        "| number | name | meaning |\n|---|---|---|\n"
    } else {
        "| number | name |\n|---|---|\n"
    });
    for (name, number, what) in &numbers.numbers {
        let _ =
            writeln!(text, "| {number} | `{name}` |{}", if explained { format!(" {what} |") } else { String::new() });
    }
    text
}

/// The text with everything between these two lines replaced.
fn replaced(text: &str, begin: &str, end: &str, with: &str) -> String {
    let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no `{begin}`"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("no `{end}` behind `{begin}`"));
    format!("{before}{begin}\n{with}{end}{after}")
}

/// Compare a file with its expected text, after writing it if `VX_UPDATE_DOCS=1` is set.
fn is_kept(path: &Path, wanted: &str) {
    if std::env::var_os("VX_UPDATE_DOCS").is_some() {
        std::fs::write(path, wanted).expect("it is written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == wanted, "{} is out of date: VX_UPDATE_DOCS=1 cargo test -p vx-shm --test format", path.display());
}

#[test]
fn the_tables_of_the_format_are_those_of_the_code() {
    let mut text = std::fs::read_to_string(document()).expect("the format");
    let parts = parts().into_iter().map(|part| (part.name, table(&part)));
    for (name, table) in parts.chain(numbers().into_iter().map(|numbers| (numbers.name, number_table(&numbers)))) {
        text = replaced(&text, &format!("<!-- table: {name} -->"), "<!-- end -->", &table);
    }
    is_kept(&document(), &text);
}

#[test]
fn the_offsets_of_the_c_header_are_those_of_the_code() {
    let mut macros = String::new();
    let mut define = |name: String, value: String| {
        let _ = writeln!(macros, "#define {name} {value}");
    };
    define("VX_MAGIC".into(), format!("UINT64_C({MAGIC:#018x})"));
    define("VX_READY".into(), format!("UINT64_C({READY:#018x})"));
    define("VX_MAJOR".into(), format!("{MAJOR}u"));
    define("VX_MINOR".into(), format!("{MINOR}u"));
    define("VX_MAX_SLOTS".into(), format!("{MAX_SLOTS}u"));
    define("VX_NO_PARENT".into(), format!("{NO_PARENT:#x}u"));
    define("VX_TRANSITION_COUNT".into(), format!("{TRANSITIONS}u"));
    define("VX_BEAT_UNIT_NS".into(), format!("UINT64_C({BEAT_UNIT_NS})"));
    let one = HeaderImage::for_slots(1);
    for (name, region) in [("HOT", one.hot), ("BEATS", one.beats), ("COLD", one.cold), ("LOG", one.log)] {
        define(format!("VX_{name}_STRIDE"), format!("{}u", region.stride));
    }
    for part in parts() {
        for field in part.fields {
            let name = format!("VX_{}_{}", part.name, field.name).to_uppercase();
            define(name.clone(), format!("{}u", field.offset));
            define(format!("{name}_SIZE"), format!("{}u", field.size));
        }
    }
    for group in numbers() {
        for (name, number, _) in group.numbers {
            define(format!("VX_{}_{name}", group.name).to_uppercase(), format!("{number}u"));
        }
    }
    let text = std::fs::read_to_string(header_file()).expect("the header");
    let text = replaced(&text, "/* LAYOUT: written by the test that checks it */", "/* END OF LAYOUT */", &macros);
    is_kept(&header_file(), &text);
}

/// The module's first lines, before the generated ones.
const PYTHON: &str = "\"\"\"The numbers of the layout, written from the Rust code by the test that checks them.\n\n\
    `VX_UPDATE_DOCS=1 cargo test -p vx-shm --test format` writes this file; docs/boards/board-format.md has the meanings.\n\
    \"\"\"\n\nfrom typing import Final\n\n";

#[test]
fn the_numbers_of_the_python_package_are_those_of_the_code() {
    let mut text = String::from(PYTHON);
    let mut define = |name: String, value: String| {
        let _ = writeln!(text, "{}: Final = {value}", name.to_uppercase());
    };
    define("magic".into(), format!("{MAGIC:#018x}"));
    define("ready".into(), format!("{READY:#018x}"));
    define("major".into(), MAJOR.to_string());
    define("minor".into(), MINOR.to_string());
    define("max_slots".into(), MAX_SLOTS.to_string());
    define("longest_bytes".into(), LONGEST_BYTES.to_string());
    define("page_bytes".into(), PAGE_BYTES.to_string());
    define("no_parent".into(), format!("{NO_PARENT:#x}"));
    define("transition_count".into(), TRANSITIONS.to_string());
    define("beat_unit_ns".into(), BEAT_UNIT_NS.to_string());
    define("log_header_bytes".into(), LOG_HEADER_BYTES.to_string());
    define("silent_after_ms".into(), SILENT_AFTER_MS.to_string());
    define("stalled_after_ms".into(), STALLED_AFTER_MS.to_string());
    let one = HeaderImage::for_slots(1);
    for (name, region) in [("hot", one.hot), ("beats", one.beats), ("cold", one.cold), ("log", one.log)] {
        define(format!("{name}_stride"), region.stride.to_string());
    }
    for part in parts() {
        for field in part.fields {
            let name = format!("{}_{}", part.name, field.name);
            define(name.clone(), field.offset.to_string());
            define(format!("{name}_size"), field.size.to_string());
        }
    }
    for group in numbers() {
        for (name, number, _) in &group.numbers {
            define(format!("{}_{name}", group.name), number.to_string());
        }
        // The bits of a word are not numbered from 0 on without gaps, so they get no tuple of names.
        if group.numbers.iter().enumerate().all(|(at, (_, number, _))| at as u64 == *number) {
            let names: Vec<String> = group.numbers.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
            define(format!("{}_names", group.name), format!("({})", names.join(", ")));
        }
    }
    is_kept(&crate_file("../bindings/python/python/vxboard/_layout.py"), &text);
}
