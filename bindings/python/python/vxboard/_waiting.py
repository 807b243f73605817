"""A wait for a slot: the words for what can be waited for, and if a slot is there, can still come there, or no longer.

The verdicts are those of `vx board wait`.
"""

from __future__ import annotations

from typing import Optional

from . import _layout as layout
from ._views import ENDED, Slot

# Of the states of the layout, two never show: a free slot is none, and one that is being claimed is reserved.
_STATES = tuple(name for name in layout.STATE_NAMES if name not in ("free", "claiming"))
WORDS = (*_STATES, *layout.HEALTH_NAMES, "ended")
_GOOD = frozenset({"done", "skipped"})


def check(until: str) -> None:
    """Raises `ValueError` for a word that no slot ever comes to."""
    if until not in WORDS:
        raise ValueError(f"there is no state `{until}` to wait for: use one of {', '.join(WORDS)}")


def reached(slot: Slot, until: str) -> Optional[bool]:
    """True if the slot is there, false if it can no longer be, `None` while both can still come."""
    over = slot.ended or slot.lost
    good = over and slot.state in _GOOD
    if until == "ended":
        met = over
    elif until == "ready":
        met = good or (not over and slot.health == "ready")
    elif until == "done":
        met = good
    elif until in ENDED:
        met = slot.state == until
    else:
        met = not over and until in (slot.state, slot.health)
    return True if met else False if over else None
