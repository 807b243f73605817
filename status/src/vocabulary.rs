//! The meaning of a step's numbers: each kind of work has one vocabulary, which every view uses.
//!
//! The board keeps a kind and the number of a step. Its word, its letter in a chart, its unit, its weight in the whole
//! and the rest are defined here, so that a new kind of work is a new table. A writer may have its own name for a step,
//! which [`word_of`] prefers.

pub mod build;
mod install;
pub mod service;
pub mod task;
pub mod turn;

use std::fmt;

use serde::{Serialize, Serializer};
use vx_shm::{Health, Kind, SlotState, SlotView, Step, Transition, Unit};

use crate::appearance::Hue;

/// The words of one kind of work.
#[derive(Debug)]
pub struct Vocabulary {
    /// Word for one piece of such work.
    pub noun: &'static str,
    /// The words for its ends.
    pub ends: EndWords,
    /// Its steps, by number.
    pub steps: &'static [StepMeaning],
}

/// The words for the ends of one kind of work, as far as they differ by kind. On the board, all kinds share the same
/// numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndWords {
    /// It ended well.
    pub done: &'static str,
    /// It was stopped on request.
    pub cancelled: &'static str,
    /// Nothing had to be done.
    pub skipped: &'static str,
}

impl EndWords {
    /// Words of most kinds.
    const USUAL: Self = Self { done: "done", cancelled: "cancelled", skipped: "nothing to do" };
}

/// The meaning of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepMeaning {
    /// Its name in exports and on screen.
    pub word: &'static str,
    /// One letter for a bar in a chart; a small one for steps without work.
    pub letter: &'static str,
    /// Colour of its lane.
    pub hue: Hue,
    /// Unit of its numbers, where the writer sets none.
    pub unit: Unit,
    /// Its share of the whole, in thousandths.
    pub weight: u16,
    /// Something is being done.
    pub work: bool,
    /// It may stand still for any time without being stalled.
    pub rests: bool,
    /// It is the state to stay in, so its lane is drawn as quietly as work that is over.
    pub calm: bool,
    /// Its numbers are shown as progress.
    pub counts: bool,
    /// Its numbers are the size of the work: the bytes of a download, the items of a task.
    pub main: bool,
}

impl StepMeaning {
    /// Work without a share of the whole.
    const fn with_word(word: &'static str) -> Self {
        Self {
            word,
            letter: "·",
            hue: Hue::Grey,
            unit: Unit::Count,
            weight: 0,
            work: true,
            rests: false,
            calm: false,
            counts: false,
            main: false,
        }
    }
}

/// Kinds that this version does not know.
const OTHER: Vocabulary = Vocabulary {
    noun: "work",
    ends: EndWords::USUAL,
    steps: &[StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") }],
};
/// Numbers that this version does not know.
const UNKNOWN: StepMeaning =
    StepMeaning { hue: Hue::Blue, rests: true, counts: true, main: true, ..StepMeaning::with_word("working") };

/// The word for one piece of the work of a board with these kinds: `tool` for installs, `service` for services and
/// their builds, `work` for a mixture.
pub fn noun_of(kinds: impl IntoIterator<Item = Kind>) -> &'static str {
    let mut found = None;
    for kind in kinds {
        found = match (found, kind) {
            (None, kind) => Some(kind),
            (Some(before), kind) if before == kind => Some(kind),
            (Some(Kind::Service | Kind::Build), Kind::Service | Kind::Build) => Some(Kind::Service),
            _ => return OTHER.noun,
        };
    }
    match found {
        Some(Kind::Install) => "tool",
        Some(kind) => for_kind(kind).noun,
        None => OTHER.noun,
    }
}

/// The plural of a noun from [`noun_of`].
pub fn plural_of(noun: &'static str) -> String {
    if noun == OTHER.noun { noun.to_owned() } else { format!("{noun}s") }
}

