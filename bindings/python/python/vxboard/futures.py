"""Shows futures of `concurrent.futures` (or of anything else that has `add_done_callback`) as one slot."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Protocol, TypeVar

from ._taken import slot_or_none, while_live

if TYPE_CHECKING:
    from ._extension import SlotWriter


class _Future(Protocol):
    def add_done_callback(self, fn: Any, /) -> object: ...


F = TypeVar("F", bound=_Future)


class Track:
    """Counts futures as they end: `future.add_done_callback(track)`. The slot ends with the last one, or with `close`.

    with ProcessPoolExecutor() as pool, vxboard.track("fits") as track:
        futures = track.all(pool.submit(fit, part) for part in parts)
    """

    def __init__(self, key: str, total: Optional[int] = None) -> None:
        """Take a slot with this key; `total` is the number of futures, if it is known in advance."""
        self._slot: Optional[SlotWriter] = slot_or_none(key, total)
        self._lock = threading.Lock()
        self._done = 0
        self._failed = 0
        self._cancelled = 0
        self._first: Optional[str] = None

    def all(self, futures: Iterable[F]) -> list[F]:
        """Count these futures. Returns them as a list."""
        found = list(futures)
        with self._lock:
            if self._slot is not None:
                self._slot.total = len(found)
        for future in found:
            future.add_done_callback(self)
        return found

    def __call__(self, future: Any) -> None:
        """Count a future that has ended. Called in the thread that ends it."""
        error = _error_of(future)
        with self._lock:
            self._done += 1
            if self._slot is None:
                return
            end = "done" if error is None else _outcome(error)
            self._failed += end == "failed"
            self._cancelled += end == "cancelled"
            if end == "failed":
                self._first = self._first or f"{type(error).__name__}: {error}"
            while_live(self._slot, self._show)

    def _show(self, slot: SlotWriter) -> None:
        slot.publish(self._done)
        if self._failed:
            slot.message(f"{self._failed} failed, the first with {self._first}")
        elif self._cancelled:
            slot.message(f"{self._cancelled} cancelled")

    def close(self) -> None:
        """End the slot: as failed if a future has failed, as cancelled if one was cancelled."""
        with self._lock:
            if self._slot is None:
                return
            if self._failed:
                self._slot.end(error=f"{self._failed} of {self._done} failed, the first with {self._first}")
            elif self._cancelled:
                self._slot.cancel()
            else:
                self._slot.end()

    def __enter__(self) -> Track:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if error is None:
            self.close()
        elif self._slot is not None:
            with self._lock:
                self._slot.__exit__(kind, error, trace)


def _error_of(future: Any) -> Optional[BaseException]:
    if getattr(future, "cancelled", bool)():
        return CancelledError()
    return future.exception() if hasattr(future, "exception") else None


def _outcome(error: BaseException) -> str:
    from ._extension import outcome

    return outcome(error)


def track(key: str, total: Optional[int] = None) -> Track:
    """Make a `Track`."""
    return Track(key, total)
