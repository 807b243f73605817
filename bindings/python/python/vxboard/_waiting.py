"""Waiting for a slot: the states that can be waited for, and whether a slot has reached one, still can, or no longer
can.

The rules are those of `vx board wait`.
"""

from __future__ import annotations

from typing import Optional

from . import _layout as layout
from ._views import ENDED, Slot

# Two states of the layout never show: a free slot isn't listed, and one that is being claimed shows as reserved.
_STATES = tuple(name for name in layout.STATE_NAMES if name not in ("free", "claiming"))
WORDS = (*_STATES, *layout.HEALTH_NAMES, "ended")
_GOOD = frozenset({"done", "skipped"})


def check(until: str) -> None:
    """Raises `ValueError` for a word that is no state, health or `ended`."""
    if until not in WORDS:
        raise ValueError(f"there is no state `{until}` to wait for: use one of {', '.join(WORDS)}")


def reached(slot: Slot, until: str) -> Optional[bool]:
    """Whether the slot has reached it: true, false if it no longer can, `None` while it still may."""
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
