"""A board to read: opened by path, name or process, read as often as needed, and waited for."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union

from . import _layout as layout
from . import _places as places
from . import _waiting as waiting
from ._errors import AttachError, WaitTimeoutError
from ._html import html_of
from ._rows import array_of, reader_of, rows_of
from ._slots import Slots, cell_text, latch
from ._views import BoardFacts, Slot, Snapshot
from ._witness import UNKNOWN, Witness
from ._words import Words

if TYPE_CHECKING:
    from ._writer import OwnBoard

# Look up processes at most ten times a second, unless a state has moved: it takes system calls.
_EXAMINE_EVERY_NS = 100_000_000
# Sleeping at the doorbell would take a write, which a reader must not do: it polls the epoch instead.
_LOOK_EVERY_S = 0.02

# The type that `with` yields: an `OwnBoard` stays one.
AnyBoard = TypeVar("AnyBoard", bound="Board")


class Board:
    """A live board, a finished one, or a dump, read in place.

    A `Board` belongs to one thread at a time. It takes no lock and writes nothing, so it never holds up a writer.
    """

    def __init__(self, path: str) -> None:
        self._words = Words(path)
        self._numbers: Optional[memoryview] = None
        self._rows_reader: Any = None
        self._start_over()

    def _start_over(self) -> None:
        self._slots = Slots(self._words)
        self._witness = Witness(self._words)
        self._title = ""
        self._title_stamp: Optional[int] = None
        self._kind, self._project = _subject(self._words)
        self._state = layout.BOARD_NAMES[0]
        self._epoch: Optional[int] = None
        self._creator_alive: Optional[bool] = None
        self._examined_ns = 0

    @classmethod
    def open(cls, where: places.Where = None) -> Board:
        """Open a board by its path, by its name, or by the process that made it or writes to it. `None` opens the board
        that `VX_BOARD` names, or else the newest one at work.

        Raises `AttachError`, or one of its kinds, if there is none, or it is not a board of this version.
        """
        path = places.path_of(where)
        if path is not None:
            try:
                return cls(path)
            except AttachError as error:
                if where is None:
                    error.hint = places.hint_of_variable(error.hint)
                raise
        if isinstance(where, int):
            return cls._first(places.boards(), where, lambda board: board._is_of(where))
        if where is not None:
            return cls._first(list(places.named(str(where))), where, lambda _: True)
        found = places.boards()
        try:
            return cls._first(found, where, lambda board: board.at_work)
        except AttachError:
            return cls._first(found, where, lambda _: True)

    @staticmethod
    def create(title: str, slots: int = 64, path: Optional[Union[str, os.PathLike[str]]] = None) -> OwnBoard:
        """Make a board with room for this many slots at work at once. `with` closes it: as failed, if a slot has failed.

        Without a path it is a new file in the directory in which vx keeps its boards. Needs the compiled extension.
        Raises `WriteError` if the board cannot be made.
        """
        from ._writer import create

        return create(title, slots, path)

    @classmethod
    def _first(cls, paths: list[str], where: places.Where, meant: Callable[[Board], bool]) -> Board:
        for path in paths:
            try:
                board = cls(path)
            except AttachError:
                continue  # It isn't a board, or was removed since it was listed.
            if meant(board):
                return board
            board.close()
        raise places.missing(where)

    def _is_of(self, pid: int) -> bool:
        snapshot = self.snapshot()
        return snapshot.board.creator_pid == pid or any(slot.pid == pid for slot in snapshot.slots)

    @property
    def path(self) -> str:
        """The path by which it was opened."""
        return self._words.path

    @property
    def is_dump(self) -> bool:
        """Whether it is a dump, to which no process writes any more."""
        return self._words.facts.is_dump

    @property
    def closed(self) -> bool:
        """Whether its creator has closed the board. Everything read after that is the last state."""
        self._words.renew()
        return self.is_dump or self._words.half[layout.HEADER_CLOSED >> 2] != 0

    @property
    def at_work(self) -> bool:
        """Whether its creator still runs and has not closed it."""
        facts = self.snapshot().board
        return facts.state == "running" and facts.creator_alive is True

    @property
    def title(self) -> str:
        """The board's subject, for people."""
        return self.snapshot().board.title

    def snapshot(self, fresh: bool = False) -> Snapshot:
        """One reading of the whole board.

        A writer whose last heartbeat is recent counts as alive; a killed one shows as lost after at most half a second.
        With `fresh`, every writer is checked, for programs that act on the result.

        Raises `ReadError` if the board was truncated or overwritten meanwhile.
        """
        words = self._words
        words.renew()
        facts = words.facts
        if fresh:
            self._epoch = None
        now_ns = max(facts.taken_at_ns, 1) if facts.is_dump else time.monotonic_ns()
        epoch: int = words.half[layout.HEADER_EPOCH >> 2]
        state_moved = epoch != self._epoch
        self._epoch = epoch
        number = words.half[layout.HEADER_STATE >> 2]
        if number < len(layout.BOARD_NAMES):
            self._state = layout.BOARD_NAMES[number]
        self._read_title()
        used = min(words.half[layout.HEADER_USED >> 2], facts.slot_count)
        self._slots.refresh(used, state_moved)
        self._examine(now_ns, state_moved)
        board = BoardFacts(
            facts.board_id.hex(),
            self._state,
            self._title,
            facts.created_unix_ns,
            facts.created_at_ns,
            facts.creator_pid,
            self._creator_alive,
            epoch,
            facts.slot_count,
            self._kind,
            self._project,
        )
        return Snapshot(board, self._slots.views(), now_ns)

    def _read_title(self) -> None:
        stamp = self._words.long[layout.HEADER_TITLE_STAMP >> 3]
        if stamp != self._title_stamp:
            cell = latch(self._words, layout.HEADER_TITLE_STAMP, layout.HEADER_TITLE_COPY0_SIZE)
            if cell is not None:
                self._title_stamp = stamp
                self._title = cell_text(cell)

    def _examine(self, now_ns: int, state_moved: bool) -> None:
        """Look up the processes behind the board, if that is due."""
        if not state_moved and now_ns - self._examined_ns < _EXAMINE_EVERY_NS:
            return
        self._examined_ns = now_ns
        alive = self._witness.creator_alive()
        ask_all = state_moved or alive != self._creator_alive
        self._creator_alive = alive
        now = self._witness.now_units()
        for slot in self._slots.views():
            liveness = UNKNOWN
            if not slot.ended and not self.is_dump:
                liveness = self._witness.liveness(slot.place, slot.state, alive, now, ask_all)
            self._slots.seen_alive(slot.place, liveness)

    @property
    def numbers(self) -> memoryview:
        """The words in which slots publish, read-only and in place: `numpy.asarray(board.numbers)` shares their memory.

        A row of 8 words for each slot of the table: control word, stamp, and two copies of 3 words (the work done, its
        total or 2⁶⁴−1, and the publication's other numbers), of which the stamp's lowest bit selects the valid one.
        Writers go on meanwhile, so two words of a row may come from different publications; `snapshot_array` has
        consistent rows. The view stays valid after `close`.
        """
        if self._numbers is None:
            self._numbers = self._words.numbers()
        return self._numbers

    def snapshot_array(self) -> Any:
        """The numbers of every slot that was ever used, as a structured array of numpy: one copy, each row read whole.

        Its fields are `place`, `generation`, `done`, `total` (2⁶⁴−1 while unknown), `ended_at_ns`, `pid` (both 0 for
        none), and, as the numbers of the layout, `state`, `kind`, `step`, `attempt`, `unit`, `health`. A number that
        this version does not know is replaced by that of a live slot, a task, or an unknown unit or health.
        """
        if self._rows_reader is None:
            self._rows_reader = reader_of(self) or False
        if self._rows_reader:
            return array_of(self._rows_reader.rows())
        return array_of(rows_of(self.snapshot().slots))

    def _repr_html_(self) -> str:
        """The board as a table, for notebooks."""
        return html_of(self.snapshot())

    def slots(self) -> list[Slot]:
        """Every slot that was ever used, in slot order."""
        return list(self.snapshot().slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots())

    def __getitem__(self, which: Union[str, int]) -> Slot:
        """The slot with this key or number. If several lives share a key: the one at work, else the last one."""
        found = self.get(which)
        if found is None:
            raise KeyError(which)
        return found

    def get(self, which: Union[str, int]) -> Optional[Slot]:
        """`board[which]`, or `None` if there is no such slot."""
        return _newest(self.snapshot(), which)

    def log(self, which: Union[str, int], lines: int = 100) -> list[str]:
        """The newest whole lines of a slot's log, at most `lines` of them, the oldest first."""
        slot = self[which].place
        words, region = self._words, self._words.facts.log
        if not region.stride:
            return []
        at, size = region.offset + region.stride * slot, region.stride - layout.LOG_HEADER_BYTES
        committed = words.long[(at + layout.LOG_COMMITTED) >> 3]
        start = words.long[(at + layout.LOG_START) >> 3]
        begin = min(max(committed - size, start, 0), committed)
        ring = words.bytes(at + layout.LOG_HEADER_BYTES, size)
        window = (ring[begin % size :] + ring[: begin % size])[: committed - begin]
        overwritten = max(words.long[(at + layout.LOG_RESERVED) >> 3] - size - begin, 0)
        whole = window[overwritten:]
        if begin != start or overwritten:
            whole = whole.partition(b"\n")[2]
        found = whole.split(b"\n")[:-1]
        return [line.decode("utf-8", "replace") for line in found[max(len(found) - lines, 0) :]]

    def watch(self, interval: float = 0.1) -> Watch:
        """The board's readings, one every `interval` seconds, until it is closed: `for` and `async for` both work.

        The last reading is taken after the board's end. A board whose creator was killed ends the watch, too.
        """
        return Watch(self, interval)

    def wait(self, key: str, until: str = "ready", timeout: Optional[float] = None) -> Slot:
        """Wait until the slot with this key is in a state or a health: `"ready"`, `"done"`, `"live"`; or `"ended"`, for
        any end, even that of a killed process, whose slot is then lost. An end as done or skipped also counts as
        `"ready"`.

        Raises `WaitTimeoutError` after `timeout` seconds, and as soon as the state can no longer come: the slot has
        ended differently or is lost, the board is closed, or its creator is gone. Raises `ValueError` for a word that
        is none of these.
        """
        waiting.check(until)
        end = None if timeout is None else time.monotonic() + timeout
        first = True
        while True:
            closed = self.closed  # Read first: if it is true, the snapshot after it shows the last state.
            snapshot = self.snapshot(fresh=first)  # A slot whose writer was just killed must not count as live.
            first = False
            slot = _newest(snapshot, key)
            met = None if slot is None else waiting.reached(slot, until)
            if slot is not None and met:
                return slot
            if slot is not None and met is False:
                raise self._unmet(key, until, "is lost" if slot.lost else f"ended as {slot.state}")
            if closed or snapshot.board.abandoned:
                now = "is not there" if slot is None else "goes on"
                raise self._unmet(key, until, f"{now}, and the board is {'over' if closed else 'abandoned'}")
            left = _LOOK_EVERY_S if end is None else min(_LOOK_EVERY_S, end - time.monotonic())
            if left <= 0:
                now = "is not there" if slot is None else f"is {slot.state}, health {slot.health}"
                raise self._unmet(key, until, f"{now} after {timeout} s")
            time.sleep(left)

    def _unmet(self, key: str, until: str, why: str) -> WaitTimeoutError:
        what = f"`{key}` on board `{self.path}` did not become {until}: it {why}"
        return WaitTimeoutError(self.path, what, f"look at it with `vx top {self.path}`")

    def close(self) -> None:
        """Close the board's file. Readings stay valid."""
        self._words.close()

    def __enter__(self: AnyBoard) -> AnyBoard:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "let go of" if self._words.closed else f"{self._words.facts.slot_count} slots"
        return f"<vxboard.{type(self).__name__} {self.path!r}: {state}>"


