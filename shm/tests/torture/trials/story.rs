//! What a reader may see of a slot that is taken over and lived in, in the order in which it may be seen.

use vx_shm::{Kind, Phase, PhaseEntry, SlotState, SlotView, Snapshot};

/// All that a reader sees of the slot, but for the times; `None` where it sees no slot.
pub(super) type Seen = Option<String>;

pub(super) fn seen(snapshot: &Snapshot) -> Seen {
    let view = snapshot.slots.first()?;
    let phases: Vec<(Phase, u64)> = view.phases.iter().map(|PhaseEntry { phase, done, .. }| (*phase, *done)).collect();
    let ended = (view.state, view.ended_at_ns.is_some(), &view.error, &view.install_path);
    let named = (view.generation, &view.key, &view.version, view.kind, view.pid);
    Some(format!(
        "{named:?} {ended:?} {:?} {phases:?}",
        (view.phase, view.done, view.total, &view.message, &view.details)
    ))
}

/// Views in the order in which they may be seen, and how far a reader has come.
pub(super) struct Story {
    pub(super) chapters: Vec<Seen>,
    at: usize,
    skipped: usize,
}

impl Story {
    /// From what is seen before the first step, by steps of a life; each says what the slot shows from then on.
    pub(super) fn new(first: Seen) -> Self {
        Self { chapters: vec![first], at: 0, skipped: 0 }
    }

    /// What is seen now is what was seen last, or comes later.
    pub(super) fn read(&mut self, now: Seen, instruction: u64) {
        let ahead = self.chapters[self.at..].iter().position(|chapter| *chapter == now);
        let ahead = ahead.unwrap_or_else(|| {
            panic!("instruction {instruction}: a mixture, or gone back:\n{now:#?}\nin {:#?}", &self.chapters[self.at..])
        });
        self.skipped += ahead.saturating_sub(1);
        self.at += ahead;
    }

    pub(super) fn is_read(&self) {
        assert_eq!((self.at + 1, self.skipped), (self.chapters.len(), 0), "not all was seen: {:#?}", self.chapters);
    }
}

/// What the new life shows, step by step, once it is live.
pub(super) fn new_life(generation: u32, pid: u32) -> Vec<Seen> {
    let mut view = SlotView {
        generation,
        key: "new".into(),
        version: "2".into(),
        kind: Kind::Build,
        state: SlotState::Live,
        pid: Some(pid),
        ..SlotView::default()
    };
    let mut chapters = Vec::new();
    let mut tell = |view: &SlotView| {
        chapters.push(seen(&Snapshot { slots: vec![view.clone()], ..Snapshot::default() }));
    };
    let entered = |phase, done| PhaseEntry { phase, entered_at_ns: 1, done };
    view.phases = vec![entered(Phase::Queued, 0)];
    tell(&view);
    (view.phase, view.total) = (Phase::Downloading, Some(1000));
    view.phases.push(entered(Phase::Downloading, 0));
    tell(&view);
    (view.done, view.phases[1].done) = (500, 500);
    tell(&view);
    view.message = "new message".into();
    tell(&view);
    view.details = "new details".into();
    tell(&view);
    (view.state, view.ended_at_ns) = (SlotState::Failed, Some(1));
    (view.error, view.install_path) = (Some("new error".into()), Some("/new".into()));
    tell(&view);
    chapters
}
