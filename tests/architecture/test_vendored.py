"""The vendored bundles are the ones whose sums are listed, and name no other place."""

from __future__ import annotations

import hashlib
import re

from tests.architecture.repository import PACKAGE

VENDORED = PACKAGE / "viewer/static/vendor"


def test_sums_hold_and_every_script_has_one() -> None:
    lines = (VENDORED / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert sums == {name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() for name in sums}
    # Types are written by hand: nothing of them is run.
    assert {path.name for path in VENDORED.iterdir() if not path.name.endswith(".d.ts")} == {*sums, "SHA256SUMS"}


def test_every_bundled_package_has_its_licence() -> None:
    text = (VENDORED / "LICENCES.txt").read_text("utf-8")
    found = re.findall(r"^={80}\n(\S+) (\S+) \((.+)\)$", text, re.MULTILINE)
    assert {"preact", "htm", "@preact/signals-core"} <= {name for name, _, _ in found}
    assert {licence for _, _, licence in found} <= {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"}


def test_no_script_of_the_page_names_another_host() -> None:
    """Addresses of namespaces are names, and one stands in the words of an error: nothing is asked of them."""
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"}
    names.add("https://github.com/markedjs/marked.")
    for path in (PACKAGE / "viewer/static").rglob("*.js"):
        found = set(re.findall(r"https?://[^\s\"'`)\\]+", path.read_text("utf-8")))
        assert found <= names, path.name
