"""A slot for what only shows progress: code that goes on without one, with numbers of any size."""

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
# Code of these between the program and its slot: a warning points past it.
_BETWEEN = frozenset({"vxboard", "joblib", "sklearn", "contextlib", "functools"})


def slot_of(key: str, total: Optional[float] = None, unit: Optional[Unit] = None) -> SlotWriter:
    """A slot with this key; if that is taken, with the process and a number after it.

    Raises `VxboardError` or `OSError` if there is none at all.
    """
    try:
        return strict_slot(key, whole(total), unit)
    except VxboardError:
        return strict_slot(f"{key} {os.getpid()}.{next(_counter)}", whole(total), unit)


def slot_or_none(key: str, total: Optional[float] = None, unit: Optional[Unit] = None) -> Optional[SlotWriter]:
    """As `slot_of`. If there is none at all `None`, and a warning that points to the line that asked for progress."""
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
    """Do this with a slot, unless it has ended: also if another thread ends it at this moment."""
    if slot is not None and slot.live:
        try:
            act(slot)
        except WriteError:
            if slot.live:
                raise


def whole(number: Optional[float]) -> Optional[int]:
    """A number as a board has it; `None` for one that is not known: infinite, or no number."""
    try:
        return None if number is None else min(max(int(number), 0), _MOST)
    except (OverflowError, ValueError):
        return None


def length_of(items: object) -> Optional[int]:
    """The number of items, if that is known before they are taken. A wrapper may have a length only if its inside does."""
    try:
        return len(cast(Sized, items))
    except (TypeError, AttributeError):
        return None
