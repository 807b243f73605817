//! The levels of consecutive lines: all lines of a record have its level, so that a traceback is found as a whole.
//!
//! A record is a line and the lines that continue it: indented lines, and those of the formats in which languages
//! report uncaught errors. Later lines are unknown, since a log is followed as it grows.

use jiff::{SignedDuration, Timestamp};

use super::level::Level;

/// Longest pause between two lines of a record: programs print a record at once.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// Stands above the calls in a Python traceback.
const TRACEBACK: &str = "Traceback (most recent call last):";
/// Lines between two Python tracebacks, one of which caused the other.
const CHAINED: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];
/// Beginnings of lines that continue a warning or an error.
const FURTHER: [&str; 5] = ["note: ", "help: ", "Caused by: ", "caused by: ", "stack backtrace:"];
/// Beginnings of lines that stand among the calls of goroutines.
const OF_GOROUTINES: [&str; 4] = ["goroutine ", "created by ", "exit status ", "[signal "];

/// Finds the levels of the lines of one source.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    record: Option<LogRecord>,
}

/// A record that the next line may continue.
#[derive(Clone, Debug)]
struct LogRecord {
    level: Level,
    form: LogRecordForm,
    last: Timestamp,
}

/// The form of a record, which decides what continues it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogRecordForm {
    /// Indented lines continue it.
    Plain,
    /// The calls of a traceback, until the line with the exception.
    Traceback,
    /// The calls of goroutines.
    Goroutine,
    /// A panic of Rust, whose message is the next line.
    Panic,
}

impl Levels {
    /// Find the level of the next line, which was printed at `time` and has no control sequences.
    pub fn next(&mut self, time: Timestamp, line: &str) -> Level {
        let line = line.trim_end();
        let own = Level::shown(line);
        let record = self.record.take().filter(|record| time.duration_since(record.last) <= PAUSE);
        let going_on = record.and_then(|record| Some((record.form_after(line, own)?, record.level)));
        let (level, form) = match going_on {
            Some((form, level)) => (level, form),
            None => match LogRecordForm::begun_by(line) {
                Some(form) => (Level::Error, form),
                None => (own.unwrap_or_default(), LogRecordForm::Plain),
            },
        };
        self.record = Some(LogRecord { level, form, last: time });
        // A graver level counts for its own line only.
        own.map_or(level, |own| own.max(level))
    }
}

impl LogRecord {
    /// Decide the form of the record after this line, whose `own` level is given; `None` if the line doesn't continue
    /// it.
    fn form_after(&self, line: &str, own: Option<Level>) -> Option<LogRecordForm> {
        let grave = self.level >= Level::Warn;
        let indented = line.starts_with([' ', '\t']);
        let further = grave && (line == "}" || FURTHER.iter().any(|start| line.starts_with(start)) || has_gutter(line));
        match self.form {
            // The exception ends the calls. A line with another level is another thread's, printed between them.
            LogRecordForm::Traceback if !indented => {
                (own.is_none_or(|own| own == Level::Error)).then_some(LogRecordForm::Plain)
            }
            LogRecordForm::Panic => Some(LogRecordForm::Plain),
            LogRecordForm::Goroutine if line.is_empty() || is_of_goroutine(line) => Some(LogRecordForm::Goroutine),
            // A compiler shows the place below an empty line.
            form if indented || grave && line.is_empty() => Some(form),
            form => further.then_some(form),
        }
    }
}

impl LogRecordForm {
    /// Recognise the form of an error that begins with this line.
    fn begun_by(line: &str) -> Option<Self> {
        if line.ends_with(TRACEBACK) {
            // All lines of an exception group are indented.
            return Some(if line.contains("Group") { Self::Plain } else { Self::Traceback });
        }
        if line.starts_with("goroutine ") && line.ends_with("]:") {
            return Some(Self::Goroutine);
        }
        if line.starts_with("thread '") && line.contains(" panicked at ") {
            return Some(if line.ends_with(':') { Self::Panic } else { Self::Plain });
        }
        (CHAINED.contains(&line) || is_mistake_of_go(line)).then_some(Self::Plain)
    }
}

/// Returns whether `go` reports a mistake in this line: `FILE.go:LINE:COLUMN: text`. Lines of Go's package `log` have
/// no column.
fn is_mistake_of_go(line: &str) -> bool {
    let line = line.strip_prefix("vet: ").unwrap_or(line);
    let Some((place, _)) = line.split_once(": ") else { return false };
    let mut parts = place.rsplitn(3, ':');
    let mut number =
        || parts.next().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    number() && number() && parts.next().is_some_and(|file| file.ends_with(".go"))
}

