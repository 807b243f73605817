//! The pictures of `docs/`: a terminal while this repository's own tools are installed, as SVG.
//!
//! `cargo test --test it pictures -- --ignored` takes them again.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::pty::OnTerminal;

/// The size of a character's cell, in the picture's units.
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
    // Set a size: without one, a browser stretches a picture to the width of the page.
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" role=\"img\">\n\
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

/// The pieces of a row that look alike, each with its first column. Blanks without a background end a piece.
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
    // Give each word its own place and length, so that it stays in its columns in any font. Blanks at the ends of a
    // text are not drawn, so the words of a longer text would be stretched over their columns.
    let mut column = column;
    for word in text.split(' ') {
        if !word.is_empty() {
            draw_word(picture, (row, column), word, style);
        }
        column += u16::try_from(unicode_width::UnicodeWidthStr::width(word)).expect("a row") + 1;
    }
}

fn draw_word(picture: &mut String, (row, column): (u16, u16), text: &str, style: &Style) {
    let columns = unicode_width::UnicodeWidthStr::width(text) as f32;
    let (x, y) = (MARGIN + f32::from(column) * CELL.0, MARGIN + f32::from(row) * CELL.1);
    let long = columns * CELL.0;
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

/// A directory in which the repository's own tools are installed from scratch.
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
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(name);
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
        lines(screen, "✓") >= 3 && lines(screen, "●") >= 2
    });
    let all = |screen: &vt100::Screen| svg(screen, 30, "vx sync --tui while it installs this repository's own tools");
    keep("dashboard.svg", &run.read_screen(all));
    run.press("q");
    run.await_screen("it asks", |screen| screen.contains("etach"));
    run.press("d");
    assert_eq!(run.ends_restored(), Some(0));

    let top = place.start("top");
    top.await_screen("it is over", |screen| screen.contains("in place") && screen.contains("the slowest way through"));
    keep("timeline.svg", &top.read_screen(|screen| svg(screen, 30, "A finished run in vx top")));
    drop(top);

    let place = Place::new();
    let run = place.start("sync");
    run.await_screen("some are there and others under way", |screen| {
        lines(screen, "✓") >= 4 && lines(screen, "downloading") + lines(screen, "extracting") >= 3
    });
    keep("inline.svg", &run.read_screen(|screen| svg(screen, rows_used(screen), "vx sync below the prompt")));
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

/// A browser on this machine, if there is one.
fn chromium() -> Option<&'static str> {
    let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    ["chromium", "chromium-browser", "google-chrome", "chrome"].iter().find(there).copied()
}

#[test]
fn needs_chromium_the_pictures_of_the_readme_are_shown_in_their_size() {
    let Some(browser) = chromium() else {
        crate::support::skipped::skipped("there is no chromium here");
        return;
    };
    let place = tempfile::tempdir().expect("a directory");
    for (path, width, height) in sizes() {
        let page = format!(
            "<body style=\"width:2000px\"><img src=\"file://{}\" onload=\"document.title = this.width + 'x' + this.height\">",
            path.display()
        );
        let shown = title_of(browser, place.path(), &page);
        assert_eq!(shown, format!("{width}x{height}"), "{}", path.display());
    }
}

