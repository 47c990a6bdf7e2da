"""The page's scripts as browsers get them: all that it begins with is one file, however many modules that is.

A browser takes some milliseconds for each module that it asks for, and the page begins with a hundred. Below the
address of their version, the first module therefore comes with all that it imports, each in a scope of its own, in the
order in which they would have run. It hands out these scopes; modules that come later get what they import from there,
so that each still runs once. Without a version all files are as they are written.

Modules import and export as :func:`read_module` understands it. Where one does not, all are served as they are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST: Final = "js/app.js"
_VENDOR: Final = "vendor/"
_IMPORT: Final = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(\.[^"]+)";$', re.MULTILINE)
_PASSED_ON: Final = re.compile(r'^export (\{[^}]*\}) from "(\.[^"]+)";$', re.MULTILINE)
_LISTED: Final = re.compile(r"^export (\{[^}]*\});$", re.MULTILINE)
_DECLARED: Final = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import|export)\b(?!\().*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a module imports and exports.

    Attributes:
        name: its file, below the folder of static files.
        imports: what it binds, and of which module: names as inside braces, or ``* as`` a name.
        exports: the names inside by the names outside.
        passed_on: what it exports of other modules, as `imports`.
        functions: those of its exports that are functions, which can be called however late they are there.
        body: its text without imports and exports.

    """

    name: str
    imports: tuple[tuple[str, str], ...]
    exports: dict[str, str]
    passed_on: tuple[tuple[str, str], ...]
    functions: frozenset[str]
    body: str


def read_module(name: str, text: str) -> Module:
    """Read a module.

    Raises:
        FormatError: it imports or exports otherwise than the page's modules do.

    """
    imports = tuple((match[1], _target(name, match[2])) for match in _IMPORT.finditer(text))
    passed_on = tuple((match[1], _target(name, match[2])) for match in _PASSED_ON.finditer(text))
    exports = {match[2]: match[2] for match in _DECLARED.finditer(text)}
    functions = {match[2] for match in _DECLARED.finditer(text) if "function" in match[1]}
    for match in _LISTED.finditer(text):
        exports |= {outer: inner for inner, outer in _pairs(match[1])}
    body = _PASSED_ON.sub("", _LISTED.sub("", _IMPORT.sub("", text)))
    body = _DECLARED.sub(lambda match: f"{match[1]} {match[2]}", body)
    other = _OTHER.search(body)
    if other is not None:
        raise FormatError(f"expected other imports and exports than {other[0]:.80}", place=name)
    return Module(
        name=name,
        imports=imports,
        exports=exports,
        passed_on=passed_on,
        functions=frozenset(functions),
        body=body.strip(),
    )


def _target(name: str, asked: str) -> str:
    return normpath(str(PurePosixPath(name).parent / asked))


def _pairs(names: str) -> list[tuple[str, str]]:
    """Return the names on both sides of each `as` within braces; the same twice where there is none."""
    found = []
    for part in filter(None, (each.strip() for each in names.strip("{} \n").split(","))):
        first, _, second = part.partition(" as ")
        found.append((first.strip(), (second or first).strip()))
    return found


def scope_of(name: str) -> str:
    """Return what the scope of a module is called."""
    return f"{'v' if name.startswith(_VENDOR) else 'm'}_{PurePosixPath(name).stem}"


