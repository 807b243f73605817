"""The numbers of all slots as an array: consistent rows, in one copy."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from . import _layout as layout
from ._views import Slot

if TYPE_CHECKING:
    from ._board import Board

# As `src/reader.rs` packs them: an unknown total is the largest number; no process and no end are 0.
_FIELDS = (
    ("place", "<u4"),
    ("generation", "<u4"),
    ("done", "<u8"),
    ("total", "<u8"),
    ("ended_at_ns", "<u8"),
    ("pid", "<u4"),
    ("state", "u1"),
    ("kind", "u1"),
    ("step", "u1"),
    ("attempt", "u1"),
    ("unit", "u1"),
    ("health", "u1"),
    ("_", "V6"),
)
_ROW = struct.Struct("<IIQQQIBBBBBB6x")
UNKNOWN = (1 << 64) - 1


def rows_of(slots: tuple[Slot, ...]) -> bytes:
    """The rows of these slots, as the extension makes them."""
    return b"".join(_ROW.pack(*_row(slot)) for slot in slots)


def _row(slot: Slot) -> tuple[int, ...]:
    return (
        slot.place,
        slot.generation,
        slot.done,
        UNKNOWN if slot.total is None else slot.total,
        slot.ended_at_ns or 0,
        slot.pid or 0,
        _number(layout.STATE_NAMES, slot.state, layout.STATE_LIVE),
        _number(layout.KIND_NAMES, slot.kind, layout.KIND_TASK),
        slot.step,
        slot.attempt,
        _number(layout.UNIT_NAMES, slot.unit, 0),
        _number(layout.HEALTH_NAMES, slot.health, 0),
    )


def _number(names: tuple[str, ...], name: str, otherwise: int) -> int:
    """The number of a name; for an unknown name, the number that the crate uses instead."""
    return names.index(name) if name in names else otherwise


def array_of(rows: bytes) -> Any:
    """The rows as a structured array of numpy."""
    import numpy

    return numpy.frombuffer(rows, dtype=numpy.dtype(list(_FIELDS)))


def reader_of(board: Board) -> Any:
    """The extension's reader of this board; `None` without the extension."""
    try:
        from ._extension import BoardReader
    except ImportError:
        return None
    return BoardReader(board.path)
