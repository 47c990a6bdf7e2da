"""Views, names, expressions and exports that are hostile: each test tries the attack."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.viewer_security.conftest import FORMULAS, NAME, Trap

if TYPE_CHECKING:
    from tests.viewer_security.client import Client


def test_errors_are_json_whatever_was_asked(client: Client) -> None:
    script = "<script>alert(1)</script>"
    for found in (
        client.get(f"/api/artifacts?project={script.replace('<', '%3C').replace('>', '%3E')}"),
        client.post("/api/view", {"view": {"source": {"kind": script}}}),
        client.get("/%3Cscript%3Ealert(1)%3C/script%3E"),
        client.post("/api/export", {"view": {}, "format": script}),
    ):
        assert found.headers["content-type"] == "application/json"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.body[:1] == b"{"


@pytest.mark.parametrize(
    "url",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/a",
        "open:1",
        "open:-1",
        "s3://bucket/a",
        "../../secret",
        "open:0/../x",
    ],
)
def test_a_view_opens_nothing_that_the_server_did_not(client: Client, url: str) -> None:
    found = client.post("/api/rows", {"view": {"source": {"kind": "table", "tables": [{"url": url}]}}})
    assert found.status == 400
    compared = {"kind": "compare", "tables": [{"url": url}, {"url": url}]}
    assert client.post("/api/compare", {"view": {"source": compared}}).status == 400
    assert client.post("/api/keys", {"tables": [{"url": url}]}).status == 400


@pytest.mark.parametrize(
    "place",
    [
        {"project": "../trap", "artifact": "things", "version": "v0", "path": "things.table.json"},
        {"project": "trap", "artifact": "../../etc", "version": "v0", "path": "passwd"},
        {"project": "trap", "artifact": "things", "version": "../v0", "path": "things.table.json"},
        {"project": "trap", "artifact": "things", "version": "v0", "path": "../../../wbtable.json"},
        {"project": "trap", "artifact": "things", "version": "v0", "path": "secret.txt"},
        {"project": "trap", "artifact": "things", "version": "v0", "path": "/etc/passwd"},
    ],
)
def test_names_never_become_paths(client: Client, place: dict[str, str]) -> None:
    found = client.post("/api/rows", {"view": {"source": {"kind": "table", "tables": [place]}}})
    assert found.status in {400, 404, 422}


@pytest.mark.parametrize(
    "expression",
    [
        "1; DROP TABLE t",
        "id) OR (1=1",
        "id == 1 UNION SELECT 1",
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd') == ''",
        "id IN (SELECT 1)",
        "getenv('HOME') == ''",
        "'a' || current_setting('home_directory') == ''",
        "install('httpfs')",
        "pragma_version()",
        "id::varchar == ''",
        '"id" -- comment',
        "/* */ id",
        "$1",
        "?",
        "glob('/*')",
        "query('select 1')",
        "eval('1')",
        "__import__('os')",
        "id.__class__",
        "{{nonce}}",
        "(" * 5000 + "1" + ")" * 5000,
        "not " * 20_000,
    ],
)
def test_an_expression_asks_of_rows_only(client: Client, trap: Trap, expression: str) -> None:
    for request in (
        {"view": {**trap.view, "filter": expression}},
        {"view": {**trap.view, "sort": [{"expression": expression, "order": "asc"}]}},
        {"view": {**trap.view, "derive": [{"name": "x", "expression": expression}]}},
    ):
        found = client.post("/api/rows", request)
        assert found.status == 400, (found.status, found.body[:300])
        assert b"passwd" not in found.body.replace(expression.encode(), b"").replace(b"/etc/passwd", b"")


def test_text_is_text_in_an_expression(client: Client, trap: Trap) -> None:
    """What a value holds is a parameter of the query, never a part of it."""
    for text in ("' OR '1'='1", "'; DROP TABLE t; --", "\\' OR 1=1", "%", "\x00"):
        literal = json.dumps(text, ensure_ascii=False)
        found = client.post("/api/count", {"view": {**trap.view, "filter": f"formula == {literal}"}})
        assert (found.status, found.json().get("rows")) in {(200, 0), (400, None)}, text


def test_hostile_names_of_columns_and_files_stay_data(client: Client, trap: Trap) -> None:
    found = client.post("/api/rows", {"view": trap.view, "offset": 0, "count": 2})
    assert NAME in [column["name"] for column in found.json()["columns"]]
    quoted = f"`{NAME}`"
    kept = client.post("/api/count", {"view": {**trap.view, "filter": f"contains({quoted}, '0')"}})
    assert (kept.status, kept.json()["rows"]) == (200, 1)


def test_csv_is_safe_to_open_in_a_spreadsheet(client: Client, trap: Trap) -> None:
    view = {**trap.view, "columns": [{"name": "formula"}, {"name": "number"}]}

    def column(name: str, **more: object) -> list[str]:
        made = client.post("/api/export", {"view": view, "format": "csv", **more})
        assert made.headers["content-disposition"] == 'attachment; filename="view.csv"'
        return [row[name] for row in csv.DictReader(io.StringIO(made.body.decode(), newline=""))]

    assert column("formula") == [("'" if text[0] in "=+-@\t\r\n\uff1d" else "") + text for text in FORMULAS]
    assert column("formula", formulas=True) == FORMULAS
    # A number is no text: a minus there is no formula.
    assert set(column("number")) == {"-1.5"}
    head = client.post("/api/export", {"view": trap.view, "format": "csv"}).body.decode().partition("\n")[0]
    assert NAME in head.replace('""', '"')


def test_names_in_a_zip_are_made_here(client: Client, trap: Trap) -> None:
    made = client.post("/api/export", {"view": trap.view, "format": "zip", "name": "../../evil"})
    assert made.headers["content-disposition"] == 'attachment; filename="view.zip"'
    with zipfile.ZipFile(io.BytesIO(made.body)) as found:
        names = found.namelist()
        assert len(names) > 1
        for name in names:
            assert re.fullmatch(r"view\.csv|view_media/[0-9a-f]{64}\.(png|html)", name), name
        assert len(set(names)) == len(names)
        for name in names[1:]:
            assert hashlib.sha256(found.read(name)).hexdigest() == name.partition("/")[2].partition(".")[0]


def test_no_link_of_a_view_runs_anything(client: Client, trap: Trap) -> None:
    """A view document may name anything; what comes back is a document, and a link that begins with a query."""
    hostile = {**trap.view, "columns": [{"name": "id", "title": "javascript:alert(1)"}], "title": "javascript:alert(1)"}
    found = client.post("/api/view", {"view": hostile})
    if found.status == 200:
        assert not found.json()["link"].startswith("javascript:")
    else:
        assert found.code == "usage"
