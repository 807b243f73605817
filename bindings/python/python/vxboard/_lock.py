"""A lock that is free in a forked child, even if it was held during the fork."""

from __future__ import annotations

import os
import threading


class Lock:
    """A lock between threads of one process. In a forked child, or pickled to another process, it is new and free."""

    def __init__(self) -> None:
        self._inner = threading.RLock()
        self._pid = os.getpid()

    def _is_new(self) -> bool:
        """Whether this is the first call in a forked child, where the thread that held the lock may not exist."""
        forked = self._pid != os.getpid()
        if forked:
            self._inner, self._pid = threading.RLock(), os.getpid()
        return forked

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self._is_new()
        return self._inner.acquire(blocking, timeout)

    def release(self) -> None:
        if not self._is_new():
            self._inner.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()

    def __reduce__(self) -> tuple[type[Lock], tuple[()]]:
        return (Lock, ())
