"""Teach a robot to walk through mazes, film how it does, and log the films with success and reward by level.

    python -m examples.grid_world [--store FOLDER]

Tabular Q-learning (Watkins, 1989) in small mazes; the higher the level, the more walls and pits. After each stage of
training the robot walks every level a few times: one version of a table, with a video of each walk. Videos need PyAV
(`pip install 'wbtable[video]'`); without it they are GIFs.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

import wbtable
from examples.fashion_mnist import open_store

PROJECT = "grid-world"
NAME = "walks"
KEY = "episodes"
COLUMNS = ["episode", "level", "success", "reward", "steps", "video"]
LEVELS = 5
STAGES = (60, 150, 600)
"""Walks that were learned from, on each level, when a version is logged."""
SIDE, LONGEST = 9, 60
"""Fields along a side of a maze; steps after which a walk ends."""
_PIXELS = 12
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
_FLOOR, _WALL, _HOLE, _FLAG = range(4)
_STEP, _REWARDS = -0.02, {_HOLE: -1.0, _FLAG: 1.0}
_COLOURS = np.array([(232, 230, 222), (92, 98, 112), (36, 28, 40), (70, 160, 90)], np.uint8)
_ROBOT, _TRAIL = np.array((214, 92, 48), np.uint8), np.array((244, 206, 176), np.uint8)

_Place: TypeAlias = tuple[int, int]
_Grid: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
_START: _Place = (0, 0)
_END: _Place = (SIDE - 1, SIDE - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How one walk went.

    Attributes:
        places: where the robot was, from the start on.
        reward: the sum of what it got: 1 for the goal, -1 for a pit, -0.02 a step.
        success: whether it reached the goal.

    """

    places: list[_Place]
    reward: float
    success: bool


def maze(level: int) -> _Grid:
    """Return the maze of a level, 1 the easiest; the goal can be reached in every one."""
    generator = np.random.default_rng(20 + level)
    while True:
        grid = np.zeros((SIDE, SIDE), np.uint8)
        draw = generator.random((SIDE, SIDE))
        grid[draw < 0.05 * level] = _WALL
        grid[draw > 1 - 0.035 * level] = _HOLE
        grid[_START], grid[_END] = _FLOOR, _FLAG
        if _reachable(grid):
            return grid


def _reachable(grid: _Grid) -> bool:
    seen, queue = {_START}, deque([_START])
    while queue:
        place = queue.popleft()
        for move in _MOVES:
            there = (place[0] + move[0], place[1] + move[1])
            if there not in seen and _inside(there) and grid[there] in {_FLOOR, _FLAG}:
                seen.add(there)
                queue.append(there)
    return _END in seen


def _inside(place: _Place) -> bool:
    return 0 <= place[0] < SIDE and 0 <= place[1] < SIDE


class Robot:
    """One table of values for each level: what a move in a place is worth, learned from walks."""

    def __init__(self, seed: int = 1) -> None:
        """Start knowing nothing."""
        self._chance = random.Random(seed)
        self._worth: dict[tuple[int, _Place], list[float]] = {}

    def walk(self, level: int, grid: _Grid, *, learn: bool) -> Walk:
        """Walk once: exploring and learning, or as well as it can. One step in ten slips to a side."""
        chance, fields = self._chance, grid.tolist()
        place, places, reward = _START, [_START], 0.0
        while len(places) <= LONGEST:
            worth = self._worths(level, place)
            move = chance.randrange(4) if learn and chance.random() < 0.2 else self._best(worth)
            taken = (move + chance.choice((1, 3))) % 4 if chance.random() < 0.1 else move
            there = (place[0] + _MOVES[taken][0], place[1] + _MOVES[taken][1])
            if not _inside(there) or fields[there[0]][there[1]] == _WALL:
                there = place
            got = _REWARDS.get(fields[there[0]][there[1]], _STEP)
            over = got != _STEP
            if learn:
                ahead = 0.0 if over else max(self._worths(level, there))
                worth[move] += 0.3 * (got + 0.97 * ahead - worth[move])
            place, reward = there, reward + got
            places.append(place)
            if over:
                break
        return Walk(places=places, reward=round(reward, 2), success=fields[place[0]][place[1]] == _FLAG)

    def _worths(self, level: int, place: _Place) -> list[float]:
        return self._worth.setdefault((level, place), [0.0] * len(_MOVES))

    def _best(self, worth: list[float]) -> int:
        most = max(worth)
        return self._chance.choice([move for move, value in enumerate(worth) if value == most])


