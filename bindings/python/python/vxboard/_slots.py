"""The slots of a board: finds those that changed since the last reading, and reads each of them consistently.

A slot's control word and stamp are read before and after everything that they guard. If one has changed meanwhile, the
reading is tried again, but only a few times: readers never wait for writers, and keep the last good view.
"""

from __future__ import annotations

import platform
import struct
from typing import Any, Optional

from . import _layout as layout
from ._views import ENDED, Slot, Transition, WaitsFor
from ._words import Words

_ATTEMPTS = 4
# More for a slot that was never shown, since there is no earlier view to keep.
_FIRST_ATTEMPTS = 64
_NAMED = 1 << layout.CONTROL_BIT_NAMED
# The count of transitions goes on from here to 9.
_LAP = 0xFFFF // layout.TRANSITION_COUNT * layout.TRANSITION_COUNT
_IDENTITY = struct.Struct("<IIQQQIBBHQQIIII")
_NOTES = struct.Struct("<16sIIII")
_RING = struct.Struct("<18Q")
_NO_CAUSE = bytes(layout.COLD_CAUSE_COPY0_SIZE)
_ERROR_AND_RESULT = layout.COLD_ERROR_SIZE + layout.COLD_RESULT_SIZE
# Other machines may reorder loads, and Python has no fence: there a reading counts only if a second one is equal.
_IN_ORDER = platform.machine().lower() in ("x86_64", "amd64", "i686", "i386")


def cell_text(cell: bytes) -> str:
    """The text of a text cell. A text that was cut ends in `…`."""
    head = cell[0] | cell[1] << 8
    text = cell[2 : 2 + min(head & 0x7FFF, len(cell) - 2)].decode("utf-8", "replace")
    return text + "…" if head & 0x8000 else text


def latch(words: Words, at: int, size: int) -> Optional[bytes]:
    """The valid copy of the latch at this offset; `None` if it keeps changing."""
    long = words.long
    for _ in range(_ATTEMPTS):
        stamp = long[at >> 3]
        copy = words.bytes(at + 8 + size * (stamp & 1), size)
        if not _IN_ORDER and words.bytes(at + 8 + size * (stamp & 1), size) != copy:
            continue
        if long[at >> 3] == stamp:
            return copy
    return None


def name_of(names: tuple[str, ...], number: int, what: str) -> str:
    return names[number] if number < len(names) else f"{what} {number}"


class _Seen:
    """A slot as it was shown last, in the parts that change together."""

    __slots__ = ("control", "stamp", "revision", "identity", "record", "transitions", "numbers", "liveness", "view")

    def __init__(self) -> None:
        self.control = 0
        self.stamp = 0
        self.revision = 0
        self.identity: tuple[Any, ...] = ()
        self.record: tuple[Any, ...] = ()
        self.transitions: tuple[Transition, ...] = ()
        self.numbers: tuple[Any, ...] = ()
        self.liveness: tuple[str, int] = ("unknown", 0)
        self.view: Optional[Slot] = None

    def show(self) -> None:
        entries = self.transitions
        done = self.numbers[6]
        if entries and entries[-1][2] != done:
            # The last entry is the present step's, whose work goes on.
            entries = (*entries[:-1], Transition(entries[-1][0], entries[-1][1], done))
            self.transitions = entries
        self.view = Slot._make((*self.identity, *self.numbers, *self.record, entries, *self.liveness))


