"""A server of a store that holds what an attacker would put into one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.viewer_security.client import Client
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = "<script>document.title='run'</script>"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=\'run\'">{SCRIPT}<circle r="9"/></svg>'.encode()
HTML = f"<!doctype html><title>quiet</title><p>hello</p>{SCRIPT}<img src=x onerror=\"document.title='run'\">"
NAME = "<img src=x onerror=alert(1)>"
FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "plain", "http://a"]


def gltf(uri: str) -> bytes:
    """Return a scene whose buffer lies at an address."""
    return json.dumps({"asset": {"version": "2.0"}, "buffers": [{"byteLength": 4, "uri": uri}]}).encode()


@dataclass(frozen=True, kw_only=True)
class Trap:
    """A store and what is in it.

    Attributes:
        store: its folder.

    """

    store: Path

    @property
    def view(self) -> dict[str, Any]:
        """A view of its table."""
        return {"source": {"kind": "table", "tables": [self.place]}}

    @property
    def place(self) -> dict[str, str]:
        return {"project": "trap", "artifact": "things", "version": "v0", "path": "things.table.json"}


def make_trap(folder: Path) -> Trap:
    """Make a store whose names, texts and files are attacks."""
    store = wbtable.create_store(folder)
    table = wbtable.Table(columns=["id", NAME, "formula", "number", "image", "html"])
    for row, text in enumerate(FORMULAS):
        picture = wbtable.Image(np.full((8, 8, 3), row, np.uint8), caption=NAME)
        table.add_data(row, f"{SCRIPT}{row}", text, -1.5, picture, wbtable.Html(HTML))
    files = {
        "evil.svg": SVG,
        "evil.html": HTML.encode(),
        "page.gltf": gltf("https://elsewhere.example/a.bin"),
        "own.gltf": gltf("data:application/octet-stream;base64,AAAAAA=="),
        "secret.txt": b"the content of a file",
    }
    made = folder.with_name("files")
    made.mkdir()
    draft = wbtable.Artifact("things", type="things")
    draft.add(table, "things")
    for name, data in files.items():
        (made / name).write_bytes(data)
        draft.add_file(str(made / name))
    store.commit(draft, project="trap")
    return Trap(store=folder)


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    return make_trap(tmp_path_factory.mktemp("trap") / "store")


@pytest.fixture(scope="module")
def server(trap: Trap) -> Iterator[Server]:
    with Server(lambda folder: open_thing(None, folder, str(trap.store))).start() as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    """A client with a session."""
    return Client(server)


@pytest.fixture(scope="module")
def stranger(server: Server) -> Client:
    """A client without one."""
    return Client(server, session=False)


@pytest.fixture(scope="module")
def refs(client: Client) -> dict[str, str]:
    """References to the files of the artifact, by their names."""
    found = client.get("/api/files?project=trap&artifact=things&version=v0").json()["files"]
    return {file["path"]: file["media"]["ref"] for file in found if file["media"]}
