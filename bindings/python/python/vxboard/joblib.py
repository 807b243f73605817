"""joblib's `Parallel` with a slot: `from vxboard.joblib import Parallel`, and change nothing else.

scikit-learn runs its searches and forests through joblib, but makes its own `Parallel`; use `vxboard.sklearn` there.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# joblib is not typed.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import joblib  # type: ignore[import-untyped]

from ._taken import length_of, slot_or_none, while_live


class Parallel(joblib.Parallel):  # type: ignore[misc]
    """Like `joblib.Parallel`. `vx_key` is the slot's key, `vx_total` the number of tasks if the iterable has no
    length."""

    def __init__(self, *arguments: Any, vx_key: str = "tasks", vx_total: int | None = None, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._vx_key = vx_key
        self._vx_total = vx_total
        self._vx_slot: Any = None

    def __call__(self, iterable: Any) -> Any:
        """Run all tasks. An exception ends the slot as failed, a cancellation as cancelled."""
        total = length_of(iterable)
        self._vx_slot = slot_or_none(self._vx_key, self._vx_total if total is None else total)
        if self._vx_slot is None:
            return super().__call__(iterable)
        try:
            found = super().__call__(iterable)
        except BaseException as error:
            self._vx_slot.__exit__(type(error), error, error.__traceback__)
            raise
        # With a generator, tasks go on while results are taken.
        return self._as_taken(found) if self.return_generator else self._ended(found)

    def _ended(self, found: Any) -> Any:
        self._vx_slot.publish(self.n_completed_tasks)
        self._vx_slot.end()
        return found

    def _as_taken(self, found: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from found
        except BaseException as error:
            self._vx_slot.__exit__(type(error), error, error.__traceback__)
            raise
        self._ended(found)

    def print_progress(self) -> None:
        """joblib calls this whenever tasks have ended."""
        super().print_progress()
        while_live(self._vx_slot, lambda slot: slot.publish(self.n_completed_tasks))
