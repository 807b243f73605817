//! The views that a reader may have of a slot while it is taken over and used, in their order.

use vx_shm::{Kind, Phase, PhaseEntry, SlotState, SlotView, Snapshot};

/// A reader's view of the slot, except the times; `None` if it sees no slot.
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

/// The expected views in their order, and the place that a reader has reached.
pub(super) struct ExpectedViews {
    pub(super) views: Vec<Seen>,
    at: usize,
    skipped: usize,
}

impl ExpectedViews {
    /// The views from `first` on, one more for each step of a life; each step gives the slot's view from then on.
    pub(super) fn new(first: Seen) -> Self {
        Self { views: vec![first], at: 0, skipped: 0 }
    }

    /// Assert that the view seen now is the one seen last, or a later one.
    pub(super) fn read(&mut self, now: Seen, instruction: u64) {
        let ahead = self.views[self.at..].iter().position(|view| *view == now);
        let ahead = ahead.unwrap_or_else(|| {
            panic!("instruction {instruction}: a mixture, or gone back:\n{now:#?}\nin {:#?}", &self.views[self.at..])
        });
        self.skipped += ahead.saturating_sub(1);
        self.at += ahead;
    }

    pub(super) fn is_read(&self) {
        assert_eq!((self.at + 1, self.skipped), (self.views.len(), 0), "not all was seen: {:#?}", self.views);
    }
}

/// The views of the new life, step by step, once it is live.
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
    let mut views = Vec::new();
    let mut record = |view: &SlotView| {
        views.push(seen(&Snapshot { slots: vec![view.clone()], ..Snapshot::default() }));
    };
    let entered = |phase, done| PhaseEntry { phase, entered_at_ns: 1, done };
    view.phases = vec![entered(Phase::Queued, 0)];
    record(&view);
    (view.phase, view.total) = (Phase::Downloading, Some(1000));
    view.phases.push(entered(Phase::Downloading, 0));
    record(&view);
    (view.done, view.phases[1].done) = (500, 500);
    record(&view);
    view.message = "new message".into();
    record(&view);
    view.details = "new details".into();
    record(&view);
    (view.state, view.ended_at_ns) = (SlotState::Failed, Some(1));
    (view.error, view.install_path) = (Some("new error".into()), Some("/new".into()));
    record(&view);
    views
}