/// The vocabulary of a kind.
pub const fn for_kind(kind: Kind) -> &'static Vocabulary {
    match kind {
        Kind::Install => &install::VOCABULARY,
        Kind::Task => &task::VOCABULARY,
        Kind::Service => &service::VOCABULARY,
        Kind::Build => &build::VOCABULARY,
        Kind::Turn => &turn::VOCABULARY,
        _ => &OTHER,
    }
}

/// The word for a slot's present step: the writer's own name for it, else the vocabulary's. Not cleaned.
pub fn word_of(slot: &SlotView) -> &str {
    slot.step_name.as_deref().unwrap_or(slot.phase().name())
}

/// The unit of a slot's present numbers: the writer's own, else the vocabulary's for the step.
pub fn unit_of(slot: &SlotView) -> Unit {
    if slot.unit == Unit::Unknown { slot.phase().meaning().unit } else { slot.unit }
}

/// The unit of the numbers in this step. The board keeps the writer's own unit for the present step only.
pub fn unit_in(slot: &SlotView, phase: Phase) -> Unit {
    if phase == slot.phase() { unit_of(slot) } else { phase.meaning().unit }
}

/// Returns whether the size of the slot's work is a number of bytes. For an install, also before and after the
/// download.
pub fn sized_in_bytes(slot: &SlotView) -> bool {
    if slot.phase().is_main() {
        return unit_of(slot) == Unit::Bytes;
    }
    for_kind(slot.kind).steps.iter().any(|meaning| meaning.main && meaning.unit == Unit::Bytes)
}

/// Returns whether the slot may stand still for any time without being stalled: in a step that rests, or as a task or
/// build without a known total, since many commands show no progress.
fn may_rest(slot: &SlotView) -> bool {
    slot.phase().meaning().rests || matches!(slot.kind, Kind::Task | Kind::Build) && slot.total.is_none()
}

/// An agent may print nothing for this long before its turn is stalled: it prints each piece of its answer, but no
/// thoughts.
const SILENT_TURN_MS: u64 = 60_000;

/// Returns whether a slot whose numbers have stood still for so long is stalled. A turn is if its agent printed nothing
/// for a minute, no tool is at work, and it doesn't wait for a person.
pub fn is_stalled(slot: &SlotView, still_ms: u64) -> bool {
    if slot.kind == Kind::Turn && slot.phase().meaning().work {
        let excused = slot.step == turn::USING_A_TOOL || slot.health == Health::WaitingForPerson;
        return !excused && still_ms >= SILENT_TURN_MS;
    }
    !may_rest(slot)
}

/// Returns whether its work has begun and not ended: the slot is claimed, or reserved in a step of its work, as for a
/// command that may never claim its slot.
pub fn begun(slot: &SlotView) -> bool {
    slot.state == SlotState::Live || slot.state == SlotState::Reserved && !slot.phase().is_first()
}

/// Returns whether an install only has to be put in its place: its files are counted only if no post-install command
/// follows.
pub fn is_placing(slot: &SlotView) -> bool {
    slot.phase() == Phase::LINKING && slot.total.is_some()
}

/// A step, with the kind of work whose vocabulary explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase {
    kind: Kind,
    step: Step,
}

impl Phase {
    /// This step of this kind of work.
    pub const fn new(kind: Kind, step: u8) -> Self {
        Self { kind, step: Step::new(step) }
    }

    /// The step, as the board keeps it.
    pub const fn step(self) -> Step {
        self.step
    }

    /// The number of the step.
    pub const fn number(self) -> u8 {
        self.step.number()
    }

