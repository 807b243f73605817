//! The pictures of `docs/`: a terminal while this repository's own tools are installed, as SVG.
//!
//! `cargo test --test it pictures -- --ignored` takes them anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pty::OnTerminal;

/// A character's place, in the picture's units.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 14.0;
const GROUND: &str = "#14171c";
const TEXT: &str = "#d8dce3";

/// The attributes that make a run of characters look alike.
#[derive(Clone, PartialEq)]
struct Style {
    ink: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
}

impl Style {
    fn of(cell: &vt100::Cell) -> Self {
        let (ink, ground) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        let (ink, ground) = match cell.inverse() {
            true => (Some(ground.unwrap_or_else(|| GROUND.into())), Some(ink.unwrap_or_else(|| TEXT.into()))),
            false => (ink, ground),
        };
        Self { ink: ink.unwrap_or_else(|| TEXT.into()), ground, bold: cell.bold(), dim: cell.dim() }
    }
}

fn colour(colour: vt100::Color) -> Option<String> {
    match colour {
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        // The pictures are taken in true colours.
        vt100::Color::Idx(_) | vt100::Color::Default => None,
    }
}

/// A picture of the screen's first rows.
fn svg(screen: &vt100::Screen, rows: u16, about: &str) -> String {
    let columns = screen.size().1.get();
    let (width, height) = (f32::from(columns) * CELL.0 + 2.0 * MARGIN, f32::from(rows) * CELL.1 + 2.0 * MARGIN);
    // Without a size of its own, a browser stretches a picture to the width of the page.
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" xml:space=\"preserve\" role=\"img\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n",
        escaped(about)
    );
    for row in 0..rows {
        for (from, text, style) in runs(screen, row) {
            draw(&mut picture, (row, from), &text, &style);
        }
    }
    picture.push_str("</svg>\n");
    picture
}

/// The pieces of a row that look alike, each with its first column. Blanks end a piece, so that the text stays in its
/// column in any font.
fn runs(screen: &vt100::Screen, row: u16) -> Vec<(u16, String, Style)> {
    let mut runs: Vec<(u16, String, Style)> = Vec::new();
    let mut open = false;
    for column in 0..screen.size().1.get() {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
        let style = Style::of(cell);
        let text = if cell.contents().is_empty() { " " } else { cell.contents() };
        let blank = text == " " && style.ground.is_none();
        match runs.last_mut() {
            Some((_, before, same)) if open && !blank && *same == style => before.push_str(text),
            _ if !blank => runs.push((column, text.to_owned(), style)),
            _ => {}
        }
        open = !blank;
    }
    runs
}

fn draw(picture: &mut String, (row, column): (u16, u16), text: &str, style: &Style) {
    let columns = unicode_width::UnicodeWidthStr::width(text) as f32;
    let (x, y) = (MARGIN + f32::from(column) * CELL.0, MARGIN + f32::from(row) * CELL.1);
    let long = columns * CELL.0;
    if let Some(ground) = &style.ground {
        let high = CELL.1;
        writeln!(picture, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{long:.1}\" height=\"{high}\" fill=\"{ground}\"/>")
            .expect("text grows");
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
    let dim = if style.dim { " opacity=\"0.7\"" } else { "" };
    writeln!(
        picture,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{long:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{dim}>{}</text>",
        y + 14.0,
        style.ink,
        escaped(text)
    )
    .expect("text grows");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A directory in which the repository's own tools are installed from nothing.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::Builder::new().prefix("vx").tempdir_in("/tmp").expect("a directory");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for directory in ["vx", "home"] {
            std::fs::create_dir(place.path().join(directory)).expect("a directory");
        }
        for file in ["vx.toml", "vx.lock"] {
            std::fs::copy(repository.join(file), place.path().join("vx").join(file)).expect("a copy");
        }
        std::fs::write(place.path().join("home/vx.toml"), "[ui]\ntheme = \"dark\"\ncolours = \"true\"\n")
            .expect("a file");
        Self(place)
    }

    fn start(&self, words: &str) -> OnTerminal {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
        command.args(words.split_whitespace()).current_dir(self.0.path().join("vx"));
        command.env("VX_HOME", self.0.path().join("home")).env("VX_RUNTIME_DIR", self.0.path().join("run"));
        for name in ["NO_COLOR", "CI", "GITHUB_ACTIONS", "ACCESSIBLE"] {
            command.env_remove(name);
        }
        OnTerminal::start(command)
    }
}

