//! The layers of the source tree: which files may use which, and which words are allowed only in some places.
//!
//! The tables here are the rules; each module below checks the tree against one kind of rule. Sizes and counts are
//! printed by `cargo test --test it layers -- --nocapture`.

mod circles;
mod error_text;
mod floors;
mod graph;
mod house;
mod imports;
mod names;
mod places;
mod prose;
mod report;
mod source;
mod sources;
mod unsafe_code;

use std::path::PathBuf;

use source::root;

/// A floor of the whole program, by its meaning.
struct Floor {
    name: &'static str,
    /// A sentence that says what is on it.
    meaning: &'static str,
    /// Crates by their folders, and folders of the program.
    rooms: &'static [&'static str],
}

/// The six floors, lowest first. Each crate or folder uses only those on lower floors, or before it on its own floor.
const FLOORS: [Floor; 6] = [
    Floor {
        name: "facts",
        meaning: "values, small files, bytes: nothing here knows what vx is for",
        rooms: &["crates/text", "crates/inflate", "crates/http", "crates/launcher", "shm", "crates/base"],
    },
    Floor {
        name: "ground",
        meaning: "one thing each, whole: processes, meaning, terminal, projects, sources, releases, plans",
        rooms: &[
            "crates/process",
            "crates/rpc",
            "status",
            "tui",
            "crates/project",
            "crates/fetch",
            "crates/store",
            "crates/plan",
        ],
    },
    Floor { name: "run", meaning: "jobs on a board, whatever their work is", rooms: &["crates/run"] },
    Floor {
        name: "jobs",
        meaning: "kinds of work that have a life: services, turns of agents",
        rooms: &["crates/services", "crates/agents"],
    },
    Floor {
        name: "work",
        meaning: "what vx does for a project, silent and typed",
        rooms: &["src/boards", "src/workspace", "src/tools", "src/running", "src/serving"],
    },
    Floor { name: "doors", meaning: "ways in: words become options, outcomes become words", rooms: &["src/doors"] },
];

/// The most entries of a folder: modules, pages, and folders of either.
const MOST_ROOMS_IN_A_FOLDER: usize = 15;

/// The most percent of the types that may share their name with another.
const MOST_SHARED_NAMES_PERCENT: f64 = 10.0;

