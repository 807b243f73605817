//! The views that a reader may have of a slot while it is taken over and used, in their order.

use vx_shm::{Kind, SlotState, SlotView, Snapshot, Step, Transition};

/// A reader's view of the slot, except the times; `None` if it sees no slot.
pub(super) type Seen = Option<String>;

pub(super) fn seen(snapshot: &Snapshot) -> Seen {
    let view = snapshot.slots.first()?;
    let steps: Vec<(Step, u64)> = view.transitions.iter().map(|Transition { step, done, .. }| (*step, *done)).collect();
    let ended = (view.state, view.ended_at_ns.is_some(), &view.error, &view.result);
    let named = (view.generation, view.attempt, &view.key, &view.version, view.kind, view.pid);
    Some(format!(
        "{named:?} {ended:?} {:?} {steps:?}",
        (view.step, view.done, view.total, &view.message, &view.details)
    ))
}

/// The expected views in their order, and the place that a reader has reached.
pub(super) struct ExpectedViews {
    pub(super) views: Vec<Seen>,
    at: usize,
    skipped: usize,
}

impl ExpectedViews {
    /// Expect this view first; the caller adds the later views to `views`, in their order.
    pub(super) fn new(first: Seen) -> Self {
        Self { views: vec![first], at: 0, skipped: 0 }
    }

    /// Assert that the view seen now is the one seen last, or a later one.
    pub(super) fn read(&mut self, now: Seen, instruction: u64) {
        let ahead = self.views[self.at..].iter().position(|view| *view == now);
        let ahead = ahead.unwrap_or_else(|| {
            panic!(
                "instruction {instruction}: a mixture, or an older view:\n{now:#?}\nin {:#?}",
                &self.views[self.at..]
            )
        });
        self.skipped += ahead.saturating_sub(1);
        self.at += ahead;
    }

    pub(super) fn is_read(&self) {
        assert_eq!((self.at + 1, self.skipped), (self.views.len(), 0), "not all was seen: {:#?}", self.views);
    }
}

/// The views of the new life, step by step, once it is live.
pub(super) fn new_life(generation: u32, attempt: u8, pid: u32) -> Vec<Seen> {
    let mut view = SlotView {
        generation,
        attempt,
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
    let entered = |step, done| Transition { step, entered_at_ns: 1, done };
    view.transitions = vec![entered(Step::FIRST, 0)];
    record(&view);
    (view.step, view.total) = (Step::new(3), Some(1000));
    view.transitions.push(entered(Step::new(3), 0));
    record(&view);
    (view.done, view.transitions[1].done) = (500, 500);
    record(&view);
    view.message = "new message".into();
    record(&view);
    view.details = "new details".into();
    record(&view);
    (view.state, view.ended_at_ns) = (SlotState::Failed, Some(1));
    (view.error, view.result) = (Some("new error".into()), Some("/new".into()));
    record(&view);
    views
}
