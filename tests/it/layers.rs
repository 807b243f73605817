//! The layers of the source tree: the uses that are allowed between files, and the words that only some places may
//! have.
//!
//! The tables here are the rules; each module below checks the tree against one kind of rule. Sizes and counts are
//! printed by `cargo test --test it layers -- --nocapture`.

mod circles;
mod error_text;
mod floors;
mod graph;
mod imports;
mod places;
mod prose;
mod report;
mod source;
mod unsafe_code;

use std::path::PathBuf;

use source::root;

/// The floors of one folder, lowest first; each word is a module of the folder.
struct Tower {
    sources: &'static str,
    floors: &'static [&'static [&'static str]],
}

const TOWERS: [Tower; 26] = [
    Tower {
        sources: "crates/base/src",
        floors: &[
            &[
                "age",
                "board_slot",
                "digest",
                "identity",
                "nearest",
                "parallel",
                "platform",
                "process_limit",
                "shown_address",
                "threads",
                "variables",
                "gauge",
            ],
            &["trouble"],
            &["files"],
            &["paths"],
            &["template"],
            &["package"],
        ],
    },
    Tower {
        sources: "shm/src",
        floors: &[
            &["atomics", "mutex"],
            &["layout"],
            &["progress", "error"],
            &["view", "stamp"],
            &["segment", "liveness", "lanes"],
            &["slot", "snapshot"],
            &["board", "pool", "dump", "recording"],
        ],
    },
    Tower {
        sources: "shm/src/segment",
        floors: &[
            &["copied", "doorbell", "guard", "lock", "pairs", "sleep", "touch", "unnamed"],
            &["plain_file"],
            &["named", "parts"],
            &["open"],
            &["create"],
        ],
    },
    Tower {
        sources: "status/src",
        floors: &[
            &["amount", "error_cell", "look", "places", "turn_facts"],
            &["painted", "vocabulary"],
            &["source"],
            &["slot", "table", "document", "export"],
            &["standing"],
            &["pace", "mark", "events", "received"],
            &["rates", "hanging", "estimate"],
            &["changes", "totals", "estimator"],
            &["sums", "final_table", "json"],
            &["plain"],
            &["lines"],
        ],
    },
    Tower {
        sources: "tui/src",
        floors: &[
            &["bindings", "theme"],
            &["model"],
            &["message", "widgets"],
            &["keys", "inline", "terminal"],
            &["view", "update"],
            &["app"],
        ],
    },
    Tower { sources: "crates/launcher/src", floors: &[&["format", "options"], &["system"], &["launch"]] },
    Tower {
        sources: "crates/project/src",
        floors: &[
            &["dotted_key", "named", "problem", "scripts", "services", "version"],
            &["discover", "procfile"],
            &["config", "edit"],
            &["lock", "project_file"],
            &["lineage"],
            &["trust"],
        ],
    },
    Tower {
        sources: "crates/project/src/config",
        floors: &[
            &["addresses", "agents", "entries", "reader"],
            &["duration", "fields", "packages", "progress", "scripts", "tables", "trust", "ui"],
            &["services", "settings", "tools"],
        ],
    },
    Tower {
        sources: "crates/services/src",
        floors: &[
            &["stamp"],
            &["built", "devinfo", "order", "plain", "ports", "restarts", "watch"],
            &["entries", "mistakes", "probe", "spec"],
            &["output", "reading", "reported"],
            &["guard", "supervisor"],
        ],
    },
    Tower {
        sources: "src/work/up",
        floors: &[
            &["error", "guest", "named"],
            &["place", "prepare", "staged"],
            &["begin"],
            &["connect", "left", "state", "supervise"],
            &["again", "going", "lease", "output"],
            &["next_life", "together"],
            &["merged", "rebuilt"],
        ],
    },
    Tower {
        sources: "src/devserver",
        floors: &[
            &["error", "external", "log", "methods", "ports", "state"],
            &["event"],
            &["news", "reading", "settings"],
            &["plugin", "reloading"],
            &["instance"],
            &["manager"],
            &["project"],
        ],
    },
    Tower {
        sources: "crates/fetch/src",
        floors: &[
            &["attestation", "listed", "packaging", "setting_places", "signature"],
            &["setting_files"],
            &["options"],
            &["artifact", "catalogue", "credentials", "error"],
            &["http", "memo", "recipe", "system"],
            &["cache"],
            &["npm", "pypi", "vendor"],
            &["trust"],
            &["agreement", "project_settings", "sources"],
            &["settings", "undated"],
        ],
    },
    Tower {
        sources: "crates/store/src",
        floors: &[
            &["cancel", "config", "disk", "folder", "report", "room"],
            &["archives", "lock", "need", "receipt", "staging"],
            &["leftovers", "manifest", "native", "programs", "progress", "shipped", "trial"],
            &["settle", "unpack"],
            &["download", "store", "sync"],
            &["error", "recipe"],
            &["fetch", "pipeline"],
        ],
    },
    Tower {
        sources: "crates/store/src/unpack",
        floors: &[
            &["error"],
            &["excluded", "format", "limits", "names", "xz", "zip_records", "zstd"],
            &["path"],
            &["files", "links"],
            &["tree"],
            &["tar", "zip", "zip_file"],
        ],
    },
    Tower {
        sources: "crates/process/src",
        floors: &[
            &[
                "callers",
                "exit",
                "group",
                "interpreter",
                "interrupt",
                "lines",
                "log",
                "meter",
                "own",
                "parent",
                "usage",
            ],
            &["capture", "launch", "recorded", "terminal", "tree"],
            &["detached", "foreground", "piped", "replace"],
            &["relay"],
            &["wiring"],
            &["short"],
        ],
    },
    Tower {
        sources: "crates/process/src/tree",
        floors: &[
            &["elsewhere", "handle", "listing", "obstacle", "offline", "protocol", "room"],
            &["forward", "look", "mark", "program", "requests"],
            &["ending"],
            &["adoption"],
            &["marked"],
            &["keeper", "owner", "step"],
            &["watchdog"],
            &["command", "runner"],
        ],
    },
    Tower {
        sources: "crates/run/src",
        floors: &[
            &["board_error", "history", "trouble_cell"],
            &["channel"],
            &["board", "dumper", "end", "hold", "log_files", "numbers", "pace", "recordings", "verdict"],
            &["boards", "job", "recorder", "written"],
            &["control"],
            &["supervisor"],
        ],
    },
    Tower { sources: "crates/plan/src", floors: &[&["step"], &["plan"], &["resolve"]] },
    Tower {
        sources: "crates/agents/src",
        floors: &[
            &["active", "event", "last_lines", "lines", "place", "recent"],
            &["agent", "counts", "stderr"],
            &["error", "messages", "outcome", "queue", "rendering"],
            &["reading", "request"],
            &["arguments", "order", "permission", "slot"],
            &["job", "thread"],
            &["spawn"],
            &["child"],
        ],
    },
    Tower {
        sources: "src/work",
        floors: &[
            &["boards", "job", "logs", "look", "policy", "replay", "rings", "shims", "wanted_by"],
            &["control", "follow", "holder", "recordings", "run", "store", "waiting"],
            &["reports"],
            &["exports", "withheld"],
            &["error", "options", "silent"],
            &["notice", "releases"],
            &["frontend"],
            &["board_place", "child", "consent", "strays"],
            &["awaited", "carry_out", "elsewhere", "on_path", "told"],
            &["workspace"],
            &["installing", "outdated", "routes", "sbom", "settings", "syncing", "trusting", "turns", "wrapped"],
            &["activation", "environment", "locking", "programs", "repair", "tool"],
            &["scripts", "using"],
            &["up"],
            &["questions"],
        ],
    },
    Tower {
        sources: "src/daemon",
        floors: &[
            &["bell", "fault", "manager", "own_log", "summary"],
            &["event", "pass"],
            &["hub", "protocol"],
            &["error", "request", "watch"],
            &["answers", "begin", "place", "switch"],
            &["client", "hall"],
            &["service"],
            &["serve", "stdio"],
        ],
    },
    Tower {
        sources: "src/mcp",
        floors: &[
            &["answer", "describe", "place", "wire"],
            &["call", "look"],
            &["wait"],
            &["carry", "logs", "service"],
            &["tools"],
            &["serve"],
        ],
    },
    Tower {
        sources: "src/doctor",
        floors: &[
            &["examination", "finding"],
            &["archives", "boards", "leftovers", "places", "project", "settings", "strays"],
            &["releases", "search_path", "shims"],
            &["examine"],
            &["mend"],
        ],
    },
    Tower {
        sources: "src/cli/args",
        floors: &[
            &["ask", "board_words", "programs", "services", "shells", "trust", "values", "wrap"],
            &["daemon", "inspect", "put", "run", "turns"],
            &["boards", "install"],
        ],
    },
    Tower {
        sources: "src/cli",
        floors: &[
            &["args", "browser", "commands", "editor", "interrupts", "pager", "terminal"],
            &["print", "views", "words"],
            &["failure"],
            &["completions", "export", "help", "look", "man", "notices", "replay", "search", "store", "work_errors"],
            &["screen"],
            &["activate", "install_child", "shims", "view", "workspace"],
            &["ask", "config", "daemon", "env", "lock", "mcp", "outdated", "sbom", "show", "which", "wrap"],
            &["board", "frontend", "top", "trust"],
            &["doctor", "install", "request", "script", "sync", "tool", "up", "using"],
            &["bridge", "services", "shortcut", "turn"],
        ],
    },
    Tower {
        sources: "src",
        floors: &[&["shell"], &["route"], &["work"], &["daemon", "devserver", "doctor", "mcp"], &["cli"], &["main"]],
    },
];

/// Folders of more files than this have a tower of their own.
const MOST_FILES_WITHOUT_FLOORS: usize = 12;

/// Words that only the named places may use.
const KEPT_TO: [(&str, &[&str]); 9] = [
    ("clap::", &["src/cli/"]),
    ("ratatui::", &["tui/src/"]),
    ("crossterm::", &["tui/src/"]),
    ("memmap2::", &["shm/src/segment.rs", "shm/src/segment/"]),
    ("std::process::Command", &["crates/process/src/", "crates/launcher/build.rs"]),
    ("ureq::", &["crates/http/src/"]),
    ("println!", &["src/cli/print.rs", "crates/launcher/build.rs", "tui/src/"]),
    ("std::sync::atomic", &["shm/src/atomics.rs", "src/", "tui/", "crates/"]),
    ("vx_tui::", VIEWS),
];

/// The places that know the crate of the views: the command line, and below it the settings of the views.
const VIEWS: &[&str] = &["src/cli/", "src/work/look/dashboard.rs"];

/// Words that these places must not have. A board is bytes, and vx-status has the forms that are made of them. The work
/// of vx is silent, independent of the command line, and leaves the process that it runs in as it is.
const KEPT_FROM: [(&str, &[&str]); 4] = [
    ("src/work/", SPEECH),
    ("src/work.rs", SPEECH),
    ("status/src/", SURROUNDINGS),
    ("shm/src/", &["serde_json::", "jiff::"]),
];
const SPEECH: &[&str] =
    &["print!", "println!", "print::", "stdout()", "stderr()", "clap::", "set_current_dir", "process::replace"];

/// The meaning of a reading needs no terminal, no files, no processes and no environment.
const SURROUNDINGS: &[&str] =
    &["std::fs", "fs::", "stdin()", "stdout()", "stderr()", "std::env", "env::", "std::process"];

/// Words that the texts in these places must not have: a hint of work may name a command of vx, whole, or a file, but no
/// option of the command line.
const TEXTS_KEPT_FROM: [(&str, &[&str]); 2] = [("src/work/", &["`--"]), ("src/work.rs", &["`--"])];

/// The files that may hold unsafe code: the board's memory, the launcher's kernel calls, and the tests that stop and
/// step other processes.
const UNSAFE_FILES: [&str; 8] = [
    "crates/launcher/src/system.rs",
    "crates/launcher/src/system/arena.rs",
    "crates/launcher/src/system/call.rs",
    "crates/launcher/src/system/memory.rs",
    "crates/launcher/src/system/start.rs",
    "crates/launcher/src/system/tests.rs",
    "shm/src/segment.rs",
    "shm/tests/support/system.rs",
];

/// The most percent of the sentences in a crate's comments that may open with `What`, `Whether` and the like.
const MOST_LATE_OPENINGS_PERCENT: f64 = 1.0;

/// A package of the workspace.
struct Package {
    /// Its folder, from the root; its sources are in `src` there.
    folder: &'static str,
    /// The directories and files of its tests, benches and examples, from its folder.
    others: &'static [&'static str],
}

