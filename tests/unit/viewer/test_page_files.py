"""The page's files: kept for good under the address of their version, compressed for those who take it."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from tests.viewer_security.client import Client
from wbtable.viewer import page_routes
from wbtable.viewer.headers import IMMUTABLE
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Serve a page of few files, and no data."""
    (tmp_path / "static/js").mkdir(parents=True)
    (tmp_path / "static/js/app.js").write_text("// long\n" * 200)
    (tmp_path / "static/js/short.js").write_text("// short\n")
    (tmp_path / "static/index.html").write_text('<script src="/static/js/app.js" nonce="{{nonce}}"></script>')
    monkeypatch.setattr(page_routes, "STATIC", tmp_path / "static")
    (tmp_path / "rows.csv").write_text("a\n1\n")
    page_routes.static_files.cache_clear()
    with Server(lambda folder: open_thing(tmp_path / "rows.csv", folder)).start() as server:
        yield Client(server)
    page_routes.static_files.cache_clear()


def address_of(client: Client) -> str:
    [found] = re.findall(r'src="(/static/[0-9a-f]{16}/js/app\.js)"', client.get("/").body.decode())
    return str(found)


def test_a_file_is_kept_for_good_under_the_address_of_its_version(client: Client, tmp_path: Path) -> None:
    address = address_of(client)
    found = client.get(address)
    assert found.headers["cache-control"] == IMMUTABLE
    assert client.get("/static/js/app.js").headers["cache-control"] == "no-cache"
    assert client.get(address, If_None_Match=found.headers["etag"]).status == 304
    # Another version has another address; a page that is still open gets what there is, and does not keep it.
    (tmp_path / "static/js/short.js").write_text("// changed\n")
    (tmp_path / "static/js/app.js").write_text("// new\n")
    stale = client.get(address)
    assert b"// new\n" in stale.body
    assert b"// long\n" not in stale.body
    assert stale.headers["cache-control"] == "no-cache"
    assert address_of(client) != address
    assert client.get(address_of(client)).headers["cache-control"] == IMMUTABLE
    unknown = client.get(f"/static/{'0' * 16}/js/app.js")
    assert (unknown.status, unknown.headers["cache-control"]) == (200, "no-cache")
    for wrong in (f"{address}x", address.replace("/js/", "/js/../js/"), address.replace("/js/", "/../")):
        assert client.get(wrong).status in {400, 404}


def test_files_are_compressed_for_those_who_take_it(client: Client) -> None:
    address = address_of(client)
    plain, packed = client.get(address), client.get(address, Accept_Encoding="br, gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in client.get("/static/js/short.js", Accept_Encoding="gzip").headers
