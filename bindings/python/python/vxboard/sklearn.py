"""A callback for scikit-learn's estimators, from 1.9 on: `estimator.set_callbacks(vxboard.sklearn.Progress())`.

Each fit is a slot: its tasks are counted, and the present one is named. Tasks in other processes have their own slots
there while they run, since a process can't count in its parent's slot.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from ._taken import slot_or_none

if TYPE_CHECKING:
    from ._extension import SlotWriter


class _Fit(NamedTuple):
    """A fit, and the exception that was being handled when it began, which isn't the fit's."""

    slot: SlotWriter
    around: Optional[BaseException]


# Slots by fit, in the process that began it, and by task, in one that only runs its tasks. They can't be pickled.
_fits: dict[object, _Fit] = {}
_tasks: dict[tuple[object, object], SlotWriter] = {}


class Progress:
    """Shows fits on the board. `key` is the slot's key, by default the estimator's name."""

    max_propagation_depth = 1

    def __init__(self, key: Optional[str] = None) -> None:
        self.key = key

    def setup(self, estimator: Any, context: Any) -> None:
        """Called when a fit begins."""
        slot = slot_or_none(self.key or str(context.estimator_name), context.max_subtasks)
        if slot is not None:
            _fits[context.root_uuid] = _Fit(slot, sys.exc_info()[1])

    def on_fit_task_begin(self, estimator: Any, context: Any, **_given: Any) -> None:
        """Called when a task of the fit begins."""
        if context.parent is None or context.parent.parent is not None:
            return
        fit, named = _fits.get(context.root_uuid), f"{context.task_name} {context.task_id}"
        if fit is not None:
            fit.slot.total = context.parent.max_subtasks
            fit.slot.message(named)
        else:
            key = f"{self.key or context.parent.estimator_name}: {named}"
            task = slot_or_none(key, context.max_subtasks)
            if task is not None:
                _tasks[context.root_uuid, context.task_id] = task

    def on_fit_task_end(self, estimator: Any, context: Any, **_given: Any) -> None:
        """Called when a task of the fit has ended."""
        if context.parent is None or context.parent.parent is not None:
            return
        fit, task = _fits.get(context.root_uuid), _tasks.pop((context.root_uuid, context.task_id), None)
        if fit is not None:
            fit.slot.advance()
        if task is not None:
            task.end()

    def teardown(self, estimator: Any, context: Any) -> None:
        """Called when the fit is over, even by an exception: scikit-learn calls this in a `finally`."""
        fit = _fits.pop(context.root_uuid, None)
        if fit is None:
            return
        slot, (kind, error, trace) = fit.slot, sys.exc_info()
        if error is not None and error is not fit.around:
            slot.__exit__(kind, error, trace)
            return
        if slot.done:
            slot.total = slot.done  # It may have converged early.
        elif slot.total is not None:
            slot.publish(slot.total)  # All of it was done in other processes.
        slot.end()