def film(grid: _Grid, walk: Walk) -> _Grid:
    """Return the frames of a walk: uint8, (frames, 3, height, width)."""
    board = _COLOURS[grid]
    frames = []
    for place in walk.places:
        frame = board.copy()
        frame[place] = _ROBOT
        frames.append(frame)
        if grid[place] == _FLOOR:
            board[place] = _TRAIL
    large = np.stack([frames[0], *frames, frames[-1], frames[-1]]).repeat(_PIXELS, axis=1).repeat(_PIXELS, axis=2)
    return large.transpose(0, 3, 1, 2)


def walks_table(robot: Robot, walks: int, form: str) -> wbtable.Table:
    """Return a table with a row for each of some walks on each level."""
    table = wbtable.Table(columns=COLUMNS)
    for level in range(1, LEVELS + 1):
        grid = maze(level)
        for number in range(walks):
            walk = robot.walk(level, grid, learn=False)
            ending = "reaches the goal" if walk.success else "fails"
            video = wbtable.Video(film(grid, walk), caption=f"level {level}, {ending}", fps=8, format=form)
            table.add_data(f"{level}-{number}", level, walk.success, walk.reward, len(walk.places) - 1, video)
    return table


def train_and_log(store: wbtable.Store, walks: int, form: str) -> list[wbtable.Version]:
    """Train in one run, which logs reward and success of each walk; return a version for each stage."""
    mazes = {level: maze(level) for level in range(1, LEVELS + 1)}
    robot = Robot()
    versions = []
    config = {"levels": LEVELS, "explores": 0.2, "slips": 0.1, "learning_rate": 0.3, "discount": 0.97}
    with wbtable.init(project=PROJECT, name="q-learning", config=config, store=store) as run:
        done = 0
        for stage in STAGES:
            for _ in range(done, stage):
                walked = [robot.walk(level, grid, learn=True) for level, grid in mazes.items()]
                values = [walk.reward for walk in walked]
                run.log({"reward": float(np.mean(values)), "success": float(np.mean([w.success for w in walked]))})
            done = stage
            artifact = wbtable.Artifact(NAME, type="episodes", metadata={"trained_on": stage})
            artifact.add(walks_table(robot, walks, form), KEY)
            versions.append(run.log_artifact(artifact))
    return versions


def ask(versions: list[wbtable.Version]) -> None:
    """Print the success by level after each stage, and the best of the few that succeed on the highest levels."""
    for version in versions:
        by_level = version.get(KEY).view(group="level", cells={"rate": "avg(success)"}, sort="level").to_arrow()
        rates = "  ".join(f"{rate:>4.0%}" for rate in by_level["rate"].to_pylist())
        print(f"  after {version.metadata['trained_on']:>3} walks a level, success on levels 1 to {LEVELS}: {rates}")
    few = versions[-1].get(KEY).view(filter=f"success and level >= {LEVELS - 1}", sort="reward desc")
    best = few.window(0, 3, columns=["episode", "reward", "steps"]).to_pylist()
    told = ", ".join(f"{row['episode']} ({row['steps']} steps)" for row in best)
    print(f"  walks that succeed on the last two levels: {len(few)}" + (f"; best: {told}" if best else ""))


def run(folder: Path, *, walks: int = 4) -> None:
    """Train, film and log to the store in `folder`, ask it."""
    form = "mp4" if importlib.util.find_spec("av") else "gif"
    if form == "gif":
        print("  PyAV is not installed (pip install 'wbtable[video]'): the films are GIFs")
    store = open_store(folder)
    versions = train_and_log(store, walks, form)
    for version in versions:
        print(f"  logged {version.qualified_name} ({version.size / 1e3:,.0f} kB)")
    ask(versions)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--walks", type=int, default=4, help="walks that are filmed, on each level after each stage")
    arguments = parser.parse_args()
    run(arguments.store, walks=arguments.walks)


if __name__ == "__main__":
    main()
