"""A store with the three further examples, small: streets seen by two models, completed prompts, filmed walks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from examples import grid_world, prompts, streets

if TYPE_CHECKING:
    from pathlib import Path


def examples_store(folder: Path) -> Path:
    """Run the examples; return the store's folder."""
    with contextlib.redirect_stdout(None):
        streets.run(folder, scenes=6, training=6)
        prompts.run(folder, samples=2)
        grid_world.run(folder, walks=3)
    return folder
