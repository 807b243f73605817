"""What a reader sees: plain values copied from a board, the same for a live board, a dump and a recording."""

from __future__ import annotations

from typing import NamedTuple, Optional

# The words for steps depend on the kind of work and aren't part of the layout; these are vx's.
_STEPS: dict[str, tuple[str, ...]] = {
    "install": (
        "queued",
        "waiting",
        "resolving",
        "downloading",
        "verifying",
        "extracting",
        "linking",
        "post-install",
    ),
    "task": ("queued", "waiting", "preparing", "running", "finishing"),
}
ENDED = frozenset({"done", "failed", "cancelled", "skipped", "died"})


class Transition(NamedTuple):
    """A step that a slot entered."""

    step: int
    """The step's number."""
    entered_at_ns: int
    """When: on the board's monotonic clock, to 256 ns."""
    done: int
    """The work finished in it: at its end, or so far for the present step."""


class WaitsFor(NamedTuple):
    """A slot that another slot waits for."""

    board_id: str
    slot: int
    generation: int


class Slot(NamedTuple):
    """One slot: its newest publication that could be read consistently."""

    place: int
    """The slot's place in the table."""
    key: str
    """The slot's subject. A long one is cut and ends in `…`."""
    key_hash: int
    version: str
    kind: str
    """`install`, `task`, `service`, `build` or `turn`; `kind 9` for an unknown number."""
    parent: Optional[int]
    runner: Optional[int]
    log_writer: Optional[int]
    process_group: Optional[int]
    generation: int
    """Counts the claims of this place: place and generation name one life of a slot."""
    state: str
    """`reserved`, `live`, `done`, `failed`, `cancelled`, `skipped` or `died`."""
    step: int
    attempt: int
    unit: str
    health: str
    done: int
    """Work finished in this step."""
    total: Optional[int]
    """Total work of this step; `None` while unknown."""
    pid: Optional[int]
    message: str
    details: str
    error: Optional[str]
    exit_code: Optional[int]
    signal: Optional[int]
    result: Optional[str]
    ended_at_ns: Optional[int]
    step_name: Optional[str]
    """The writer's own name for its step; see `phase`."""
    address: Optional[str]
    port: Optional[int]
    waits_for: Optional[WaitsFor]
    cause: Optional[str]
    """The reason that it waits, failed or was skipped, in a few words."""
    transitions: tuple[Transition, ...]
    liveness: str
    """`unknown`, `alive`, `stalled`, `silent` or `lost`; `unknown` for a slot that has ended."""
    quiet_ms: int
    """How long it has been stalled or silent."""

    @property
    def percent(self) -> Optional[float]:
        """The finished part of a known total, with one decimal; `None` while the total is unknown or zero."""
        if not self.total:
            return None
        return min(self.done, self.total) * 1000 // self.total / 10

    @property
    def phase(self) -> str:
        """The step's own name, or vx's word for it, or its number."""
        if self.step_name is not None:
            return self.step_name
        words = _STEPS.get(self.kind, ())
        return words[self.step] if self.step < len(words) else str(self.step)

    @property
    def ended(self) -> bool:
        """Whether the slot was ended; a lost slot was not."""
        return self.state in ENDED

    @property
    def lost(self) -> bool:
        """Whether the writer is gone without having ended its slot."""
        return self.liveness == "lost"

    @property
    def word(self) -> str:
        """The slot's state in one word, for people: its phase while it is at work."""
        return "lost" if self.lost else self.state if self.ended else self.phase


class BoardFacts(NamedTuple):
    """A board as a whole."""

    id: str
    state: str
    """`running`, `done`, `failed` or `cancelled`: what its creator stored last."""
    title: str
    created_unix_ns: int
    created_at_ns: int
    creator_pid: int
    creator_alive: Optional[bool]
    """Whether its creator runs; `None` if unknown: for a dump, or in another namespace."""
    epoch: int
    """Goes up with each change of a state, not with numbers."""
    capacity: int
    kind: Optional[str] = None
    """The kind of the board's work; `None` if it is mixed, or an earlier vx made the board."""
    project: Optional[str] = None
    """The key of the project that the work is for. A long one is cut and ends in `…`."""

    @property
    def abandoned(self) -> bool:
        """Whether its creator is gone without having closed it."""
        return self.state == "running" and self.creator_alive is False

    @property
    def word(self) -> str:
        """The board's state in one word, for people."""
        return "abandoned" if self.abandoned else self.state


class Snapshot(NamedTuple):
    """One reading of a whole board. Each slot is consistent; two slots may be from different moments."""

    board: BoardFacts
    slots: tuple[Slot, ...]
    taken_at_ns: int
    """The time of this reading, on the board's monotonic clock."""