fn keep(name: &str, picture: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::write(path, picture).expect("the picture is written");
}

/// The number of lines with this word.
fn lines(screen: &str, word: &str) -> usize {
    screen.lines().filter(|line| line.contains(word)).count()
}

#[test]
#[ignore = "installs this repository's own tools from their sources"]
fn needs_network_to_take_the_pictures_of_the_docs() {
    let place = Place::new();
    let mut run = place.start("sync --tui");
    run.await_screen("some are there and others under way", |screen| {
        // The sum of the header has a rate, too.
        lines(screen, "✓ done") >= 3 && lines(screen, "B/s") >= 3
    });
    let all = |screen: &vt100::Screen| svg(screen, 30, "vx sync --tui while it installs this repository's own tools");
    keep("dashboard.svg", &run.look(all));
    run.press("q");
    run.await_screen("it asks", |screen| screen.contains("etach"));
    run.press("d");
    assert_eq!(run.ends_restored(), Some(0));

    let mut top = place.start("top");
    top.await_screen("it is over", |screen| lines(screen, "✓ done") >= 3);
    top.press("t\r");
    top.await_screen("the timeline", |screen| screen.contains("[Timeline]") && screen.contains("P post-install"));
    keep("timeline.svg", &top.look(|screen| svg(screen, 30, "The timeline of a finished run in vx top")));
    drop(top);

    let place = Place::new();
    let run = place.start("sync");
    run.await_screen("some are there and others under way", |screen| {
        lines(screen, "✓") >= 4 && lines(screen, "downloading") + lines(screen, "extracting") >= 3
    });
    keep("inline.svg", &run.look(|screen| svg(screen, rows_used(screen), "vx sync below the prompt")));
    drop(run);
}

/// The pictures in the README that are SVG, each with its size.
fn sizes() -> Vec<(PathBuf, String, String)> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(repository.join("README.md")).expect("a README");
    let named = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let pictures = named.filter(|path| path.ends_with(".svg")).map(|path| repository.join(path));
    let size = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a picture");
        let head = text.lines().next().unwrap_or_default().to_owned();
        let value = |name: &str| {
            let rest = head.split(&format!(" {name}=\"")).nth(1).unwrap_or_default();
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        assert_eq!(value("viewBox"), format!("0 0 {} {}", value("width"), value("height")), "{}", path.display());
        (path, value("width"), value("height"))
    };
    pictures.map(size).collect()
}

#[test]
fn the_pictures_of_the_readme_have_a_size_of_their_own() {
    assert_eq!(sizes().len(), 3);
}

/// A browser of this machine, if there is one.
fn chromium() -> Option<&'static str> {
    let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    ["chromium", "chromium-browser", "google-chrome", "chrome"].iter().find(there).copied()
}

#[test]
fn needs_chromium_the_pictures_of_the_readme_are_shown_in_their_size() {
    let Some(browser) = chromium() else {
        crate::skipped::skipped("there is no chromium here");
        return;
    };
    let place = tempfile::tempdir().expect("a directory");
    for (path, width, height) in sizes() {
        let page = place.path().join("page.html");
        let text = format!(
            "<body style=\"width:2000px\"><img src=\"file://{}\" onload=\"document.title = this.width + 'x' + this.height\">",
            path.display()
        );
        std::fs::write(&page, text).expect("a page");
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=5000"]);
        command.arg(format!("--user-data-dir={}", place.path().join("profile").display()));
        let output = command.arg(format!("file://{}", page.display())).output().expect("the browser starts");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains(&format!("<title>{width}x{height}</title>")), "{}: {shown}", path.display());
    }
}

fn rows_used(screen: &vt100::Screen) -> u16 {
    let used = screen.contents().trim_end().lines().count();
    u16::try_from(used).expect("rows")
}