class Slots:
    """What one reader has seen of the slots."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._seen = [_Seen() for _ in range(words.facts.slot_count)]

    def refresh(self, used: int, state_moved: bool) -> None:
        """Read again those of the first `used` slots that changed."""
        hot, long = self._words.facts.hot, self._words.long
        at, stride = hot.offset >> 3, hot.stride >> 3
        for index, seen in enumerate(self._seen[:used]):
            control = long[at]
            ended = state_moved and layout.STATE_DONE <= control & 0xFF <= layout.STATE_DIED
            # The exit of a process may be written later than its slot's state.
            if control != seen.control or long[at + 1] != seen.stamp or ended:
                for _ in range(_FIRST_ATTEMPTS if seen.view is None else _ATTEMPTS):
                    if self._try(index, at, seen, ended):
                        break
            at += stride

    def views(self) -> tuple[Slot, ...]:
        """Every slot that was ever shown, in slot order."""
        return tuple([seen.view for seen in self._seen if seen.view is not None])

    def seen_alive(self, index: int, liveness: tuple[str, int]) -> bool:
        """Record the liveness of a slot. False if the slot has ended, or begun another life, since it was shown."""
        seen = self._seen[index]
        if seen.liveness == liveness or seen.view is None:
            return True
        if liveness[0] == "lost":
            hot = self._words.facts.hot
            control = self._words.long[(hot.offset + hot.stride * index) >> 3]
            ended = layout.STATE_DONE <= control & 0xFF <= layout.STATE_DIED
            if ended or control >> 32 != seen.control >> 32:
                return False
        seen.liveness = liveness
        seen.show()
        return True

    def _try(self, index: int, at: int, seen: _Seen, look_again: bool) -> bool:
        """One try; false if a change came in between."""
        long = self._words.long
        control, stamp = long[at], long[at + 1]
        first = at + 2 + 3 * (stamp & 1)
        done, total, meta = long[first], long[first + 1], long[first + 2]
        if not _IN_ORDER and (long[first], long[first + 1], long[first + 2]) != (done, total, meta):
            return False
        if long[at + 1] != stamp or long[at] != control:
            return False
        number = control & 0xFF
        if number == layout.STATE_FREE or (number == layout.STATE_CLAIMING and not control & _NAMED):
            return True  # Nothing to show yet; the last view stays until the new owner has a name.
        revision = meta >> layout.META_BIT_REVISION
        if look_again or seen.view is None or seen.control != control or seen.revision != revision:
            if not self._record(index, at, control, meta, seen):
                return False
        seen.numbers = (
            control >> 32,
            state_name(number),
            meta & 0xFF,
            max(meta >> 8 & 0xFF, 1),
            name_of(layout.UNIT_NAMES, meta >> layout.META_BIT_UNIT & 7, "unit"),
            name_of(layout.HEALTH_NAMES, meta >> layout.META_BIT_HEALTH & 15, "health"),
            done,
            total if meta >> layout.META_BIT_TOTAL_KNOWN & 1 else None,
        )
        seen.control, seen.stamp, seen.revision = control, stamp, revision
        if state_name(number) in ENDED:
            seen.liveness = ("unknown", 0)
        seen.show()
        return True

    def _record(self, index: int, at: int, control: int, meta: int, seen: _Seen) -> bool:
        """Read everything that rarely changes, under this control word."""
        words = self._words
        cold = words.facts.cold.offset + words.facts.cold.stride * index
        text = latch(words, cold + layout.COLD_TEXT_STAMP, layout.COLD_TEXT_COPY0_SIZE)
        notes = latch(words, cold + layout.COLD_NOTES_STAMP, layout.COLD_NOTES_COPY0_SIZE)
        fixed = words.bytes(cold, layout.COLD_TEXT_STAMP)
        ends = words.bytes(cold + layout.COLD_ERROR, _ERROR_AND_RESULT)
        ring = words.bytes(cold + layout.COLD_TRANSITIONS, layout.COLD_TRANSITIONS_SIZE)
        cause: Optional[bytes] = _NO_CAUSE
        if words.facts.has_causes:
            cause = latch(words, cold + layout.COLD_CAUSE_STAMP, layout.COLD_CAUSE_COPY0_SIZE)
        count = self._count(at)
        if text is None or notes is None or cause is None or count is None or words.long[at] != control:
            return False
        transitions = meta >> layout.META_BIT_TRANSITIONS & 0xFFFF
        state = state_name(control & 0xFF)
        seen.identity = _identity(index, fixed)
        seen.transitions = _transitions(ring, transitions, count)
        seen.record = (*_rest(fixed, text, ends, state), *_notes(notes, transitions), _cause(cause, control >> 32))
        return True

    def _count(self, at: int) -> Optional[int]:
        """The count of transitions, read again."""
        long = self._words.long
        for _ in range(_ATTEMPTS):
            stamp = long[at + 1]
            meta: int = long[at + 4 + 3 * (stamp & 1)]
            if long[at + 1] == stamp:
                return meta >> layout.META_BIT_TRANSITIONS & 0xFFFF
        return None


def state_name(number: int) -> str:
    """The name of a state. A slot that is being claimed shows as reserved; an unknown state counts as in use."""
    if number == layout.STATE_CLAIMING:
        return "reserved"
    return layout.STATE_NAMES[number] if number < len(layout.STATE_NAMES) else "live"


def _identity(index: int, fixed: bytes) -> tuple[Any, ...]:
    identity = _IDENTITY.unpack_from(fixed)
    kind, parent, key_hash = identity[6], identity[8], identity[10]
    runner, log_writer, group = identity[11:14]
    return (
        index,
        cell_text(fixed[layout.COLD_KEY : layout.COLD_KEY + layout.COLD_KEY_SIZE]),
        key_hash,
        cell_text(fixed[layout.COLD_VERSION : layout.COLD_VERSION + layout.COLD_VERSION_SIZE]),
        name_of(layout.KIND_NAMES, kind, "kind"),
        None if parent == layout.NO_PARENT else parent,
        runner or None,
        log_writer or None,
        group or None,
    )


def _rest(fixed: bytes, text: bytes, ends: bytes, state: str) -> tuple[Any, ...]:
    """From the process id to the time of the end."""
    ended = state in ENDED
    (pid,) = struct.unpack_from("<I", fixed, layout.COLD_PID)
    flags, signal, code, ended_at = struct.unpack_from("<BBxxiQ", fixed, layout.COLD_EXIT_FLAGS)
    message = cell_text(text[layout.TEXT_MESSAGE : layout.TEXT_MESSAGE + layout.TEXT_MESSAGE_SIZE])
    error = _optional_text(ends[: layout.COLD_ERROR_SIZE]) if ended else None
    if state == "skipped" and error is not None:
        message, error = error, None  # The reason of a skip is not an error.
    return (
        pid if pid and state != "reserved" else None,
        message,
        cell_text(text[layout.TEXT_DETAILS :]),
        error,
        code if flags & 1 else None,
        signal if flags & 2 else None,
        _optional_text(ends[layout.COLD_ERROR_SIZE :]) if ended else None,
        ended_at if ended and ended_at else None,
    )


def _notes(notes: bytes, transitions: int) -> tuple[Any, ...]:
    board, slot, generation, port, named_at = _NOTES.unpack_from(notes)
    name = notes[layout.NOTES_STEP_NAME : layout.NOTES_STEP_NAME + layout.NOTES_STEP_NAME_SIZE]
    return (
        _optional_text(name) if named_at == transitions else None,
        _optional_text(notes[layout.NOTES_ADDRESS :]),
        port if 0 < port < 1 << 16 else None,
        WaitsFor(board.hex(), slot, generation) if any(board) else None,
    )


def _cause(cause: bytes, generation: int) -> Optional[str]:
    """The cause, if it belongs to this life of the slot."""
    (written_in,) = struct.unpack_from("<I", cause, layout.CAUSE_GENERATION)
    return _optional_text(cause[layout.CAUSE_TEXT :]) if written_in == generation else None


def _optional_text(cell: bytes) -> Optional[str]:
    return cell_text(cell) if cell[0] or cell[1] else None


def _transitions(ring: bytes, before: int, after: int) -> tuple[Transition, ...]:
    """The entries announced by `before`, without those that may have been overwritten by `after`."""
    entries = _RING.unpack(ring)
    room = layout.TRANSITION_COUNT - 1
    moved = after - before if after >= before else max(min(after + _LAP - room - 1, 0xFFFF) - before, 0)
    shown: list[Transition] = []
    for age in range(min(max(room - moved, 0), before), 0, -1):
        place = (before - age) % layout.TRANSITION_COUNT
        entered, done = entries[2 * place], entries[2 * place + 1]
        if entered:
            shown.append(Transition(entered & 0xFF, entered & ~0xFF, done))
    return tuple(shown)