/// The packages, lowest first: each may depend on those before it only.
const PACKAGES: [Package; 18] = [
    Package { folder: "crates/text", others: &[] },
    Package { folder: "crates/inflate", others: &["benches"] },
    Package { folder: "crates/http", others: &[] },
    Package { folder: "crates/launcher", others: &["build.rs"] },
    Package { folder: "shm", others: &["tests", "examples", "fuzz"] },
    Package { folder: "crates/base", others: &[] },
    Package { folder: "crates/process", others: &[] },
    Package { folder: "crates/rpc", others: &[] },
    Package { folder: "status", others: &["tests", "examples"] },
    Package { folder: "tui", others: &["tests", "examples"] },
    Package { folder: "crates/project", others: &[] },
    Package { folder: "crates/fetch", others: &["build.rs"] },
    Package { folder: "crates/store", others: &[] },
    Package { folder: "crates/plan", others: &[] },
    Package { folder: "crates/run", others: &[] },
    Package { folder: "crates/services", others: &[] },
    Package { folder: "crates/agents", others: &[] },
    Package { folder: ".", others: &["tests", "benches", "examples/turn.rs"] },
];

impl Package {
    /// The directory of its shipped code.
    fn sources(&self) -> PathBuf {
        root().join(self.folder).join("src")
    }

    /// The directories and files of its tests, benches and examples.
    fn others(&self) -> impl Iterator<Item = PathBuf> {
        self.others.iter().map(|other| root().join(self.folder).join(other))
    }

    /// Its manifest.
    fn manifest(&self) -> PathBuf {
        root().join(self.folder).join("Cargo.toml")
    }
}