/// A page with the pictures in a column, styled as hosts of READMEs do it. A script sets the page's title to a list
/// with, for each picture, its displayed size, the contrast of its least readable word (between the lightest and the
/// darkest pixel), and the most that a word is stretched or squeezed to fill its columns.
const COLUMN: &str = r#"<!DOCTYPE html>
<style>div { width: COLUMNpx } img { max-width: 100%; box-sizing: content-box }</style>
<div></div>
<script>
const pictures = PICTURES;
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
async function measure(text) {
  const image = new Image();
  image.src = 'data:image/svg+xml;base64,' + btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  document.querySelector('div').append(image);
  await image.decode();
  const shown = [image.clientWidth, image.clientHeight];
  const canvas = Object.assign(document.createElement('canvas'), { width: shown[0], height: shown[1] });
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0, ...shown);
  const drawing = document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);
  document.body.append(drawing);
  const scale = shown[0] / drawing.viewBox.baseVal.width;
  let [least, stretched] = [99, 1];
  for (const piece of drawing.querySelectorAll('text')) {
    const [x, y, long] = ['x', 'y', 'textLength'].map(name => piece.getAttribute(name) * scale);
    piece.removeAttribute('textLength');
    const stretch = long / scale / piece.getComputedTextLength();
    stretched = Math.max(stretched, stretch, 1 / stretch);
    if (!/[\p{L}\p{N}]/u.test(piece.textContent)) continue;
    const pixels = context.getImageData(x, y - 13 * scale, Math.max(1, long), 17 * scale).data;
    let [darkest, lightest] = [1, 0];
    for (let at = 0; at < pixels.length; at += 4) {
      const here = light(pixels.subarray(at, at + 3));
      [darkest, lightest] = [Math.min(darkest, here), Math.max(lightest, here)];
    }
    least = Math.min(least, (lightest + 0.05) / (darkest + 0.05));
  }
  return [...shown, least, stretched];
}
Promise.all(pictures.map(measure)).then(found => document.title = JSON.stringify(found));
</script>"#;

/// The widths of columns in which READMEs are shown: wide windows, the usual window, and a registry's page.
const COLUMNS: [f64; 4] = [1200.0, 1012.0, 830.0, 640.0];

/// The least contrast between a word and its background; thin strokes lose some of it when a picture shrinks.
const READABLE: f64 = 2.0;

/// The most that a word may be stretched or squeezed; some signs come from a font of another width.
const STRETCHED: f64 = 1.5;

#[test]
fn needs_chromium_the_pictures_of_the_readme_keep_their_proportions() {
    let Some(browser) = chromium() else {
        crate::support::skipped::skipped("there is no chromium here");
        return;
    };
    let place = tempfile::tempdir().expect("a directory");
    let pictures = sizes();
    let texts: Vec<String> =
        pictures.iter().map(|(path, ..)| std::fs::read_to_string(path).expect("a picture")).collect();
    let texts = serde_json::to_string(&texts).expect("JSON").replace("</", "<\\/");
    for column in COLUMNS {
        let page = COLUMN.replace("COLUMNpx", &format!("{column}px")).replace("PICTURES", &texts);
        let shown = title_of(browser, place.path(), &page);
        let shown: Vec<(f64, f64, f64, f64)> = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{shown}"));
        assert_eq!(shown.len(), pictures.len());
        for ((path, width, height), (wide, high, contrast, stretched)) in pictures.iter().zip(shown) {
            let (path, own) = (path.display(), width.parse::<f64>().expect("a width"));
            let expected = own.min(column);
            let ratio = height.parse::<f64>().expect("a height") / own;
            assert!((wide - expected).abs() <= 1.0, "{path} in {column}: {wide} wide");
            assert!((high - expected * ratio).abs() <= 1.0, "{path} in {column}: {wide} x {high}, stretched");
            assert!(stretched <= STRETCHED, "{path} in {column}: a word is stretched by {stretched}");
            assert!(contrast >= READABLE, "{path} in {column}: text with a contrast of {contrast}");
        }
    }
}

/// The title of a page once its scripts have ended.
fn title_of(browser: &str, place: &Path, page: &str) -> String {
    let file = place.join("page.html");
    std::fs::write(&file, page).expect("a page");
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=20000"]);
    command.arg(format!("--user-data-dir={}", place.join("profile").display()));
    let output = command.arg(format!("file://{}", file.display())).output().expect("the browser starts");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = shown.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    title.unwrap_or_else(|| panic!("no title: {shown}")).to_owned()
}

fn rows_used(screen: &vt100::Screen) -> u16 {
    let used = screen.contents().trim_end().lines().count();
    u16::try_from(used).expect("rows")
}