/// Returns whether a line belongs to a goroutine's calls, such as `main.(*Server).run(0xc000012345)`.
fn is_of_goroutine(line: &str) -> bool {
    let calls = || line.ends_with(')') && line.split_once('(').is_some_and(|(name, _)| !name.contains(' '));
    line.starts_with('\t') || OF_GOROUTINES.iter().any(|start| line.starts_with(start)) || calls()
}

/// Returns whether a line shows source below a mistake: `12 |     text`.
fn has_gutter(line: &str) -> bool {
    let rest = line.trim_start_matches(|character: char| character.is_ascii_digit());
    rest.len() < line.len() && rest.trim_start().starts_with('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text with this level or a graver one.
    fn lines_of(text: &str, least: Level) -> Vec<&str> {
        let mut levels = Levels::default();
        text.lines().filter(|line| levels.next(Timestamp::UNIX_EPOCH, line) >= least).collect()
    }

    /// Each line of the text begins with `!` where it has to be an error, or with `.`.
    fn errors_are_as_marked(name: &str, text: &str) {
        let plain: String = text.lines().map(|line| format!("{}\n", &line[1..])).collect();
        let marked: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix('!')).collect();
        assert_eq!(lines_of(&plain, Level::Error), marked, "{name}");
    }

    #[test]
    fn a_traceback_is_an_error_as_a_whole_and_what_follows_is_not() {
        errors_are_as_marked(
            "raised",
            ".starts\n!Traceback (most recent call last):\n!  File \"app.py\", line 12, in <module>\n!    run()\n\
             !shop.NotFound\n.goes on",
        );
        errors_are_as_marked(
            "logged and chained",
            "!ERROR:root:failed\n!Traceback (most recent call last):\n!  File \"a.py\", line 1, in f\n!    x()\n!KeyError: 'x'\n\
             !\n!During handling of the above exception, another exception occurred:\n!\n\
             !Traceback (most recent call last):\n!  File \"a.py\", line 3, in <module>\n.INFO: from another thread",
        );
        errors_are_as_marked(
            "a group",
            "!  + Exception Group Traceback (most recent call last):\n!  |   File \"a.py\", line 1\n!  | ExceptionGroup: two\n\
             !    +------\n.goes on",
        );
    }

    #[test]
    fn panics_and_dumps_are_errors_as_a_whole() {
        errors_are_as_marked(
            "go",
            ".starts\n!panic: runtime error: index out of range\n!\n!goroutine 1 [running]:\n!main.(*T).run(0xc000, {0x1, 0x2})\n\
             !\t/app/main.go:12 +0x1d\n!created by main.main in goroutine 1\n!\t/app/main.go:7 +0x2\n!exit status 2\n.goes on",
        );
        errors_are_as_marked(
            "rust",
            "!thread 'main' (7) panicked at src/main.rs:2:5:\n!no luck\n!note: run with `RUST_BACKTRACE=1`\n.goes on",
        );
        errors_are_as_marked(
            "node",
            "!Error: no such file\n!    at open (node:fs:1:2)\n!    at main {\n!  code: 'ENOENT'\n!}\n!\n.Node.js v22.1.0",
        );
    }

    #[test]
    fn mistakes_of_compilers_are_errors_with_the_lines_below_them() {
        errors_are_as_marked(
            "go",
            ".# shop/cmd\n!./main.go:12:3: undefined: x\n!\thave (int)\n!vet: ./b.go:1:2: no\n.main.go:12: listening\n.12:30: x",
        );
        errors_are_as_marked(
            "rustc",
            "!error[E0425]: cannot find value `x`\n! --> src/main.rs:2:5\n!  |\n!2 |     x\n!  |     ^ not found\n!\n.Compiling",
        );
        errors_are_as_marked(
            "tsc and esbuild",
            "!a.ts(1,2): error TS2304: Cannot find name\n.waits\n![ERROR] Could not resolve \"x\"\n!\n!    a.ts:1:7:\n.waits",
        );
    }

    #[test]
    fn indented_lines_have_the_level_of_their_record_for_a_while_and_a_graver_one_of_their_own() {
        assert_eq!(lines_of("WARN slow\n  by 3 s\nfine\n  also", Level::Warn), ["WARN slow", "  by 3 s"]);
        assert_eq!(lines_of("all:\n  ERROR one\n  two", Level::Error), ["  ERROR one"]);
        let (mut levels, later) = (Levels::default(), Timestamp::UNIX_EPOCH + PAUSE + SignedDuration::from_nanos(1));
        assert_eq!(levels.next(Timestamp::UNIX_EPOCH, "DEBUG x"), Level::Debug);
        assert_eq!(levels.next(Timestamp::UNIX_EPOCH, "  y"), Level::Debug);
        assert_eq!(levels.next(later, "  a table"), Level::Info);
    }
}
