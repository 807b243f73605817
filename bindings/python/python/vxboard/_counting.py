"""A slot without a board: it keeps count, but nobody sees it."""

from __future__ import annotations

from types import TracebackType
from typing import Optional


class CountingSlot:
    """Returned by `vxboard.slot` if no slot can be taken. It has the same methods, and none of them fails."""

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
        """Ignored: nobody would see it."""

    def log(self, line: str) -> None:
        """Ignored: nobody would see it."""

    @property
    def done(self) -> int:
        return self._done

    @property
    def key(self) -> str:
        return self._key

    @property
    def live(self) -> bool:
        """Whether it has not ended yet."""
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
