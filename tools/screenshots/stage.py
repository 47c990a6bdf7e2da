"""What is photographed, and how it looks there: scenes, looks, and the servers that scenes are played at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlencode

from playwright.sync_api import expect

import wbtable
from examples import fashion_mnist, grid_world, prompts, songs, streets
from tests.page import harness, workspace_store
from tests.page.made_table import long
from tests.page.media_table import write_media

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from wbtable.viewer.server import Server

Play: TypeAlias = "Callable[[Stage, Page], None]"
PREDICTIONS: Final = "fashion-mnist/baseline:latest"
TABLES: Final = {"fashion-mnist": fashion_mnist.KEY, "street-scenes": streets.KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a scene is looked at.

    Attributes:
        name: what the picture's file is called by, after the scene.
        size: width and height of the window, in pixels of CSS.
        scale: pixels of the screen for each of them: 2 in half the window is a zoom of 200 %.
        theme: what the system prefers.
        forced: whether the system's colours are forced on the page, as high contrast does.
        still: whether the system asks for less motion.

    """

    name: str
    size: tuple[int, int] = (1280, 800)
    scale: float = 1
    theme: Literal["light", "dark"] = "light"
    forced: bool = False
    still: bool = False


LIGHT: Final = Look(name="light")
DARK: Final = Look(name="dark", theme="dark")
BOTH: Final = (LIGHT, DARK)
FURTHER: Final = (
    Look(name="1920x1080", size=(1920, 1080)),
    Look(name="3840x2160", size=(3840, 2160)),
    Look(name="zoom-200", size=(640, 400), scale=2),
    Look(name="forced-colours", forced=True),
    Look(name="forced-dark", forced=True, theme="dark"),
    Look(name="reduced-motion", still=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A page in a state.

    Attributes:
        name: what its pictures are called.
        play: brings a new page there, and returns once it shows.
        looks: how it is looked at.
        whole: whether the picture shows all of the page's length, not its window alone.
        held: how many requests the scene leaves without an answer.

    """

    name: str
    play: Play
    looks: tuple[Look, ...] = BOTH
    whole: bool = False
    held: int = 0


class Scenes(list[Scene]):
    """Scenes in the order in which they are played; functions are added as they are defined."""

    def __call__(self, *looks: Look, whole: bool = False, held: int = 0) -> Callable[[Play], Play]:
        """Add a function under its name; further looks come after light and dark."""

        def added(play: Play) -> Play:
            name = play.__name__.strip("_").replace("_", "-")
            self.append(Scene(name=name, play=play, looks=(*BOTH, *looks), whole=whole, held=held))
            return play

        return added


class Stage:
    """The stores that scenes show, made when they are first asked for, and the servers that show them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._serve = harness.Servers()

    def close(self) -> None:
        """End the servers."""
        self._serve.close()

    @cached_property
    def demo(self) -> Path:
        """The store of the demo and of the further examples."""
        folder = self.folder / "demo"
        if folder.exists():
            return folder
        fashion_mnist.run(folder, epochs=5, train=1000, test=300)
        songs.run(folder, songs=6)
        streets.run(folder, scenes=16, training=16)
        prompts.run(folder)
        grid_world.run(folder, walks=3)
        return folder

    @cached_property
    def workspace(self) -> Path:
        """A store of many runs; one failed, one is damaged, one crashed."""
        folder = self.folder / "workspace"
        if folder.exists():
            return folder
        store = workspace_store.workspace(folder)
        workspace_store.add_run(
            store, "digits", "gone", number=50, name="went away", rows=workspace_store.learning(0.05), exit_code=None
        )
        workspace_store.damage(store, "runs/run005/attempts")
        return folder

    @cached_property
    def media(self) -> Path:
        """A table with every kind of media; a damaged picture and a missing one."""
        folder = self.folder / "media"
        return folder if folder.exists() else write_media(folder)

    @cached_property
    def rows(self) -> Path:
        """A table of very many rows."""
        path = self.folder / "long.parquet"
        return path if path.exists() else long(self.folder, rows=2_000_000)

    @cached_property
    def empty(self) -> Path:
        """A store that nothing was logged to."""
        if not (self.folder / "empty").exists():
            wbtable.create_store(self.folder / "empty")
        return self.folder / "empty"

    def server(self, target: Any = None, *, store: Any = None, **options: Any) -> Server:
        """Return what serves something; the same is served once."""
        return self._serve.server(target, store=store, **options)

    def table(self, page: Page, name: str = PREDICTIONS, **view: Any) -> None:
        """Show a table of the demo, by the parts of a view as the address has them."""
        self.show(page, self.server(name, store=self.demo), **view)
        harness.wait_rows(page)

    def show(self, page: Page, server: Server, **query: Any) -> None:
        """Enter a server at an address."""
        texts = {
            key: value if isinstance(value, str) and key != "height" else json.dumps(value)
            for key, value in query.items()
        }
        page.goto(f"{server.origin}/?{urlencode(texts)}#token={server.state.sessions.token}")
        expect(page.locator("#app .grid, #app main, #app .state").first).to_be_visible()

    def compare(self, page: Page, *names: str, mode: str = "join", **view: Any) -> None:
        """Show versions of a table of the demo beside each other, or merged."""
        tables = []
        for name in names:
            project, _, rest = name.partition("/")
            artifact, _, version = rest.partition(":")
            path = f"{TABLES[project]}.table.json"
            tables.append({"project": project, "artifact": artifact, "version": version, "path": path})
        key = "scene" if names[0].startswith("street") else "id"
        source = {"kind": "compare", "tables": tables, "key": [key], "mode": mode, "how": "outer"}
        self.show(page, self.server(None, store=self.demo), source=source, **view)
