//! The needs of a service, met or not. Pure.

use vx_shm::{Health, SlotState, SlotView};

use vx_project::services::Until;

/// The standing of a needed service, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has reached the state.
    There,
    /// It may still reach it.
    NotYet,
    /// It cannot reach it any more: it has ended in this state.
    Never(SlotState),
}

/// The standing of a service with this slot, of which this state is needed. A service that has ended well is as good as
/// ready: it was one that is to end.
pub(super) fn standing(slot: Option<&SlotView>, until: Until) -> Standing {
    let Some(slot) = slot else { return Standing::NotYet };
    match (slot.state, until) {
        (SlotState::Done | SlotState::Skipped, _) => Standing::There,
        (state, _) if state.ended() => Standing::Never(state),
        (SlotState::Live, Until::Started) => Standing::There,
        (_, Until::Ready) if slot.health == Health::Ready => Standing::There,
        _ => Standing::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_meets_the_needs_that_it_can() {
        use Until::{Done, Ready, Started};
        let slot = |state, health| SlotView { state, health, ..SlotView::default() };
        for (state, health, until, expected) in [
            (SlotState::Reserved, Health::Unknown, Started, Standing::NotYet),
            (SlotState::Live, Health::Starting, Started, Standing::There),
            (SlotState::Live, Health::Starting, Ready, Standing::NotYet),
            (SlotState::Live, Health::Ready, Ready, Standing::There),
            (SlotState::Live, Health::Ready, Done, Standing::NotYet),
            (SlotState::Done, Health::Unknown, Done, Standing::There),
            (SlotState::Done, Health::Unknown, Ready, Standing::There),
            (SlotState::Failed, Health::Unknown, Done, Standing::Never(SlotState::Failed)),
            (SlotState::Cancelled, Health::Ready, Ready, Standing::Never(SlotState::Cancelled)),
        ] {
            assert_eq!(standing(Some(&slot(state, health)), until), expected, "{state:?} {health:?} {until:?}");
        }
        assert_eq!(standing(None, Ready), Standing::NotYet);
    }
}
