"""Progress boards of vx, read in place from Python.

    import vxboard

    with vxboard.Board.open() as board:
        for slot in board:
            print(slot.key, slot.phase, slot.percent)

`Board` reads a live or finished board, `Dump` a board that was dumped to a file, and `Recording` a recording; these
need only the standard library. `Board.create` and `slot` write, and need the compiled extension.
"""

from ._board import Board, Dump, Watch
from ._counting import CountingSlot
from ._daemon import Daemon
from ._errors import (
    AttachError,
    DaemonAbsentError,
    DaemonError,
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
    WriteError,
)
from ._recording import Recording
from ._tqdm import tqdm, trange
from ._views import BoardFacts, Slot, Snapshot, Transition, WaitsFor
from ._writer import OwnBoard, slot
from .futures import Track, track

__all__ = [
    "AttachError",
    "Board",
    "BoardFacts",
    "CountingSlot",
    "Daemon",
    "DaemonAbsentError",
    "DaemonError",
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
    "OwnBoard",
    "ReadError",
    "Recording",
    "RecordingError",
    "Slot",
    "Snapshot",
    "Track",
    "Transition",
    "VxboardError",
    "WaitTimeoutError",
    "WaitsFor",
    "Watch",
    "WriteError",
    "slot",
    "track",
    "tqdm",
    "trange",
]
