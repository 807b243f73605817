//! The layout as data: every word of a board with its offset and size, taken from the code that reads and writes it.

use std::mem::{offset_of, size_of};

use vx_shm::layout::{
    CAUSE_OFFSET, CAUSES_AND_PROJECT, CREATOR_HOLDS_NO_LOCK, CauseImage, ColdImage, ColdRecord, Doorbell, FACT_WORDS,
    HeaderImage, HeaderPage, HotLine, IdentityImage, LOG_HEADER_BYTES, Latch, LatchCopy, LogCounters, NotesImage,
    TITLE_WORDS, TextImage, TransitionImage, encode_text,
};
use vx_shm::stamp::{ControlWord, Meta, ORIGIN_JOINED, ORIGIN_ON_BEHALF, ORIGIN_RESERVED, ORIGIN_RESERVED_BY};
use vx_shm::{BoardState, Health, Kind, SlotState, Unit, layout};

/// A part of the board whose words lie at fixed offsets from its beginning.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) what: &'static str,
}

/// Names for numbers, or for bits of a word.
pub(crate) struct Numbers {
    pub(crate) name: &'static str,
    pub(crate) numbers: Vec<(String, u64, &'static str)>,
}

fn field(name: &'static str, offset: usize, size: usize, what: &'static str) -> Field {
    Field { name, offset, size, what }
}

fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! fields {
    ($type:ty { $($field:ident: $what:literal),* $(,)? }) => {
        vec![$(field(stringify!($field), offset_of!($type, $field), size_of_field(|it: &$type| &it.$field), $what)),*]
    };
}

pub(crate) fn parts() -> Vec<Part> {
    let part = |name, fields| Part { name, fields };
    vec![
        part("header", header()),
        part(
            "region",
            fields!(layout::Region {
                offset: "from the start of the file",
                stride: "from one slot's record to the next; 0: there is one record (the doorbell), or none (the log, if left out)",
            }),
        ),
        part(
            "doorbell",
            fields!(Doorbell {
                wake: "moves when sleepers are woken",
                waiters: "readers that sleep, or slept when they were killed",
            }),
        ),
        part("hot", hot()),
        part(
            "numbers",
            ["done", "total", "meta"]
                .into_iter()
                .enumerate()
                .map(|(at, name)| {
                    let what = ["work finished in this step", "total work of this step, if known", "see below"][at];
                    field(name, 8 * at, 8, what)
                })
                .collect(),
        ),
        part(
            "beat",
            vec![
                field("beaten", 0, 4, "when the writer last beat; it beats every `beat_interval_ms`"),
                field("moved", 4, 4, "when it last saw its numbers move"),
            ],
        ),
        part("cold", cold()),
        part(
            "transitions",
            fields!(TransitionImage {
                entered: "when the step was entered: the word with its lowest byte 0; that byte is the step; 0: nothing is here",
                done: "the work done when it was left",
            }),
        ),
        part("text", fields!(TextImage { message: "text cell: one line", details: "text cell: longer" })),
        part("notes", notes()),
        part(
            "cause",
            fields!(CauseImage {
                generation: "the life of the slot that it belongs to; ignored in any other",
                text: "text cell: who or what is the reason that the slot waits, failed or was skipped",
            }),
        ),
        part("log", log()),
    ]
}

fn header() -> Vec<Field> {
    let mut header = fields!(HeaderImage {
        magic: "the letters `vx-board`",
        major: "layout; only 2 can be read",
        minor: "a higher one can be read",
        incompatible: "features that a reader must know: none so far; refuse any bit that is set",
        compatible: "features that a reader may ignore, see below",
        length: "of the whole, in bytes",
        slot_count: "1 to 4,096",
        form: "0: a board; 1: a dump",
        bell: "region: the doorbell page",
        hot: "region: hot lines",
        beats: "region: beats",
        cold: "region: cold records",
        log: "region: log rings",
        board_id: "unique to this board",
        boot_id: "process ids and monotonic times mean nothing in another boot",
        creator_pid: "process id",
        creator_uid: "user id",
        creator_start: "start time of the process (`/proc/PID/stat`, field 22); 0: unknown",
        creator_namespace: "pid namespace (inode of `/proc/self/ns/pid`); 0: none",
        created_unix_ns: "wall clock, nanoseconds since 1970, signed",
        created_at_ns: "monotonic clock",
        taken_at_ns: "of a dump: monotonic clock when it was taken",
        body_crc: "of a dump: CRC-32 of every byte from `ready` to the end",
        creator_time_namespace: "time namespace (inode of `/proc/self/ns/time`); 0: none",
        crc: "CRC-32 (IEEE) of all bytes before it",
    });
    assert_eq!(size_of::<HeaderImage>(), 8 * FACT_WORDS);
    let title = offset_of!(HeaderPage, title);
    header.extend(fields!(HeaderPage {
        ready: "the letters `complete`, stored last",
        epoch: "goes up with each change of a state",
        state: "the board's state, see below",
        used: "the number of slots ever used: all from this number on are free",
        closed_unix_ns: "when it was closed: wall clock",
        closed: "1 once its creator has closed it",
        successor: "id of the board that takes its place, or zeros",
    }));
    header.extend(latch::<TITLE_WORDS>(title, ["title_stamp", "title_copy0", "title_copy1"], "text cell: the title"));
    header.extend(fields!(HeaderPage {
        project_hash: "FNV-1a, 64 bits, of the whole key of the project that the work is for; 0: none",
        kind: "the number of the kind of the board's work, plus 1; 0: none",
        project: "text cell: the project's key, such as the path of its directory",
    }));
    header
}

/// A stamp and two copies.
fn latch<const W: usize>(at: usize, names: [&'static str; 3], what: &'static str) -> Vec<Field> {
    let copies = at + offset_of!(Latch<W>, copies);
    let size = size_of::<LatchCopy<W>>();
    vec![
        field(names[0], at + offset_of!(Latch<W>, stamp), 8, "its lowest bit names the good copy"),
        field(names[1], copies, size, what),
        field(names[2], copies + size, size, "likewise"),
    ]
}

fn hot() -> Vec<Field> {
    let mut hot = vec![field("control", offset_of!(HotLine, control), 8, "state, named, generation: see below")];
    hot.extend(latch::<3>(offset_of!(HotLine, numbers), ["stamp", "copy0", "copy1"], "numbers"));
    hot
}

fn cold() -> Vec<Field> {
    let mut cold = fields!(IdentityImage {
        generation: "the life of the slot that the identity belongs to",
        pid: "process id of the writer; 0 before a claim",
        start_time: "of that process; 0: unknown",
        namespace: "its pid namespace; 0: none",
        time_namespace: "its time namespace; 0: none",
        uid: "its user id",
        kind: "see below",
        origin: "the slot's origin, see below",
        parent_slot: "0xFFFF: none",
        claimed_at: "when the slot was reserved, and later when it was claimed",
        key_hash: "FNV-1a, 64 bits, of the whole key: see below",
        runner: "process id of the process that can be asked to stop or restart the work; 0: none",
        log_writer: "process id of the process that writes the log; 0: the slot's writer",
        process_group: "of the work; 0: unknown",
        beat_interval_ms: "milliseconds between two beats; 0: 250",
        key: "text cell",
        version: "text cell",
    });
    cold.extend(fields!(ColdImage {
        exit_flags: "bit 0: the exit status is known; bit 1: the signal is",
        exit_signal: "the signal that ended the process",
        exit_code: "exit status, signed",
        ended_at: "when the slot ended",
    }));
    let text = offset_of!(ColdRecord, text);
    cold.extend(latch::<{ layout::TEXT_WORDS }>(text, ["text_stamp", "text_copy0", "text_copy1"], "text"));
    let notes = offset_of!(ColdRecord, notes);
    cold.extend(latch::<{ layout::NOTE_WORDS }>(notes, ["notes_stamp", "notes_copy0", "notes_copy1"], "notes"));
    cold.extend(fields!(ColdImage {
        transitions: "a ring of 9, see below",
        error: "text cell; valid once the slot has ended",
        result: "text cell; likewise: the place of the result",
    }));
    let names = ["cause_stamp", "cause_copy0", "cause_copy1"];
    cold.extend(latch::<{ layout::CAUSE_WORDS }>(CAUSE_OFFSET, names, "cause"));
    cold
}

fn notes() -> Vec<Field> {
    fields!(NotesImage {
        waits_board: "id of the board with the slot that this one waits for; zeros: it waits for none",
        waits_slot: "that slot",
        waits_generation: "its generation",
        port: "the port that the slot's process listens on; 0: none",
        named_at: "the count of transitions to which `step_name` belongs",
        step_name: "text cell: the writer's own name for its step; ignored at another count",
        address: "text cell: where the slot's process is reached",
    })
}

fn log() -> Vec<Field> {
    let mut log = fields!(LogCounters {
        reserved: "bytes written or being written",
        committed: "bytes that are there",
        start: "the count at which this generation's bytes begin",
    });
    log.push(field(
        "ring",
        LOG_HEADER_BYTES,
        layout::LOG_STRIDE - LOG_HEADER_BYTES,
        "the bytes, each at its count modulo this size",
    ));
    log
}

/// The number of the lowest bit that is set in a word.
fn bit(word: u64) -> u64 {
    assert_ne!(word, 0);
    u64::from(word.trailing_zeros())
}

pub(crate) fn numbers() -> Vec<Numbers> {
    let control = |state, named, generation| ControlWord { state, named, generation }.word();
    let meta = Meta::default();
    let cut = u16::from_le_bytes(encode_text::<1>("longer than a cell")[0].to_le_bytes()[..2].try_into().expect("two"));
    let words = |name, words: Vec<(&'static str, u8)>| Numbers {
        name,
        numbers: words.into_iter().map(|(word, number)| (word.replace('-', "_"), u64::from(number), "")).collect(),
    };
    let bits = |name, bits: Vec<(&str, u64, &'static str)>| Numbers {
        name,
        numbers: bits.into_iter().map(|(name, bit, what)| (name.to_owned(), bit, what)).collect(),
    };
    vec![
        words("state", SlotState::ALL.iter().map(|state| (state.name(), state.number())).collect()),
        words("unit", Unit::ALL.iter().map(|unit| (unit.name(), unit.number())).collect()),
        words("health", Health::ALL.iter().map(|health| (health.name(), health.number())).collect()),
        words("kind", Kind::ALL.iter().map(|kind| (kind.name(), kind.number())).collect()),
        words("board", BoardState::ALL.iter().map(|state| (state.name(), state.number())).collect()),
        Numbers {
            name: "origin",
            numbers: vec![
                ("joined".into(), ORIGIN_JOINED.into(), "the writer took the slot itself"),
                ("reserved".into(), ORIGIN_RESERVED.into(), "the creator reserved it, and records its end"),
                ("on_behalf".into(), ORIGIN_ON_BEHALF.into(), "written on behalf of its process, which holds no lock"),
                (
                    "reserved_by".into(),
                    ORIGIN_RESERVED_BY.into(),
                    "its process reserved it for another one, and records its end",
                ),
            ],
        },
        bits(
            "compatible_bit",
            vec![
                ("creator_holds_no_lock", bit(CREATOR_HOLDS_NO_LOCK), "ask for the creator's process"),
                (
                    "causes_and_project",
                    bit(CAUSES_AND_PROJECT),
                    "minor version 1: `project_hash`, `kind` and `project` of the header and the cause of each record are there",
                ),
            ],
        ),
        bits(
            "control_bit",
            vec![
                ("state", bit(control(1, false, 0)), "8 bits"),
                ("named", bit(control(0, true, 0)), "key and version of this generation are there"),
                ("generation", bit(control(0, false, 1)), "32 bits"),
            ],
        ),
        bits(
            "meta_bit",
            vec![
                ("step", bit(Meta { step: 1, ..meta }.word()), "8 bits: its word is in the vocabulary of the kind"),
                ("attempt", bit(Meta { attempt: 1, ..meta }.word()), "8 bits, from 1"),
                ("total_known", bit(Meta { total_known: true, ..meta }.word()), "1: `total` is known"),
                ("unit", bit(Meta { unit: 1, ..meta }.word()), "3 bits: of `done` and `total`"),
                ("health", bit(Meta { health: 1, ..meta }.word()), "4 bits"),
                ("transitions", bit(Meta { transitions: 1, ..meta }.word()), "16 bits: steps entered so far"),
                (
                    "revision",
                    bit(Meta { revision: 1, ..meta }.word()),
                    "16 bits: moves with every change of text, notes, cause or step",
                ),
            ],
        ),
        bits(
            "cell_bit",
            vec![
                ("length", 0, "15 bits: bytes of UTF-8 behind the first two"),
                ("cut", u64::from(cut.ilog2()), "1: the text was longer"),
            ],
        ),
    ]
}
