"""Boards that this process makes, and slots on them or on the board of the process that started this one.

Writing takes the compiled extension: publications are ordered by atomic operations, which Python does not have.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import sys
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Optional, Union
from weakref import WeakSet

from . import _parents as parents
from . import _places as places
from ._board import Board
from ._counting import CountingSlot
from ._errors import VxboardError, WriteError
from ._lock import Lock

if TYPE_CHECKING:
    from ._extension import BoardWriter, SlotWriter

Unit = Literal["count", "bytes", "files", "permille"]
End = Literal["done", "failed", "cancelled"]

_VARIABLE = "VX_BOARD"
# Boards of this process that are not closed and, in a forked child, those of its parent. Referenced here so that a
# board stays open until it is closed or the process ends.
_open: set[OwnBoard] = set()
# The board that `slot` made because there was none. A forked child uses its parent's.
_made: Optional[OwnBoard] = None
_making = Lock()


class OwnBoard(Board):
    """A board that this process made. While it is open, processes that this one starts find it through `VX_BOARD`."""

    def __init__(self, path: str, title: str, slots: int) -> None:
        path = os.path.abspath(path)  # The program may change its directory while the board is open.
        self._writer = _board_writer(path, title, slots)
        super().__init__(path)
        self._pid = os.getpid()
        self._before = os.environ.get(_VARIABLE)
        self._taken: WeakSet[SlotWriter] = WeakSet()
        os.environ[_VARIABLE] = path
        _open.add(self)

    def slot(self, key: str, total: Optional[int] = None, unit: Optional[Unit] = None) -> SlotWriter:
        """Take a slot of this board, in this process or in one forked from it. The key is unique among those at work.

        Raises `WriteError` if the board is full or closed, or has a slot with this key at work.
        """
        return _slot_writer(self.path, key, total, unit)

    def set_title(self, title: str) -> None:
        """Change the board's subject."""
        self._writer.set_title(title)

    def tidy(self) -> None:
        """Remove other boards from its directory that have been over for an hour, or are not among the newest 32."""
        self._writer.tidy(os.path.dirname(self.path))

    def record_exit(self, pid: Optional[int], exit_code: Optional[int]) -> None:
        """Record how a child ended, for each slot that it wrote. Takes `process.pid` and the exit code, as
        `multiprocessing` and `subprocess` give them: a negative code is the signal that killed it.

        Raises `ValueError` if the child was not started or has not ended, so that one of them is `None`."""
        if pid is None or exit_code is None:
            raise ValueError(f"process {pid} has no exit code yet: join it first" if pid else "the process was not started")
        code, signal = (None, -exit_code) if exit_code < 0 else (exit_code, None)
        for slot in self.slots():
            if slot.pid == pid:
                self._writer.record_exit(slot.place, slot.generation, code, signal)

    def finish(self, state: Optional[End] = None) -> None:
        """Close the board in this state; without one, as failed if a slot has failed or was killed, else as done. It
        stays readable."""
        if self._pid != os.getpid() or self._words.closed:
            return
        if state is None:
            slots = self.snapshot(fresh=True).slots  # A slot whose process was just killed still has a recent beat.
            failed = any(slot.state in ("failed", "died") or slot.lost for slot in slots)
            state = "failed" if failed else "done"
        self._writer.close(state)
        self._restore_variable()

    def _restore_variable(self) -> None:
        """Make `VX_BOARD` name the board that it named before, unless it was changed since."""
        _open.discard(self)
        for other in list(_open):
            if other._before == self.path:
                other._before = self._before
        if os.environ.get(_VARIABLE) != self.path:
            return
        if self._before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = self._before

    def close(self) -> None:
        """Close the board and its file."""
        self.finish()
        super().close()

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._close_after(error)

    def _close_after(self, error: Optional[BaseException]) -> None:
        if error is not None:
            from ._extension import outcome

            ended = outcome(error)
            self.finish(None if ended == "done" else ended)
        self.close()

    def _is_here(self, path: str) -> bool:
        """Whether this is the board in this file, made by this process and not by a parent that it was forked from."""
        return self.path == path and self._pid == os.getpid()

    def _end_with_process(self, error: Optional[BaseException]) -> None:
        """Close it at the ordinary end of the process, and end the slots that this process has not ended."""
        if self._pid != os.getpid():
            return
        for slot in list(self._taken):
            if error is None:
                slot.leave()
            else:
                slot.__exit__(type(error), error, error.__traceback__)
        self._close_after(error)


