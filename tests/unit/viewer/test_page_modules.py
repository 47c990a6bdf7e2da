"""The page's modules in one file: as they would run one by one."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wbtable.errors import FormatError
from wbtable.viewer.page_modules import bundle, read_module, served

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {
    "js/app.js": """
import { count, later as told } from "./state.js";
import * as names from "./names.js";
import { lib } from "../vendor/lib.js";
export { A } from "./names.js";
console.log("app", count, told(), names.A, names.b(), lib);
void import("./late.js").then((found) => console.log("late", found.value, found.same(names.b)));
""",
    "js/state.js": """
import { b as from } from "./names.js";
export const count = 2;
export function later() { return from() + count; }
console.log("state");
""",
    "js/names.js": """
import * as state from "./state.js";
import { later } from "./state.js";
const a = 1;
export { a as A };
export function b() { return a + 10; }
export async function both() { return later() + state.count; }
console.log("names");
""",
    "js/late.js": """
import { count } from "./state.js";
import * as names from "./names.js";
export const value = count + names.A;
export const same = (other) => other === names.b;
""",
    "vendor/lib.js": 'const lib="lib";export{lib};\n',
}


def run(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(["node", folder / "js/app.js"], capture_output=True, text=True, check=True)
    return done.stdout


def test_modules_run_as_they_do_one_by_one(tmp_path: Path) -> None:
    first = bundle(MODULES.__getitem__)
    assert list(first.modules) == ["js/names.js", "js/state.js", "js/app.js"]
    made = {name: served(name, text, first) if name.startswith("js/") else text for name, text in MODULES.items()}
    said = run(tmp_path / "one", made)
    assert said == run(tmp_path / "each", MODULES)
    assert said.splitlines() == ["names", "state", "app 2 13 1 11 lib", "late 3 true"]


def test_a_module_of_the_bundle_hands_out_what_is_there() -> None:
    first = bundle(MODULES.__getitem__)
    stub = served("js/names.js", MODULES["js/names.js"], first)
    assert stub == 'import { m_names } from "./app.js";\nexport const { b, both, A } = m_names;\n'
    assert served("js/late.js", MODULES["js/late.js"], first).splitlines()[1:3] == [
        'import { m_state } from "./app.js"; const { count } = m_state;',
        'import { m_names as names } from "./app.js";',
    ]


@pytest.mark.parametrize(
    "text",
    [
        'import first from "./names.js";',
        "export default 1;",
        "export let a = 1;",
        'import "./names.js";',
        'export * from "./names.js";',
    ],
)
def test_other_ways_to_import_and_export_are_refused(text: str) -> None:
    with pytest.raises(FormatError, match="imports and exports"):
        read_module("js/a.js", text)


def test_what_two_modules_need_of_each_other_at_once_is_refused() -> None:
    texts = {
        "js/app.js": 'import { a } from "./a.js";\nexport const b = 1;',
        "js/a.js": 'import { b } from "./app.js";\nexport const a = b;',
    }
    with pytest.raises(FormatError, match="functions"):
        bundle(texts.__getitem__)
