"""A report as one HTML file, which needs and fetches nothing (spec: 18-reports, REPORT-6)."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.viewer.frames import plotly_script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.format.documents import Json

STATIC: Final = Path(__file__).parent / "static"
ENTRY: Final = "js/report_file.js"
PARTS: Final = "js/report_parts.js"
SCENES: Final = "js/report_scenes.js"
STYLES: Final = ("css/tokens.css", "css/media.css", "css/report.css")
_IMPORT: Final = re.compile(r'^import\s+(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+"([^"]+)";\s*$', re.MULTILINE)
_LATER: Final = re.compile(r'await import\("([^"]+)"\)')
_DECLARED: Final = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|class)\s+(\w+)", re.MULTILINE)
_LISTED: Final = re.compile(r"export\s*\{([^}]*)\};?\s*$")
_COMMENT: Final = re.compile(r"^\s*(?://.*|/\*\*.*\*/|\*.*|/\*\*|\*/)$\n?", re.MULTILINE)


@functools.lru_cache(maxsize=4)
def script(*, scenes: bool = False, figures: bool = False) -> str:
    """Return the one script of a file: the page's own modules in one scope each, in the order of their imports.

    Args:
        scenes: with what draws point clouds and meshes.
        figures: with the script of the installed plotly, which runs only in the frames of figures.

    Raises:
        MissingExtraError: plotly is not installed.

    """
    done: dict[Path, str] = {}
    if scenes:
        _bundle((STATIC / SCENES).resolve(), done)
    parts = (STATIC / PARTS).resolve()
    if figures:
        _bundle(parts, done)
        # A function that only the frame of a figure calls: elsewhere its text is never run.
        code = plotly_script().replace("\r", "").replace("</script", "<\\/script").replace("<!--", "<\\!--")
        done[Path("plotly")] = f"{_scope(parts)}.parts.plotly = () => {{\n{code}\nreturn window.Plotly;\n}};"
    _bundle((STATIC / ENTRY).resolve(), done)
    return "\n".join(done.values())


def _bundle(path: Path, done: dict[Path, str]) -> None:
    """Put a module behind those that it imports, also those that the page loads later only."""
    if path in done:
        return
    text = path.read_text("utf-8")
    lines = []
    if "vendor" not in path.parts:
        text = _COMMENT.sub("", text)
        for match in _LATER.finditer(text):
            _bundle((path.parent / match[1]).resolve(), done)
        text = _LATER.sub(lambda match: _scope(path.parent / match[1]), text)
    for match in _IMPORT.finditer(text):
        target = (path.parent / match[2]).resolve()
        _bundle(target, done)
        names = match[1]
        bound = names.removeprefix("*").strip().removeprefix("as ") if names.startswith("*") else names
        lines.append(f"const {bound.replace(' as ', ': ')} = {_scope(target)};")
    text = _IMPORT.sub("", text)
    listed = _LISTED.search(text)
    exported = [(name, name) for name in _DECLARED.findall(text)]
    if listed is not None:
        text = text[: listed.start()]
        for part in listed[1].split(","):
            inner, _, outer = part.strip().partition(" as ")
            exported.append((outer or inner, inner))
    text = re.sub(r"^export\s+", "", text, flags=re.MULTILINE)
    given = ", ".join(f"{outer}: {inner}" for outer, inner in exported)
    imported = "\n".join(lines)
    done[path] = f"const {_scope(path)} = (() => {{\n{imported}\n{text.strip()}\nreturn {{ {given} }};\n}})();"


def _scope(path: Path) -> str:
    return "m_" + re.sub(r"\W", "_", path.stem)


@functools.cache
def style() -> str:
    """Return the one style sheet of a file."""
    return "\n".join((STATIC / name).read_text("utf-8") for name in STYLES)


@functools.cache
def licence(*names: str) -> str:
    """Return the licences of libraries that are part of the script, as a comment; plotly's stands in its own text."""
    text = (STATIC / "vendor" / "LICENCES.txt").read_text("utf-8")
    parts = [part.strip() for part in re.split(r"^={20,}$", text, flags=re.MULTILINE)]
    found = [next(part for part in parts if part.startswith(f"{name} ")) for name in names]
    return "/*\n{}\n*/".format("\n\n".join(found).replace("*/", "* /"))


def policy(code: str, look: str) -> str:
    """Return the Content-Security-Policy of a file: its one script and its one style, by their bytes."""
    return (
        f"default-src 'none'; script-src 'sha256-{_hash(code)}'; style-src 'sha256-{_hash(look)}'; "
        "img-src data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def data_text(value: Json) -> str:
    """Return JSON that no parser of HTML takes for anything else."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "replace").decode()


def _unscripted(report: Json) -> str:
    """Return what stands in a file whose script may not run: its words, as they were written."""
    texts = [panel["text"] for panel in report["panels"] if panel.get("kind") == "markdown"]
    about = [str(report["description"])] if report.get("description") else []
    words = "".join(f"<pre>{html.escape(text)}</pre>" for text in [*about, *texts])
    return (
        f"<h1>{html.escape(str(report['title']))}</h1><p><strong>JavaScript is switched off: the text of this report "
        f"stands below as it was written; allow its own script to see its tables.</strong></p>{words}"
    ).translate({0x2028: "\n", 0x2029: "\n"})


def page(
    report: Json, blobs: Iterable[tuple[str, str, bytes]], *, scenes: bool = False, figures: bool = False
) -> Iterable[str]:
    """Yield the parts of a file.

    Args:
        report: what `report_file.js` shows.
        blobs: name, media type and bytes of each blob that lies in it.
        scenes: whether its script draws point clouds and meshes.
        figures: whether it draws figures.

    """
    names = ("marked", "three") if scenes else ("marked",)
    code = f"{licence(*names)}\n{script(scenes=scenes, figures=figures)}"
    look = style()
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(code, look)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="generator" content="wbtable">\n'
        f"<title>{html.escape(str(report['title']))}</title>\n<style>{look}</style></head>\n"
        '<body class="report-file"><main id="report" class="report">'
        f"<noscript>{_unscripted(report)}</noscript></main>\n"
        f'<script type="application/json" id="data">{data_text(report)}</script>\n'
    )
    for name, kind, data in blobs:
        body = base64.b64encode(data).decode()
        yield f'<script type="text/plain" id="b-{name}" data-type="{kind}">{body}</script>\n'
    yield f'<script type="module">{code}</script>\n</body></html>\n'
