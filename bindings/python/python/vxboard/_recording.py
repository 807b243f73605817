"""A recording: every change on a board with its time, read from one file that only grows."""

from __future__ import annotations

import bisect
import errno
import os
import stat
import struct
import zlib
from typing import Any, Callable, NamedTuple, Optional

from . import _layout as layout
from ._errors import RecordingError
from ._slots import name_of, state_name
from ._views import BoardFacts, Slot, Snapshot, Transition, WaitsFor
from ._words import RECORDING_MAGIC

_MAKE_ONE = "`vx sync --record FILE` makes one; `vx board ls --recordings` lists those of the last runs"
_RECORD_ANEW = "record the work anew: `vx sync --record FILE` makes a recording"
_LAYOUT = 2
_HEADER = struct.Struct("<8sII16sqQIII")
_HEADER_BYTES = 64
_MOST_BYTES = 64 << 20
_MOST_TEXT_BYTES = 4096
_WHOLE, _CHANGES, _LAST = 1, 2, 3
_LIVENESS = ("unknown", "alive", "stalled", "silent", "lost")
_WORD = 1 << 64


class _Malformed(Exception):
    """Bytes that no recorder could have written."""


class _Bytes:
    """A payload, read from the front."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at == len(self._payload)

    def byte(self) -> int:
        if self.is_empty:
            raise _Malformed
        self._at += 1
        return self._payload[self._at - 1]

    def number(self, below: int = _WORD) -> int:
        number = 0
        for place in range(10):
            byte = self.byte()
            number |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if number >= below:
                    raise _Malformed
                return number
        raise _Malformed

    def signed(self) -> int:
        number = self.number()
        return number >> 1 if not number & 1 else -(number >> 1) - 1

    def optional(self, below: int = _WORD) -> Optional[int]:
        there = self.byte()
        if there > 1:
            raise _Malformed
        return self.number(below) if there else None

    def text(self) -> str:
        length = self.number()
        text = self._payload[self._at : self._at + length]
        if length > _MOST_TEXT_BYTES or len(text) < length:
            raise _Malformed
        self._at += length
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            raise _Malformed from None

    def optional_text(self) -> Optional[str]:
        there = self.byte() != 0
        text = self.text()
        return text if there else None


class _Frame(NamedTuple):
    at_ns: int
    payload: tuple[int, int]
    whole: int
    """The number of the last whole frame up to this one."""


def _new_slot(index: int) -> dict[str, Any]:
    slot: dict[str, Any] = dict.fromkeys(Slot._fields)
    slot.update(place=index, key="", key_hash=0, version="", kind="install", generation=0, state="free", step=0)
    slot.update(attempt=1, unit="unknown", health="unknown", done=0, message="", details="", transitions=())
    slot.update(liveness="unknown", quiet_ms=0, since_ns=0)
    return slot


class _State:
    """The board at one frame, to which the next frame's changes are applied."""

    def __init__(self, facts: BoardFacts) -> None:
        self._facts = facts
        self.taken_at_ns = 0
        self.start_over()

    def start_over(self) -> None:
        self.board = self._facts
        self.slots: dict[int, dict[str, Any]] = {}

    def apply(self, payload: _Bytes) -> None:
        """Apply a frame. Raises `_Malformed` if no recorder could have written it; the state is useless then."""
        taken_at_ns = self.board.created_at_ns + payload.number()
        if not self.taken_at_ns <= taken_at_ns < _WORD:
            raise _Malformed
        self.taken_at_ns = taken_at_ns
        self._take_board(payload)
        following = 0
        for _ in range(payload.number()):
            index = following + payload.number(1 << 32)
            mask = payload.number()
            if index >= self.board.capacity or not 0 < mask < 1 << len(_FIELDS):
                raise _Malformed
            slot = self.slots.get(index)
            if slot is None:
                if not mask & 1 or any(known > index for known in self.slots):
                    raise _Malformed
                slot = self.slots[index] = _new_slot(index)
            for bit, take in enumerate(_FIELDS):
                if mask >> bit & 1:
                    take(payload, slot, taken_at_ns)
            _follow(slot)
            following = index + 1
        if not payload.is_empty:
            raise _Malformed

    def _take_board(self, payload: _Bytes) -> None:
        mask = payload.byte()
        if mask >= 32:
            raise _Malformed
        changed: dict[str, Any] = {}
        if mask & 1:
            number = payload.byte()
            if number < len(layout.BOARD_NAMES):
                changed["state"] = layout.BOARD_NAMES[number]
        if mask & 2:
            changed["title"] = payload.text()
        if mask & 4:
            changed["epoch"] = payload.number(1 << 32)
        if mask & 8:
            alive = payload.optional()
            changed["creator_alive"] = None if alive is None else alive != 0
        if mask & 16:
            kind, project_hash, project = payload.optional(), payload.optional(), payload.text()
            known = kind is not None and kind < len(layout.KIND_NAMES)
            changed["kind"] = layout.KIND_NAMES[kind] if kind is not None and known else None
            changed["project"] = None if project_hash is None else project
        self.board = self.board._replace(**changed)

    def show(self, at_ns: int) -> Snapshot:
        """This reading as of a later moment: durations are counted up to then."""
        at_ns = max(at_ns, self.taken_at_ns)
        slots: list[Slot] = []
        for slot in self.slots.values():
            fields = {name: slot[name] for name in Slot._fields}
            if slot["liveness"] in ("stalled", "silent"):
                fields["quiet_ms"] = max(at_ns - slot["since_ns"], 0) // 1_000_000
            slots.append(Slot(**fields))
        return Snapshot(self.board, tuple(slots), at_ns)