/// The floors of one folder, lowest first; each word is a module of the folder.
struct Tower {
    sources: &'static str,
    floors: &'static [&'static [&'static str]],
}

const TOWERS: [Tower; 25] = [
    Tower {
        sources: "crates/base/src",
        floors: &[
            &["age", "board_slot", "digest", "gauge", "nearest", "shown_address", "system", "trouble"],
            &["files", "package", "template"],
            &["paths"],
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
            &["amount", "appearance", "error_cell", "printed_locations", "turn_facts"],
            &["painted", "vocabulary"],
            &["source"],
            &["slot", "table", "export"],
            &["standing"],
            &["slot_document", "pace", "mark", "events", "received"],
            &["document", "rates", "hanging", "estimate"],
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
        sources: "crates/project/src/config",
        floors: &[
            &["agents", "entries", "reader"],
            &["duration", "progress", "scripts", "tables", "trust", "ui"],
            &["services", "settings", "tools"],
        ],
    },
    Tower {
        sources: "crates/project/src",
        floors: &[
            &["dotted_key", "edit", "problem", "scripts", "services", "version", "versioned_name"],
            &["discover", "procfile"],
            &["config"],
            &["lock", "project_file"],
            &["lineage"],
            &["trust"],
        ],
    },
    Tower {
        sources: "crates/services/src",
        floors: &[
            &["plain", "ports"],
            &["builds", "entries", "probe"],
            &["declared", "devinfo", "output"],
            &["guard", "supervisor"],
        ],
    },
    Tower {
        sources: "crates/fetch/src",
        floors: &[
            &["options", "proof"],
            &["error", "tools"],
            &["agreement", "documents"],
            &["source"],
            &["sources"],
            &["settings", "undated"],
        ],
    },
    Tower {
        sources: "crates/store/src/unpack",
        floors: &[
            &["error", "names", "xz", "zstd"],
            &["excluded", "format", "limits"],
            &["path"],
            &["files", "links"],
            &["tree"],
            &["tar", "zip"],
        ],
    },
    Tower {
        sources: "crates/store/src",
        floors: &[
            &["cancel", "config", "disk", "report", "reserved_space"],
            &["lock", "progress", "release"],
            &["store", "unpack"],
            &["download"],
            &["error"],
            &["fetch", "pipeline"],
        ],
    },
    Tower {
        sources: "crates/process/src",
        floors: &[&["facts", "interrupt"], &["terminal", "tree"], &["streams"], &["running"]],
    },
    Tower {
        sources: "crates/run/src",
        floors: &[
            &["board_error", "history", "recordings", "trouble_cell"],
            &["channel"],
            &["boards"],
            &["supervision"],
        ],
    },
    Tower { sources: "crates/plan/src", floors: &[&["step"], &["plan"], &["resolve"]] },
    Tower {
        sources: "crates/agents/src",
        floors: &[
            &["event", "json_path"],
            &["agent"],
            &["error", "output"],
            &["request"],
            &["arguments", "permission"],
            &["turn"],
            &["batch"],
        ],
    },
    Tower {
        sources: "src/doors/cli/args",
        floors: &[
            &["ask", "board_words", "programs", "services", "shells", "trust", "values", "wrap"],
            &["daemon", "inspect", "put", "run", "turns"],
            &["boards", "install"],
        ],
    },
    Tower {
        sources: "src/doors/daemon",
        floors: &[
            &["events"],
            &["protocol", "watch"],
            &["answers", "error", "forward"],
            &["process"],
            &["begin", "client", "state"],
            &["service"],
            &["serve", "stdio"],
        ],
    },
    Tower {
        sources: "src/doors/doctor",
        floors: &[
            &["examination", "finding"],
            &["archives", "boards", "leftovers", "places", "project", "settings", "shims", "strays"],
            &["releases", "search_path"],
            &["examine"],
            &["mend"],
        ],
    },
    Tower {
        sources: "src/doors/mcp",
        floors: &[
            &["answer", "describe", "call_project", "wire"],
            &["call", "queries"],
            &["wait"],
            &["runs", "logs", "service"],
            &["tools"],
            &["serve"],
        ],
    },
    Tower {
        sources: "src/serving/devserver",
        floors: &[
            &["error", "external", "methods", "ports", "state"],
            &["events"],
            &["reading", "settings"],
            &["plugin", "reloading"],
            &["instance"],
            &["manager"],
            &["project"],
        ],
    },
    Tower {
        sources: "src/tools/installs",
        floors: &[
            &["job", "server_wait_slot", "strays", "wanted_by"],
            &["server_wait_notice", "carry_out", "lock_holder", "releases", "store"],
            &["child", "installing", "syncing"],
            &["repair"],
        ],
    },
    Tower {
        sources: "src/tools",
        floors: &[
            &["catalogue_releases", "route", "sbom", "shell", "shims"],
            &["installs"],
            &["locking", "outdated", "routes"],
            &["activation", "environment", "programs", "tool", "declare_tools"],
        ],
    },
    Tower {
        sources: "src/workspace",
        floors: &[
            &["look", "policy", "session"],
            &["consent_error"],
            &["error"],
            &["frontend"],
            &["board_place", "consent"],
            &["search_path", "withheld_notice"],
            &["project"],
            &["settings", "trusting"],
        ],
    },
    Tower {
        sources: "src",
        floors: &[&["boards", "main"], &["workspace"], &["tools"], &["running"], &["serving"], &["doors"]],
    },
];

/// Folders of more files than this have a tower of their own.
const MOST_FILES_WITHOUT_FLOORS: usize = 12;

/// Words that only these places may use.
const KEPT_TO: [(&str, &[&str]); 9] = [
    ("clap::", &["src/doors/cli/"]),
    ("ratatui::", &["tui/src/"]),
    ("crossterm::", &["tui/src/"]),
    ("memmap2::", &["shm/src/segment.rs", "shm/src/segment/"]),
    ("std::process::Command", &["crates/process/src/", "crates/launcher/build.rs"]),
    ("ureq::", &["crates/http/src/"]),
    ("println!", &["src/doors/cli/output/print.rs", "crates/launcher/build.rs", "tui/src/"]),
    ("std::sync::atomic", &["shm/src/atomics.rs", "src/", "tui/", "crates/"]),
    ("vx_tui::", VIEWS),
];

/// The places that know the crate of the views: the command line, and below it the settings of the views.
const VIEWS: &[&str] = &["src/doors/cli/", "src/workspace/look/dashboard.rs"];

/// Words that these places must not have. A board is bytes, and vx-status gives them meaning. The layers that do vx's
/// work print nothing, don't depend on the command line, and leave the process that they run in as it is.
const KEPT_FROM: [(&str, &[&str]); 7] = [
    ("src/boards/", SPEECH),
    ("src/tools/", SPEECH),
    ("src/running/", SPEECH),
    ("src/serving/", SPEECH),
    ("src/workspace/", SPEECH),
    ("status/src/", SURROUNDINGS),
    ("shm/src/", &["serde_json::", "jiff::"]),
];
const SPEECH: &[&str] =
    &["print!", "println!", "print::", "stdout()", "stderr()", "clap::", "set_current_dir", "process::replace"];

/// Words for terminals, files, processes and the environment, none of which the meaning of a reading needs.
const SURROUNDINGS: &[&str] =
    &["std::fs", "fs::", "stdin()", "stdout()", "stderr()", "std::env", "env::", "std::process"];

/// Words that the texts in these places must not have: below the doors, a hint may name a whole command of vx, or a
/// file, but no option of the command line.
const TEXTS_KEPT_FROM: [(&str, &[&str]); 5] = [
    ("src/boards/", &["`--"]),
    ("src/tools/", &["`--"]),
    ("src/running/", &["`--"]),
    ("src/serving/", &["`--"]),
    ("src/workspace/", &["`--"]),
];

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

/// The most percent of the sentences in a crate's comments that may open with `Nobody`, `That` and the like.
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
    Package { folder: "crates/text", others: &["examples"] },
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
