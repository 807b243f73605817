//! Deciding whether a need of a service is met; pure.

use vx_shm::{Health, SlotState, SlotView};

use vx_project::services::NeededState;

/// The progress of a needed service towards the state that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceNeedState {
    /// It has reached the state.
    There,
    /// It may still reach it.
    NotYet,
    /// It can't reach it any more: it has ended in this state.
    Never(SlotState),
}

/// Determine the progress of the service with this slot towards the state `until`. A service that has ended well counts
/// as ready: it was meant to end.
pub(super) fn standing(slot: Option<&SlotView>, until: NeededState) -> ServiceNeedState {
    let Some(slot) = slot else { return ServiceNeedState::NotYet };
    match (slot.state, until) {
        (SlotState::Done | SlotState::Skipped, _) => ServiceNeedState::There,
        (state, _) if state.ended() => ServiceNeedState::Never(state),
        (SlotState::Live, NeededState::Started) => ServiceNeedState::There,
        (_, NeededState::Ready) if slot.health == Health::Ready => ServiceNeedState::There,
        _ => ServiceNeedState::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_meets_the_needs_that_it_can() {
        use NeededState::{Done, Ready, Started};
        let slot = |state, health| SlotView { state, health, ..SlotView::default() };
        for (state, health, until, expected) in [
            (SlotState::Reserved, Health::Unknown, Started, ServiceNeedState::NotYet),
            (SlotState::Live, Health::Starting, Started, ServiceNeedState::There),
            (SlotState::Live, Health::Starting, Ready, ServiceNeedState::NotYet),
            (SlotState::Live, Health::Ready, Ready, ServiceNeedState::There),
            (SlotState::Live, Health::Ready, Done, ServiceNeedState::NotYet),
            (SlotState::Done, Health::Unknown, Done, ServiceNeedState::There),
            (SlotState::Done, Health::Unknown, Ready, ServiceNeedState::There),
            (SlotState::Failed, Health::Unknown, Done, ServiceNeedState::Never(SlotState::Failed)),
            (SlotState::Cancelled, Health::Ready, Ready, ServiceNeedState::Never(SlotState::Cancelled)),
        ] {
            assert_eq!(standing(Some(&slot(state, health)), until), expected, "{state:?} {health:?} {until:?}");
        }
        assert_eq!(standing(None, Ready), ServiceNeedState::NotYet);
    }
}
