"""Progress boards of vx, read in place from Python.

    import vxboard

    with vxboard.Board.open() as board:
        for slot in board:
            print(slot.key, slot.phase, slot.percent)

`Board` reads a board that is at work or finished, `Dump` one that was written to a file, and `Recording` one that was
recorded. Only the standard library is needed.
"""

from ._board import Board, Dump, Watch
from ._errors import (
    AttachError,
    DamagedError,
    FeatureError,
    LayoutError,
    LengthError,
    MissingError,
    NotABoardError,
    NotAFileError,
    NotReadyError,
    OtherLayoutError,
    ReadError,
    RecordingError,
    VxboardError,
    WaitTimeoutError,
)
from ._recording import Recording
from ._views import BoardFacts, Slot, Snapshot, Transition, WaitsFor

__all__ = [
    "AttachError",
    "Board",
    "BoardFacts",
    "DamagedError",
    "Dump",
    "FeatureError",
    "LayoutError",
    "LengthError",
    "MissingError",
    "NotABoardError",
    "NotAFileError",
    "NotReadyError",
    "OtherLayoutError",
    "ReadError",
    "Recording",
    "RecordingError",
    "Slot",
    "Snapshot",
    "Transition",
    "VxboardError",
    "WaitTimeoutError",
    "WaitsFor",
    "Watch",
]
