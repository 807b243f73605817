"""A progress bar with tqdm's arguments and calls that is a slot of a board: no terminal, no lock between processes.

Each bar is a slot of the board that `VX_BOARD` names, else of one that this process makes. Bars never make a program
fail: without the extension, or if the board is full, they only count, and one warning says what is missing.
"""

from __future__ import annotations

import operator
import sys
import time
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Reversible
from contextlib import contextmanager
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Generic, Optional, TypeVar, Union, cast

from ._errors import WriteError
from ._lock import Lock
from ._taken import length_of, slot_or_none, while_live, whole

if TYPE_CHECKING:
    from ._extension import SlotWriter
    from ._writer import Unit

T = TypeVar("T")

# A loop publishes each item or, while it makes more than one in this time, …
_QUICK_S = 0.001
# … every this many at most: a board may be that far behind once the loop slows down.
_MOST_AT_ONCE = 64
# Arguments of tqdm's notebook bars, and of Hugging Face's, whose own class removes `name`.
_ACCEPTED = frozenset({"display", "name"})


class tqdm(Generic[T]):
    """Like `tqdm.tqdm`. Arguments about a bar's look in a terminal are accepted and have no effect."""

    _lock: Any

    def __init__(
        self,
        iterable: Optional[Iterable[T]] = None,
        desc: Optional[str] = None,
        total: Optional[float] = None,
        leave: Optional[bool] = True,
        file: object = None,
        ncols: object = None,
        mininterval: object = 0.1,
        maxinterval: object = 10.0,
        miniters: Optional[float] = None,
        ascii: object = None,
        disable: Optional[bool] = False,
        unit: str = "it",
        unit_scale: Union[bool, float] = False,
        dynamic_ncols: object = False,
        smoothing: object = 0.3,
        bar_format: object = None,
        initial: float = 0,
        position: Optional[int] = None,
        postfix: object = None,
        unit_divisor: object = 1000,
        write_bytes: object = False,
        lock_args: object = None,
        nrows: object = None,
        colour: object = None,
        delay: object = 0.0,
        gui: object = False,
        **named: object,
    ) -> None:
        if total is None and iterable is not None:
            total = length_of(iterable)
        self.iterable: Optional[Iterable[T]] = iterable
        self.leave = leave
        self.disable = bool(disable)
        self.unit = unit
        self.unit_scale = unit_scale
        self.miniters = miniters or 0
        self.pos = -(position or 0)
        self.initial = initial
        self.n = initial
        self.start_t = time.time()
        self.postfix: object = None
        self._desc, self._total = desc or "", _known(total)
        self._slot: Optional[SlotWriter] = None
        if self.disable:
            return
        _refuse_unknown(named)
        shown: Unit = "bytes" if unit in ("B", "bytes") else "count"
        key = self._desc.strip().rstrip(":") or "loop"
        self._slot = slot_or_none(key, self._total, shown)
        self._publish()
        if isinstance(postfix, Mapping):
            self.set_postfix(cast("Mapping[str, object]", postfix))
        elif postfix is not None:
            self.postfix = postfix
            self._say()

    @property
    def total(self) -> Optional[float]:
        """The amount of work; an assignment shows at once."""
        return self._total

    @total.setter
    def total(self, total: Optional[float]) -> None:
        self._total = _known(total)
        while_live(self._slot, lambda slot: setattr(slot, "total", whole(self._total)))

    @property
    def desc(self) -> str:
        """The description; an assignment shows at once."""
        return self._desc

    @desc.setter
    def desc(self, desc: Optional[str]) -> None:
        self._desc = desc or ""
        self._say()

    def _publish(self) -> None:
        if self._slot is not None and self._slot.live:
            try:
                self._slot.publish(max(int(self.n), 0))
            except (WriteError, OverflowError, ValueError):
                # Another thread has ended the slot, or no board can hold the number.
                done = whole(self.n)
                if done is not None:
                    while_live(self._slot, lambda slot: slot.publish(done))

    def _say(self) -> None:
        def say(slot: SlotWriter) -> None:
            named = self.desc.rstrip(": ")
            moved = named if named != slot.key else ""
            postfix = "" if self.postfix is None else str(self.postfix)
            slot.message(", ".join(part for part in (moved, postfix) if part))

        while_live(self._slot, say)

    def __iter__(self) -> Iterator[T]:
        if self.iterable is None:
            raise TypeError("this bar has nothing to iterate over")
        if self.disable:
            yield from self.iterable
            return
        n, step, clock = self.n, 1, time.perf_counter
        due, since = n + 1, clock()
        try:
            for item in self.iterable:
                yield item
                n += 1
                if n >= due:
                    self.n = n
                    self._publish()
                    now = clock()
                    step = min(2 * step, _MOST_AT_ONCE) if now - since < _QUICK_S * step else 1
                    due, since = n + step, now
        except GeneratorExit:
            # The loop was left by `break` or by an exception; a generator can't tell which.
            self.n = n
            self._end_early()
            raise
        except BaseException as error:
            self.n = n
            self._end_failed(error)
            raise
        self.n = n
        self.close()

    def _end_early(self) -> None:
        self._publish()
        self.disable = True
        if self._slot is not None:
            self._slot.cancel()

    def _end_failed(self, error: BaseException) -> None:
        self._publish()
        self.disable = True
        if self._slot is not None:
            self._slot.__exit__(type(error), error, error.__traceback__)

    def update(self, n: Optional[float] = 1) -> Optional[bool]:
        """Add to the work done; a negative number subtracts."""
        if self.disable:
            return None
        self.n += 1 if n is None else n
        self._publish()
        return True

    def reset(self, total: Optional[float] = None) -> None:
        """Begin again at 0."""
        self.n, self.start_t = 0, time.time()
        if total is not None:
            self.total = total
        self._publish()

    def refresh(self, *_look: object, **_more: object) -> Optional[bool]:
        """Publish `n` as it was assigned, and the texts."""
        self._publish()
        self._say()
        return True

    def display(self, msg: Optional[str] = None, pos: Optional[int] = None) -> None:
        """Does nothing, since nothing is drawn."""

    def set_description(self, desc: Optional[str] = None, refresh: bool = True) -> None:
        """Show this text beside the key, which stays the first description."""
        self.set_description_str(f"{desc}: " if desc else "", refresh)

    def set_description_str(self, desc: Optional[str] = None, refresh: bool = True) -> None:
        self.desc = desc or ""

    def set_postfix(
        self,
        ordered_dict: Union[Mapping[str, object], Iterable[tuple[str, object]], None] = None,
        refresh: bool = True,
        **kwargs: object,
    ) -> None:
        """Show these values as the slot's message."""
        values = dict(cast("Mapping[str, object]", ordered_dict or {}))
        values.update(sorted(kwargs.items()))
        shown = (f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items())
        self.set_postfix_str(", ".join(shown))

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:
        self.postfix = str(s)
        self._say()

    def close(self) -> None:
        """End the slot as done. After that nothing is counted, as with tqdm."""
        if not self.disable:
            self._publish()
            self.disable = True
            if self._slot is not None:
                self._slot.end()

    def __del__(self) -> None:
        """An unreferenced bar ends: as done if it was complete."""
        slot = getattr(self, "_slot", None)
        if slot is not None and slot.live:
            whole = self.total is None or self.n >= self.total
            self.close() if whole else self._end_early()

    def clear(self, *_look: object, **_more: object) -> None:
        """Does nothing, since nothing is drawn."""

    def unpause(self) -> None:
        """Does nothing, since no clock was stopped."""

    @classmethod
    def write(cls, s: str, file: Optional[IO[str]] = None, end: str = "\n", nolock: bool = False) -> None:
        """Print a line. No bar has to be cleared for it."""
        stream = file if file is not None else cast("Optional[IO[str]]", sys.stdout)
        if stream is not None:
            stream.write(f"{s}{end}")

    @classmethod
    @contextmanager
    def external_write_mode(cls, file: Optional[IO[str]] = None, nolock: bool = False) -> Generator[None, None, None]:
        """For code that writes its own lines. No bar has to be cleared for them."""
        yield

    @staticmethod
    def format_sizeof(num: float, suffix: str = "", divisor: float = 1000) -> str:
        """A number with three digits and a unit prefix: `1.23M`."""
        for order in ("", "k", "M", "G", "T", "P", "E", "Z"):
            if abs(num) < 999.5:
                places = 2 if abs(num) < 9.995 else 1 if abs(num) < 99.95 else 0
                return f"{num:{3 if places == 0 else ''}.{places}f}{order}{suffix}"
            num /= divisor
        return f"{num:3.1f}Y{suffix}"

    @staticmethod
    def format_interval(t: float) -> str:
        """Seconds as on a clock: `[H:]MM:SS`."""
        minutes, seconds = divmod(abs(int(t)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{'-' if t < 0 else ''}{f'{hours}:' if hours else ''}{minutes:02}:{seconds:02}"

    @staticmethod
    def format_num(n: float) -> str:
        """A number, in three digits if that is shorter."""
        short = f"{n:.3g}".replace("e+0", "e+").replace("e-0", "e-")
        return min(str(n), short, key=len)

    @classmethod
    def get_lock(cls) -> Any:
        """For code that guards its own output, and for tqdm's maps, which pass a lock on. No bar waits for it."""
        if not hasattr(cls, "_lock"):
            cls._lock = Lock()
        return cls._lock

    @classmethod
    def set_lock(cls, lock: Any) -> None:
        cls._lock = lock

    @property
    def format_dict(self) -> dict[str, Any]:
        elapsed = max(time.time() - self.start_t, 0.0)
        done = self.n - self.initial
        return {
            "n": self.n,
            "total": self.total,
            "elapsed": elapsed,
            "rate": done / elapsed if done and elapsed else None,
            "prefix": self.desc,
            "postfix": self.postfix,
            "unit": self.unit,
            "unit_scale": self.unit_scale,
            "initial": self.initial,
        }

    def __len__(self) -> int:
        known = length_of(self.iterable)
        if known is not None:
            return known
        if hasattr(self.iterable, "__length_hint__"):
            return operator.length_hint(self.iterable)
        if self.total is None:
            raise TypeError("the length of this bar is not known")
        return int(self.total)

    def __reversed__(self) -> Iterator[T]:
        items = self.iterable
        self.iterable = reversed(cast("Reversible[T]", items))
        try:
            yield from self
        finally:
            self.iterable = items

    def __contains__(self, item: object) -> bool:
        return item in self.iterable if isinstance(self.iterable, Container) else any(item == other for other in self)

    def __bool__(self) -> bool:
        if self.total is not None:
            return self.total > 0
        if self.iterable is None:
            raise TypeError("bool() undefined when iterable == total == None")
        return bool(self.iterable)

    def __enter__(self) -> tqdm[T]:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if error is None:
            self.close()
        else:
            self._end_failed(error)

    def __str__(self) -> str:
        total = "?" if self.total is None else self.total
        return f"{self.desc + ': ' if self.desc else ''}{self.n}/{total}"


def _known(total: Optional[float]) -> Optional[float]:
    """A total; `None` if it is infinite or not a number."""
    return None if total != total or total in (float("inf"), float("-inf")) else total


def _refuse_unknown(named: Iterable[str]) -> None:
    unknown = next((name for name in named if name not in _ACCEPTED), None)
    if unknown is not None:
        from difflib import get_close_matches

        known = {*cast(Any, tqdm).__init__.__annotations__, *_ACCEPTED} - {"named", "return"}
        near = get_close_matches(unknown, sorted(known), 1)
        raise TypeError(f"tqdm has no argument `{unknown}`{f': is it `{near[0]}`?' if near else ''}")


def trange(*bounds: int, **arguments: Any) -> tqdm[int]:
    """Short for `tqdm(range(…), …)`."""
    return tqdm(range(*bounds), **arguments)