    /// Everything that the vocabulary says of it.
    pub fn meaning(self) -> &'static StepMeaning {
        for_kind(self.kind).steps.get(usize::from(self.number())).unwrap_or(&UNKNOWN)
    }

    /// Its name in exports and on screen.
    pub fn name(self) -> &'static str {
        self.meaning().word
    }

    /// One letter for a bar in a chart.
    pub fn letter(self) -> &'static str {
        self.meaning().letter
    }

    /// Returns whether its numbers are the size of the work.
    pub fn is_main(self) -> bool {
        self.meaning().main
    }

    /// Returns whether it comes after the step whose numbers are the size of the work.
    pub fn is_after_main(self) -> bool {
        for_kind(self.kind).steps.iter().take(self.number().into()).any(|meaning| meaning.main)
    }

    /// Returns whether every life of a slot begins in this step.
    pub fn is_first(self) -> bool {
        self.step == Step::FIRST
    }

    /// Returns whether it is a step of waiting for other work.
    pub fn waits(self) -> bool {
        !self.is_first() && !self.meaning().work
    }

    /// The sum of the shares of the steps before it, and its own, in thousandths.
    pub fn shares(self) -> (u16, u16) {
        let before = for_kind(self.kind).steps.iter().take(self.number().into()).map(|meaning| meaning.weight).sum();
        (before, self.meaning().weight)
    }
}

impl From<Phase> for Step {
    fn from(phase: Phase) -> Self {
        phase.step()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A step that a slot entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseEntry {
    /// The step entered.
    pub phase: Phase,
    /// Nanoseconds on the board's monotonic clock.
    pub entered_at_ns: u64,
    /// Work finished in it: at its end, or so far for the present step. Bytes for a download.
    pub done: u64,
}

impl PhaseEntry {
    /// The same as a slot's view holds it.
    pub const fn transition(self) -> Transition {
        Transition { step: self.phase.step(), entered_at_ns: self.entered_at_ns, done: self.done }
    }
}

/// The steps of a slot under the vocabulary of its kind.
pub trait Phases {
    /// The present step.
    fn phase(&self) -> Phase;
    /// The last steps entered, oldest first.
    fn phases(&self) -> impl DoubleEndedIterator<Item = PhaseEntry> + '_;
}

impl Phases for SlotView {
    fn phase(&self) -> Phase {
        Phase { kind: self.kind, step: self.step }
    }

    fn phases(&self) -> impl DoubleEndedIterator<Item = PhaseEntry> + '_ {
        self.transitions.iter().map(|entry| PhaseEntry {
            phase: Phase { kind: self.kind, step: entry.step },
            entered_at_ns: entry.entered_at_ns,
            done: entry.done,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_of_one_kind_has_its_word_and_a_mixture_is_work() {
        let noun = |kinds: &[Kind]| noun_of(kinds.iter().copied());
        assert_eq!([noun(&[Kind::Install; 2]), noun(&[Kind::Task]), noun(&[])], ["tool", "task", "work"]);
        assert_eq!(noun(&[Kind::Build, Kind::Service, Kind::Build]), "service");
        assert_eq!(noun(&[Kind::Service, Kind::Task]), "work");
        assert_eq!(["tool", "work"].map(plural_of), ["tools", "work"]);
    }

    #[test]
    fn every_kind_begins_in_its_queue_and_shares_no_more_than_the_whole() {
        for kind in Kind::ALL {
            let steps = for_kind(*kind).steps;
            assert_eq!(Phase::new(*kind, 0).name(), "queued");
            assert!(steps.iter().map(|meaning| meaning.weight).sum::<u16>() <= 1000, "{kind}");
            assert!(steps.iter().filter(|meaning| meaning.main).count() <= 1, "{kind}");
            let mut letters: Vec<&str> = steps.iter().map(|meaning| meaning.letter).collect();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), steps.len(), "{kind}: a letter twice");
            let small = |meaning: &&StepMeaning| meaning.letter.chars().all(char::is_lowercase);
            assert!(steps.iter().filter(small).all(|meaning| !meaning.work && meaning.rests), "{kind}");
            let mut words: Vec<&str> = steps.iter().map(|meaning| meaning.word).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), steps.len(), "{kind}: a word twice");
        }
    }