@atexit.register
def _close_all() -> None:
    """Close what is open at the end of the process. An uncaught exception ends it as `with` would. The program's exit
    status is not known here, nor are errors that an interactive session has shown."""
    error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
    for board in list(_open):
        with contextlib.suppress(VxboardError, OSError):  # It may have been removed or cut.
            board._end_with_process(error)  # pyright: ignore[reportPrivateUsage]


def create(title: str, slots: int = 64, path: Optional[Union[str, os.PathLike[str]]] = None) -> OwnBoard:
    """See `Board.create`."""
    if path is not None:
        return OwnBoard(os.fspath(path), title, slots)
    board = OwnBoard(places.new_board(), title, slots)
    board.tidy()
    return board


def slot(
    key: str, total: Optional[int] = None, unit: Optional[Unit] = None, *, strict: bool = False
) -> Union[SlotWriter, CountingSlot]:
    """Take a slot of the board of the process that started this one: the board that `VX_BOARD` names or, if that is
    over, the one that this process's parent has open now. Without such a board this process makes one, which is closed
    at its end.

    If no slot can be taken, because the board is full, closed or gone, or a slot at work has this key, a warning says
    why, and the work goes on with a slot that only counts. With `strict`, that raises `WriteError`.
    """
    try:
        return strict_slot(key, total, unit)
    except (VxboardError, OSError) as error:
        if strict:
            raise
        warnings.warn(f"progress is not shown: {error}", RuntimeWarning, stacklevel=2)
        return CountingSlot(key, total)


def strict_slot(key: str, total: Optional[int] = None, unit: Optional[Unit] = None) -> SlotWriter:
    """Like `slot`, but raises an error if no slot can be taken."""
    named = os.environ.get(_VARIABLE)
    if not named and _was_started_by_python():
        named = _follow_parent()
    try:
        return _slot_writer(named or _made_once(), key, total, unit)
    except WriteError as error:
        if not named or not parents.is_over(named):
            raise
        other = _follow_parent()
        if other is not None and other != named:
            return _slot_writer(other, key, total, unit)
        if not os.path.exists(named):
            error.hint = places.hint_of_variable(error.hint)
        raise


def _follow_parent() -> Optional[str]:
    """Switch this process, and those that it starts, to the board that the parent has open now. Returns its path."""
    found = parents.open_board()
    if found is not None:
        os.environ[_VARIABLE] = found
    return found


def _was_started_by_python() -> bool:
    """Whether `multiprocessing` started this process, so that its environment may be older than its parent's board."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _made_once() -> str:
    """The path of this process's board, made once even if several threads ask at the same time."""
    global _made
    with _making:
        path = os.environ.get(_VARIABLE)
        if not path:
            title = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
            _made = create(title)
            path = _made.path
        return path


def _board_writer(path: str, title: str, slots: int) -> BoardWriter:
    try:
        from ._extension import BoardWriter
    except ImportError as error:
        raise _without_extension(path, error) from error
    return BoardWriter(path, title, slots)


def _slot_writer(path: str, key: str, total: Optional[int], unit: Optional[Unit]) -> SlotWriter:
    try:
        from ._extension import SlotWriter
    except ImportError as error:
        raise _without_extension(path, error) from error
    own = next((board for board in list(_open) if board._is_here(path)), None)  # pyright: ignore[reportPrivateUsage]
    if own is None:
        # The process that made the board will record how this process ended.
        return SlotWriter(path, key, total, unit)
    slot = SlotWriter(path, key, total, unit, if_left="over")
    own._taken.add(slot)  # pyright: ignore[reportPrivateUsage]
    return slot


def _without_extension(path: str, error: ImportError) -> WriteError:
    if not isinstance(error, ModuleNotFoundError):
        what = f"the compiled extension of vxboard cannot be loaded: {error}"
        hint = "install it anew with `pip install --force-reinstall ./bindings/python`; no subinterpreter can load it"
        return WriteError(path, what, hint)
    what = "this vxboard has no compiled extension, without which boards can only be read"
    free = "free-threaded " if "t" in getattr(sys, "abiflags", "") else ""
    python = f"{free}{platform.python_implementation()} {platform.python_version()}"
    if sys.implementation.name != "cpython" or sys.version_info < (3, 11):
        return WriteError(path, what, f"use CPython 3.11 or later: this is {python}")
    hint = f"install it with `pip install ./bindings/python`, or from a wheel made for this {python}"
    return WriteError(path, what, hint)
