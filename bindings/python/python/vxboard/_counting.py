"""A slot without a board: it counts for itself, and nobody sees it."""

from __future__ import annotations

from types import TracebackType
from typing import Optional


class CountingSlot:
    """What `vxboard.slot` gives where no slot can be had. It has the calls of one, and none of them fails."""

    def __init__(self, key: str, total: Optional[int] = None) -> None:
        self._key = key
        self._done = 0
        self._live = True
        self.total = total

    def advance(self, count: int = 1, /) -> None:
        self._done += count

    def publish(self, done: int) -> None:
        self._done = done

    def message(self, text: str) -> None:
        """Nobody reads it."""

    def log(self, line: str) -> None:
        """Nobody reads it."""

    @property
    def done(self) -> int:
        return self._done

    @property
    def key(self) -> str:
        return self._key

    @property
    def live(self) -> bool:
        """True until it has ended."""
        return self._live

    def end(self, error: Optional[str] = None, result: Optional[str] = None) -> None:
        self._live = False

    def cancel(self) -> None:
        self._live = False

    def __enter__(self) -> CountingSlot:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._live = False

    def __repr__(self) -> str:
        return f"<vxboard.CountingSlot {self._key!r}: {'live' if self._live else 'ended'}>"