    #[test]
    fn a_number_means_what_its_kind_says_and_an_unknown_one_is_work() {
        let word = |kind, number| Phase::new(kind, number).name();
        assert_eq!((word(Kind::Install, 3), word(Kind::Task, 3)), ("downloading", "running"));
        assert_eq!((word(Kind::Task, 200), word(Kind::Turn, 9)), ("working", "working"));
        let named = |kind, step: Step| word(kind, step.number());
        assert_eq!(named(Kind::Service, service::READY), "ready");
        assert_eq!(named(Kind::Service, service::BACKING_OFF), "backing off");
        assert_eq!(named(Kind::Build, build::RELOADING), "reloading");
        assert_eq!(named(Kind::Turn, turn::USING_A_TOOL), "using a tool");
        assert!(Phase::new(Kind::Task, 1).waits() && !Phase::QUEUED.waits() && !Phase::LINKING.waits());
        assert_eq!(Phase::EXTRACTING.shares(), (650, 100));
        assert!(Phase::LINKING.is_after_main() && !Phase::DOWNLOADING.is_after_main());
    }

    #[test]
    fn a_service_rests_in_any_step_and_a_build_only_without_a_total() {
        let still = |kind, step, total| may_rest(&SlotView { kind, step, total, ..SlotView::default() });
        assert!(still(Kind::Service, service::READY, None) && still(Kind::Turn, turn::THINKING, None));
        assert!(still(Kind::Build, build::COMPILING, None) && !still(Kind::Build, build::COMPILING, Some(9)));
        let backing_off = Phase::new(Kind::Service, service::BACKING_OFF.number());
        let ready = Phase::new(Kind::Service, service::READY.number());
        assert!(backing_off.waits() && !ready.waits());
    }

    #[test]
    fn an_agent_without_a_line_for_a_minute_is_stalled_unless_a_tool_or_a_person_is_waited_for() {
        let slot = |step, health| SlotView { kind: Kind::Turn, step, health, ..SlotView::default() };
        let thinking = slot(turn::THINKING, Health::Unknown);
        assert!(is_stalled(&thinking, SILENT_TURN_MS) && !is_stalled(&thinking, SILENT_TURN_MS - 1));
        assert!(!is_stalled(&slot(turn::THINKING, Health::WaitingForPerson), u64::MAX));
        assert!(!is_stalled(&slot(turn::USING_A_TOOL, Health::Unknown), u64::MAX));
        assert!(!is_stalled(&slot(Step::FIRST, Health::Unknown), u64::MAX));
    }

    #[test]
    fn a_unit_of_the_writers_own_is_preferred_in_its_step_alone() {
        let task = SlotView { kind: Kind::Task, step: task::RUNNING, unit: Unit::Bytes, ..SlotView::default() };
        let queued = Phase::new(Kind::Task, 0);
        assert_eq!((unit_of(&task), unit_in(&task, queued), sized_in_bytes(&task)), (Unit::Bytes, Unit::Count, true));
        let plain = SlotView { unit: Unit::Unknown, ..task };
        assert_eq!((unit_of(&plain), sized_in_bytes(&plain)), (Unit::Count, false));
        let install = |phase: Phase| SlotView { step: phase.step(), ..SlotView::default() };
        assert_eq!(unit_of(&install(Phase::LINKING)), Unit::Files);
        assert!(Phase::OF_INSTALL.iter().all(|phase| sized_in_bytes(&install(*phase))));
    }

    #[test]
    fn a_name_of_the_writers_own_is_preferred() {
        let slot = SlotView { kind: Kind::Task, step: task::RUNNING, ..SlotView::default() };
        assert_eq!(word_of(&slot), "running");
        assert_eq!(word_of(&SlotView { step_name: Some("linking crates".into()), ..slot }), "linking crates");
        assert_eq!((task::step_named("running"), task::step_named("linking")), (Some(task::RUNNING), None));
    }
}
