"""A slot for what only shows progress: code that goes on without one."""

from __future__ import annotations

import itertools
import os
import warnings
from typing import TYPE_CHECKING, Optional

from ._errors import VxboardError
from ._writer import Unit, slot

if TYPE_CHECKING:
    from ._extension import SlotWriter

_counter = itertools.count(1)


def slot_or_none(key: str, total: Optional[int] = None, unit: Optional[Unit] = None, callers: int = 1) -> Optional[SlotWriter]:
    """A slot with this key; if that is taken, with the process and a number after it. If there is none at all `None`, and a
    warning that points to the line which so many callers up has asked for progress."""
    try:
        try:
            return slot(key, total, unit)
        except VxboardError:
            return slot(f"{key} {os.getpid()}.{next(_counter)}", total, unit)
    except (VxboardError, OSError) as error:
        warnings.warn(f"progress is not shown: {error}", RuntimeWarning, stacklevel=callers + 2)
        return None