@dataclass(slots=True)
class Bundle:
    """The first module with all that it imports; begun with :func:`bundle`.

    Attributes:
        modules: those that are in it, by their files, in the order in which they run.
        vendor: the libraries that they import, which stay files of their own.
        text: the whole.

    """

    read: Callable[[str], str]
    modules: dict[str, Module] = field(default_factory=dict)
    vendor: list[str] = field(default_factory=list)
    _open: dict[str, Module] = field(default_factory=dict)
    _parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The script."""
        heads = [f'import * as {scope_of(name)} from "../{name}";' for name in self.vendor]
        scopes = ", ".join(scope_of(name) for name in self.modules)
        return "\n".join([*heads, *self._parts, f"export {{ {scopes} }};", ""])

    def add(self, name: str) -> None:
        """Put a module behind those that it imports.

        Raises:
            FormatError: it cannot be read, or needs of one that imports it what is not there yet.

        """
        if name.startswith(_VENDOR):
            if name not in self.vendor:
                self.vendor.append(name)
            return
        if name in self.modules or name in self._open:
            return
        module = self._open[name] = read_module(name, self.read(name))
        for _, target in (*module.imports, *module.passed_on):
            self.add(target)
        lines = [self._bound(names, target) for names, target in module.imports]
        out = [outer if inner == outer else f"{outer}: {inner}" for outer, inner in module.exports.items()]
        for names, target in module.passed_on:
            out += [f"{outer}: {scope_of(target)}.{inner}" for inner, outer in _pairs(names)]
        head = "\n".join(lines)
        inside = f"{head}\n{module.body}\nreturn {{ {', '.join(out)} }};"
        self._parts.append(f"// {name}\nconst {scope_of(name)} = (() => {{\n{inside}\n}})();")
        del self._open[name]
        self.modules[name] = module

    def _bound(self, names: str, target: str) -> str:
        """Return what binds the names of an import."""
        scope = scope_of(target)
        if target in self._open:
            # It imports, however indirectly, the one that asks: what it has is there once something is called.
            return self._bound_later(names, self._open[target], scope)
        if names.startswith("*"):
            return f"const {names.removeprefix('* as ')} = {scope};"
        parts = [inner if inner == outer else f"{inner}: {outer}" for inner, outer in _pairs(names)]
        return f"const {{ {', '.join(parts)} }} = {scope};"

    @staticmethod
    def _bound_later(names: str, module: Module, scope: str) -> str:
        if names.startswith("*"):
            parts = [f"get {name}() {{ return {scope}.{name}; }}" for name in module.exports]
            return f"const {names.removeprefix('* as ')} = {{ {', '.join(parts)} }};"
        pairs = _pairs(names)
        missing = [inner for inner, _ in pairs if inner not in module.functions]
        if missing:
            raise FormatError(f"expected functions of what imports this, found {missing}", place=module.name)
        return "\n".join(f"const {outer} = (...given) => {scope}.{inner}(...given);" for inner, outer in pairs)


def bundle(read: Callable[[str], str]) -> Bundle:
    """Return the first module with all that it imports.

    Args:
        read: gives the text of a file, by its name below the folder of static files.

    Raises:
        FormatError: one of them cannot be read.

    """
    made = Bundle(read)
    made.add(FIRST)
    return made


def served(name: str, text: str, first: Bundle) -> str:
    """Return a module as it stands beside the bundle: one that is in it hands out what is there.

    Args:
        name: its file.
        text: what stands in it.
        first: what the page begins with.

    """
    if name == FIRST:
        return first.text
    file = PurePosixPath(FIRST).name
    found = first.modules.get(name)
    if found is not None:
        names = [*found.exports, *(outer for names, _ in found.passed_on for _, outer in _pairs(names))]
        scope = scope_of(name)
        return f'import {{ {scope} }} from "./{file}";\nexport const {{ {", ".join(names)} }} = {scope};\n'

    def handed(match: re.Match[str]) -> str:
        target = _target(name, match[2])
        if target not in first.modules:
            return match[0]
        scope = scope_of(target)
        if match[1].startswith("*"):
            return f'import {{ {scope} as {match[1].removeprefix("* as ")} }} from "./{file}";'
        parts = [inner if inner == outer else f"{inner}: {outer}" for inner, outer in _pairs(match[1])]
        return f'import {{ {scope} }} from "./{file}"; const {{ {", ".join(parts)} }} = {scope};'

    return _IMPORT.sub(handed, text)