def _life(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["generation"] = payload.number(1 << 32)
    slot["key"], slot["version"], slot["key_hash"] = payload.text(), payload.text(), payload.number()
    slot["kind"] = name_of(layout.KIND_NAMES, payload.byte(), "kind")
    for name in ("parent", "runner", "log_writer", "process_group"):
        slot[name] = payload.optional(1 << 32)


def _slot_state(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    number = payload.byte()
    if number < len(layout.STATE_NAMES):
        slot["state"] = state_name(number)


def _step(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["step"], slot["attempt"] = payload.byte(), payload.byte()
    slot["unit"] = name_of(layout.UNIT_NAMES, payload.byte(), "unit")
    slot["health"] = name_of(layout.HEALTH_NAMES, payload.byte(), "health")


def _done(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["done"] = (slot["done"] + payload.signed()) % _WORD


def _total(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["total"] = payload.optional()


def _pid(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["pid"] = payload.optional(1 << 32)


def _liveness(payload: _Bytes, slot: dict[str, Any], taken_at_ns: int) -> None:
    number, for_ms = payload.byte(), payload.number()
    slot["liveness"] = _LIVENESS[number] if number < len(_LIVENESS) else "unknown"
    slot["quiet_ms"] = for_ms if slot["liveness"] in ("stalled", "silent") else 0
    slot["since_ns"] = max(taken_at_ns - for_ms * 1_000_000, 0)


def _message(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["message"] = payload.text()


def _details(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["details"] = payload.text()


def _error(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["error"] = payload.optional_text()


def _exit(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    for name in ("exit_code", "signal"):
        number = payload.optional(1 << 32)
        slot[name] = number - (1 << 32) if number is not None and number >= 1 << 31 else number


def _result(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["result"] = payload.optional_text()


def _transitions(payload: _Bytes, slot: dict[str, Any], taken_at_ns: int) -> None:
    entries: list[Transition] = []
    for _ in range(payload.number(33)):
        step, entered, done = payload.byte(), payload.signed(), payload.number()
        entries.append(Transition(step, (taken_at_ns + entered) % _WORD, done))
    slot["transitions"] = tuple(entries)


def _end(payload: _Bytes, slot: dict[str, Any], taken_at_ns: int) -> None:
    there, at_ns = payload.byte() != 0, (taken_at_ns + payload.signed()) % _WORD
    slot["ended_at_ns"] = at_ns if there else None


def _notes(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["step_name"], slot["address"] = payload.optional_text(), payload.optional_text()
    slot["port"] = payload.optional(1 << 16)
    other = payload.optional(1 << 32)
    slot["waits_for"] = None
    if other is not None:
        generation = payload.number(1 << 32)
        slot["waits_for"] = WaitsFor(payload.text(), other, generation)


def _cause(payload: _Bytes, slot: dict[str, Any], _: int) -> None:
    slot["cause"] = payload.optional_text()


# In the order of their bits.
_FIELDS: tuple[Callable[[_Bytes, dict[str, Any], int], None], ...] = (
    _life,
    _slot_state,
    _step,
    _done,
    _total,
    _pid,
    _liveness,
    _message,
    _details,
    _error,
    _exit,
    _result,
    _transitions,
    _end,
    _notes,
    _cause,
)


def _follow(slot: dict[str, Any]) -> None:
    """Give the last transition, which is the present step's, the slot's own work."""
    if slot["transitions"]:
        slot["transitions"] = (*slot["transitions"][:-1], slot["transitions"][-1]._replace(done=slot["done"]))


class Recording:
    """A recording that was read and checked: finished, in progress, or the intact beginning of a damaged one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._bytes = _load(path)
        self._facts = self._header()
        self._frames: list[_Frame] = []
        self.complete = False
        """Whether the recorder wrote the last reading of the run."""
        self._find_frames()
        if not self._frames:
            raise RecordingError(path, f"recording `{path}` is damaged: it has no complete reading", _RECORD_ANEW)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Recording:
        """Read a recording. Raises `RecordingError` if the file is not one, or has no complete reading."""
        return cls(os.fspath(path))

    def _header(self) -> BoardFacts:
        path, data = self.path, self._bytes
        if not data.startswith(RECORDING_MAGIC):
            raise RecordingError(path, f"recording `{path}` is not a recording", _MAKE_ONE)
        damaged = RecordingError(path, f"recording `{path}` is damaged: it has no complete reading", _RECORD_ANEW)
        if len(data) < _HEADER_BYTES:
            raise damaged
        _, major, _minor, board_id, unix_ns, at_ns, pid, capacity, crc = _HEADER.unpack_from(data)
        if crc != zlib.crc32(data[:56]):
            raise damaged
        if major != _LAYOUT:
            age = "an earlier" if major < _LAYOUT else "a later"
            what = f"recording `{path}` was made by {age} vx: layout {major}, this vx reads layout {_LAYOUT}"
            hint = "read it with the vx that wrote it" if major < _LAYOUT else "update vx to read it"
            raise RecordingError(path, what, hint)
        if capacity > layout.MAX_SLOTS:
            raise damaged
        return BoardFacts(board_id.hex(), "running", "", unix_ns, at_ns, pid, None, 0, capacity)

    def _find_frames(self) -> None:
        """Find every frame up to the first damaged one. Each is applied once, so that a later reading cannot fail."""
        state, data, at = _State(self._facts), self._bytes, _HEADER_BYTES
        whole, whole_end, most_between = -1, 0, 0
        while at + 8 < len(data):
            length, crc = struct.unpack_from("<II", data, at)
            begin, end = at + 8, at + 8 + length
            payload = data[begin:end]
            if not payload or len(payload) < length or zlib.crc32(payload) != crc:
                return
            kind = payload[0]
            if kind == _WHOLE:
                state.start_over()
                whole, whole_end, most_between = len(self._frames), end, 2 * max(8 * (end - at), 128 << 10)
            elif kind not in (_CHANGES, _LAST) or whole < 0 or at - whole_end > most_between:
                return
            try:
                state.apply(_Bytes(payload[1:]))
            except _Malformed:
                return
            self._frames.append(_Frame(state.taken_at_ns, (begin + 1, end), whole))
            self.complete = kind == _LAST
            at = end

    @property
    def seconds(self) -> float:
        """The time from the making of the board to the last reading, in seconds."""
        return (self._frames[-1].at_ns - self._facts.created_at_ns) / 1e9

    def __len__(self) -> int:
        """The number of readings, at least one."""
        return len(self._frames)

    def __getitem__(self, place: int) -> Snapshot:
        """The reading with this number, as it was taken."""
        place = range(len(self._frames))[place]
        return self._state_at(place).show(0)

    def at(self, seconds: float) -> Snapshot:
        """The board as it was this many seconds after its making: the newest reading by then, or else the first one."""
        at_ns = min(self._facts.created_at_ns + round(seconds * 1e9), self._frames[-1].at_ns)
        place = bisect.bisect_right([frame.at_ns for frame in self._frames], at_ns)
        return self._state_at(max(place - 1, 0)).show(at_ns)

    def _state_at(self, place: int) -> _State:
        state = _State(self._facts)
        for frame in self._frames[self._frames[place].whole : place + 1]:
            state.apply(_Bytes(self._bytes[frame.payload[0] : frame.payload[1]]))
        return state

    def __repr__(self) -> str:
        return f"<vxboard.Recording {self.path!r}: {len(self)} readings, {self.seconds:.1f} s>"


def _load(path: str) -> bytes:
    try:
        # A pipe or a device could block its reader forever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise RecordingError(path, f"recording `{path}` is not a plain file", _MAKE_ONE)
            with os.fdopen(file, "rb", closefd=False) as reader:
                data = reader.read(_MOST_BYTES + 1)
        finally:
            os.close(file)
    except OSError as error:
        private = "a recording can be read by the user who made it"
        hint = {errno.ENOENT: _MAKE_ONE, errno.EACCES: private}.get(error.errno or 0)
        raise RecordingError(path, f"recording `{path}` cannot be read: {error.strerror}", hint) from error
    if len(data) > _MOST_BYTES:
        what = f"recording `{path}` is longer than any recording: more than {_MOST_BYTES} bytes"
        raise RecordingError(path, what, _MAKE_ONE)
    return data
