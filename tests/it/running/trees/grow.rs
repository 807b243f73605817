//! Trees whose processes are hard to find, as shell scripts: `sh SCRIPT FUNCTION`.

use std::fs;
use std::path::{Path, PathBuf};

use super::LIFE;

/// A tree to grow.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) path: PathBuf,
    pub(super) tag: String,
}

/// Shapes chosen on purpose. Their leaders then `live` or `leave`, by the word after the shape. The traced shape needs
/// Python; without it, it has one process less.
pub(super) const SHAPES: [(&str, &str); 12] = [
    ("setsid", "setsid sh \"$0\" live & $1"),
    ("double-fork", "( ( live ) & ) ; $1"),
    ("daemon", "( setsid sh \"$0\" live <&- >&- 2>&- & ) ; $1"),
    ("closed-output", "exec <&- >&- 2>&-; ( live ) & $1"),
    ("deaf", "trap '' TERM INT HUP; ( live ) & setsid sh \"$0\" live & $1"),
    ("zombie-leader", "( ( live ) & ) ; setsid sh \"$0\" live & leave"),
    ("forking-while-ended", "( trap '( live ) & setsid sh \"$0\" live &' TERM; live & wait; wait; live ) & $1"),
    ("stopped", "setsid sh \"$0\" stopped & $1"),
    ("own-group", "timeout LIFE sh \"$0\" live & $1"),
    ("no-environment", "( env -i setsid sh \"$0\" live & ) ; $1"),
    (
        "traced",
        "python3 -c 'import ctypes, os, time; p = os.fork(); p or os.execlp(\"sleep\", \"sleep\", \"LIFE\"); \
        ctypes.CDLL(None).ptrace(0x4206, p, None, None); time.sleep(LIFE)' & $1",
    ),
    ("hopping", "hop 0 & $1"),
];

/// Functions for every script: to live for a while, to be stopped, to fork and exit again and again.
const COMMON: &str = "live() { exec sleep LIFE; }\n\
    leave() { exit 0; }\n\
    stopped() { kill -STOP $$; live; }\n\
    deaf() { trap '' TERM; live; }\n\
    hop() {\n  [ $(($1 % 50)) = 49 ] && exec setsid sh \"$0\" hop $(($1 + 1))\n  [ \"$1\" -ge 300 ] && live\n  ( hop $(($1 + 1)) ) &\n}\n";

/// The name of a shape's function: not the bare name, which may also be a program's.
pub(super) fn function(shape: &str) -> String {
    format!("grow_{}", shape.replace('-', "_"))
}

impl Script {
    /// The script of all shapes.
    pub(super) fn of_shapes(directory: &Path, tag: &str) -> Self {
        let named = SHAPES.iter().map(|(name, body)| format!("{}() {{ {body}; }}\n", function(name)));
        Self::write(directory, tag, &named.collect::<String>())
    }

    /// A random tree; its first function is `f0`.
    pub(super) fn random(directory: &Path, tag: &str, seed: u64) -> Self {
        let mut random = Random::from(seed);
        let mut functions = Vec::new();
        match random.below(40) {
            0 => functions
                .push("chain() { [ \"$1\" -ge 40 ] && live; ( chain $(($1 + 1)) ) & wait; }\nf0() { chain 0; }".into()),
            1 => functions.push(
                "f0() { for i in 0 1 2 3 4 5 6 7; do for j in 0 1 2 3 4 5 6 7; do ( live ) & done; done; live; }"
                    .into(),
            ),
            2 | 3 => functions.push("f0() { hop 0; live; }".into()),
            4 => functions.push("f0() { deaf; }".into()),
            _ => drop(node(&mut random, 0, &mut functions)),
        }
        Self::write(directory, tag, &functions.join("\n"))
    }

    fn write(directory: &Path, tag: &str, functions: &str) -> Self {
        let path = directory.join(format!("T{tag}.sh"));
        // The tag is a fraction of a second, so that it is in the command line of `sleep`.
        let text = format!("{COMMON}{functions}\n\"$@\"\n").replace("LIFE", &format!("{LIFE}.{tag}"));
        fs::write(&path, text).expect("a script");
        Self { path, tag: tag.to_owned() }
    }
}

/// Write a function for a process and those below it. Returns its name.
fn node(random: &mut Random, depth: u64, functions: &mut Vec<String>) -> String {
    let name = format!("f{}", functions.len());
    functions.push(String::new());
    let at = functions.len() - 1;
    let mut body = String::new();
    let listens = random.below(4) != 0;
    if !listens {
        body += "  trap '' TERM\n";
    } else if random.below(5) == 0 {
        body += "  trap '( live ) & setsid sh \"$0\" live &' TERM\n";
    }
    if random.below(3) == 0 {
        body += "  exec <&- >&- 2>&-\n";
    }
    let children = if depth > 2 { 0 } else { 1 + random.below(3 - depth) };
    for _ in 0..children {
        let child = node(random, depth + 1, functions);
        body += &match random.below(9) {
            0 => format!("  setsid sh \"$0\" {child} &\n"),
            1 => format!("  ( ( {child} ) & )\n"),
            2 => format!("  ( setsid sh \"$0\" {child} <&- >&- 2>&- & )\n"),
            3 => format!("  ( env -i setsid sh \"$0\" {child} & )\n"),
            4 => "  setsid sh \"$0\" stopped &\n".to_owned(),
            5 => format!("  timeout LIFE sh \"$0\" {child} &\n"),
            6 => format!("  ( ( {child} & ) & )\n"),
            7 => "  hop 250 &\n".to_owned(),
            _ => format!("  ( {child} ) &\n"),
        };
    }
    // Some processes end before those below them; the leader may, too.
    body += match random.below(4) {
        0 => "  exit 0\n",
        1 => "  live & wait; wait; live\n",
        _ => "  live\n",
    };
    functions[at] = format!("{name}() {{\n{body}}}");
    name
}

/// Random numbers that a seed makes repeatable.
pub(crate) struct Random(u64);

impl From<u64> for Random {
    fn from(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
}

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
