"""Pieces of HTML for notebooks: everything is escaped, nothing runs, colours are those of the page's theme."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import WbtableError
from wbtable.format.readable_text import printable, text_of
from wbtable.integrations.cells import cell_text
from wbtable.media.image import Image
from wbtable.media.thumbnail import data_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EDGE: Final = 72
"""The greatest width and height of a thumbnail."""
MAX_PICTURES: Final = 120
"""So many thumbnails are shown at most; further images are shown as text."""

# Colours of JupyterLab and VS Code where they are set, else those that the browser's theme asks for.
STYLE: Final = """<style>
.wbtable{--wb-line:#d0d7de;--wb-dim:#59636e;--wb-head:#f6f8fa;font-size:13px;max-width:100%;overflow-x:auto}
@media (prefers-color-scheme:dark){.wbtable{--wb-line:#3d444d;--wb-dim:#9198a1;--wb-head:#151b23}}
.wbtable table{border-collapse:collapse;color:inherit;margin:4px 0}
.wbtable th,.wbtable td{border:1px solid var(--jp-border-color2,var(--vscode-panel-border,var(--wb-line)));
padding:3px 8px;text-align:left;vertical-align:top;max-width:320px;overflow-wrap:anywhere}
.wbtable th{background:var(--jp-layout-color2,var(--vscode-editorWidget-background,var(--wb-head)));color:inherit}
.wbtable small,.wbtable caption{color:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,var(--wb-dim)))}
.wbtable td.n{text-align:right;font-variant-numeric:tabular-nums}
.wbtable img{display:block;max-width:none}
.wbtable .sides{display:flex;gap:16px;align-items:flex-start}
</style>"""


class Pictures:
    """Makes thumbnails until there are enough.

    Attributes:
        left: how many may still be made.
        refused: how many were not made because there were enough.

    """

    __slots__ = ("left", "refused")

    def __init__(self) -> None:
        """Start with none."""
        self.left: int = MAX_PICTURES
        self.refused = 0

    def cell(self, value: Any) -> str:
        """Return a cell's value: images as thumbnails, all else as text."""
        if isinstance(value, Image):
            return self._picture(value)
        if isinstance(value, list) and value and all(isinstance(item, Image) for item in value):
            return "".join(self._picture(item) for item in value)
        return text("" if value is None else cell_text(value))

    def _picture(self, image: Image) -> str:
        if not self.left:
            self.refused += 1
            return text(cell_text(image))
        self.left -= 1
        title = text(cell_text(image))
        try:
            return f'<img src="{data_uri(image, EDGE)}" alt="{title}" title="{title}">'
        except (WbtableError, OSError) as error:
            return f"{title}<br><small>{text(str(error))}</small>"


def text(value: object) -> str:
    """Return text that cannot be anything but text, in an element or in an attribute."""
    return html.escape(printable(text_of(value)), quote=True)


def page(*parts: str) -> str:
    """Return parts as one block with its style."""
    return f'{STYLE}<div class="wbtable">{"".join(parts)}</div>'


def title(name: str, rest: str = "") -> str:
    """Return a line with a name in bold."""
    return f"<div><b>{text(name)}</b> {text(rest)}</div>"


def note(line: str) -> str:
    """Return a line in a dim colour."""
    return f"<div><small>{text(line)}</small></div>"


def fields(values: Mapping[str, object], heading: str = "") -> str:
    """Return names and values as a table of two columns; None and what is empty is left out."""
    shown = {name: value for name, value in values.items() if value is not None and value not in ("", [], {}, ())}
    if not shown:
        return ""
    rows = "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in shown.items())
    caption = f"<caption>{text(heading)}</caption>" if heading else ""
    return f"<table>{caption}<tbody>{rows}</tbody></table>"


def table(titles: Iterable[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """Return rows under titles; titles and cells are HTML already, and those in `numbers` are aligned right."""
    head = "".join(f"<th>{item}</th>" for item in titles)
    body = "".join(
        f"<tr>{''.join(f'<td class=n>{c}</td>' if i in numbers else f'<td>{c}</td>' for i, c in enumerate(row))}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def beside(blocks: Iterable[str]) -> str:
    """Return blocks, which are HTML already, side by side."""
    return f'<div class="sides">{"".join(f"<div>{block}</div>" for block in blocks)}</div>'
