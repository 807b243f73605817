"""Slots for code that only shows progress: it goes on without one, and its numbers may have any size."""

from __future__ import annotations

import inspect
import itertools
import os
import warnings
from collections.abc import Sized
from typing import TYPE_CHECKING, Callable, Optional, cast

from ._errors import VxboardError, WriteError
from ._writer import Unit, strict_slot

if TYPE_CHECKING:
    from ._extension import SlotWriter

_counter = itertools.count(1)
_MOST = (1 << 64) - 1
# Modules that may be between the program and its slot: a warning points past them.
_BETWEEN = frozenset({"vxboard", "joblib", "sklearn", "contextlib", "functools"})


def slot_of(key: str, total: Optional[float] = None, unit: Optional[Unit] = None) -> SlotWriter:
    """A slot with this key; if the key is taken, the process id and a number are appended.

    Raises `VxboardError` or `OSError` if no slot can be taken at all.
    """
    try:
        return strict_slot(key, whole(total), unit)
    except VxboardError:
        return strict_slot(f"{key} {os.getpid()}.{next(_counter)}", whole(total), unit)


def slot_or_none(key: str, total: Optional[float] = None, unit: Optional[Unit] = None) -> Optional[SlotWriter]:
    """`slot_of`, or `None` with a warning that points to the line that asked for progress."""
    try:
        return slot_of(key, total, unit)
    except (VxboardError, OSError) as error:
        warnings.warn(f"progress is not shown: {error}", RuntimeWarning, stacklevel=_callers())
        return None


def _callers() -> int:
    """The number of frames from the caller up to the program, as `warnings` counts them."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    return level


def while_live(slot: Optional[SlotWriter], act: Callable[[SlotWriter], object]) -> None:
    """Do this with a slot, unless it has ended, even if another thread ends it at this moment."""
    if slot is not None and slot.live:
        try:
            act(slot)
        except WriteError:
            if slot.live:
                raise


def whole(number: Optional[float]) -> Optional[int]:
    """A number as a board holds it; `None` if it is unknown: infinite, or not a number."""
    try:
        return None if number is None else min(max(int(number), 0), _MOST)
    except (OverflowError, ValueError):
        return None


def length_of(items: object) -> Optional[int]:
    """The number of items, if known in advance. A wrapper's `len` may fail because the wrapped object has none."""
    try:
        return len(cast(Sized, items))
    except (TypeError, AttributeError):
        return None