def _subject(words: Words) -> tuple[Optional[str], Optional[str]]:
    """The kind of the board's work and its project. Both never change, since they were written before the board was
    ready."""
    if not words.facts.names_project:
        return None, None
    number: int = words.half[layout.HEADER_KIND >> 2]
    kind = layout.KIND_NAMES[number - 1] if 0 < number <= len(layout.KIND_NAMES) else None
    if not words.long[layout.HEADER_PROJECT_HASH >> 3]:
        return kind, None
    return kind, cell_text(words.bytes(layout.HEADER_PROJECT, layout.HEADER_PROJECT_SIZE))


def _newest(snapshot: Snapshot, which: Union[str, int]) -> Optional[Slot]:
    """The slot with this key or number. If several lives share a key: the one at work, else the last one."""
    found = [slot for slot in snapshot.slots if which in (slot.place, slot.key)]
    return max(found, key=lambda slot: (not slot.ended, slot.ended_at_ns or 0), default=None)


class Dump(Board):
    """A board's state in a file, as `vx board dump` writes it. It never changes."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        if not self.is_dump:
            self.close()
            raise AttachError(path, f"board `{path}` is not a dump", "open it with `vxboard.Board.open`")

    @classmethod
    def open(cls, where: places.Where = None) -> Dump:
        """Open the dump in this file."""
        if where is None or isinstance(where, int):
            raise TypeError("a dump is opened by its path")
        return cls(str(where))


class Watch:
    """The readings of a board, at an interval."""

    def __init__(self, board: Board, interval: float) -> None:
        if interval <= 0:
            raise ValueError(f"the interval is {interval}: use one above 0")
        self._board = board
        self._interval = interval
        self._over = False

    def _look(self) -> Snapshot:
        closed = self._board.closed  # Read first: if it is true, the snapshot after it shows the last state.
        snapshot = self._board.snapshot()
        self._over = closed or snapshot.board.abandoned
        return snapshot

    def __iter__(self) -> Iterator[Snapshot]:
        while not self._over:
            yield self._look()
            if not self._over:
                time.sleep(self._interval)

    async def __aiter__(self) -> AsyncIterator[Snapshot]:
        while not self._over:
            yield self._look()
            if not self._over:
                await asyncio.sleep(self._interval)

