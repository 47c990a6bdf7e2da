"""What the server asks workers for by name is there."""

from __future__ import annotations

import importlib
import inspect

from wbtable.query.worker_process import Control
from wbtable.viewer import task_names


def test_each_name_is_that_of_a_task() -> None:
    tasks = [value for name, value in vars(task_names).items() if name.isupper() and ":" in str(value)]
    assert len(tasks) > 20
    for name in tasks:
        module, _, function = name.partition(":")
        found = getattr(importlib.import_module(module), function)
        assert next(iter(inspect.signature(found).parameters)) == "control", name
        assert inspect.get_annotations(found)["control"] == Control.__name__
