"""joblib's `Parallel` with a slot: `from vxboard.joblib import Parallel`, and everything else as before.

scikit-learn runs its searches and forests through joblib, but makes its own `Parallel`; its callbacks are not in a release.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# joblib has no types.

from __future__ import annotations

from typing import Any

import joblib  # type: ignore[import-untyped]

from ._writer import slot


class Parallel(joblib.Parallel):  # type: ignore[misc]
    """As `joblib.Parallel`; `vx_key` is the slot's key, `vx_total` the number of tasks, if the iterable has no length."""

    def __init__(self, *arguments: Any, vx_key: str = "tasks", vx_total: int | None = None, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._vx_key = vx_key
        self._vx_total = vx_total
        self._vx_slot: Any = None

    def __call__(self, iterable: Any) -> Any:
        """Run all tasks. An exception ends the slot as failed."""
        total = len(iterable) if hasattr(iterable, "__len__") else self._vx_total
        with slot(self._vx_key, total) as self._vx_slot:
            found = super().__call__(iterable)
            if self.return_generator:
                # The tasks go on while the results are taken.
                found = list(found)
            self._vx_slot.publish(self.n_completed_tasks)
            return found

    def print_progress(self) -> None:
        """joblib calls this whenever tasks have ended."""
        super().print_progress()
        if self._vx_slot is not None and self._vx_slot.live:
            self._vx_slot.publish(self.n_completed_tasks)
