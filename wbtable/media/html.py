"""HTML documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from wbtable.errors import UsageError
from wbtable.format.tagged import utf8_text
from wbtable.format.types_media import HtmlType
from wbtable.media.base import FileMedia
from wbtable.media.payload import Payload, payload_of

_SUFFIXES = (".html", ".htm", ".xhtml")
_PATH_START = re.compile(r"(?:~?/|\.{1,2}/|[A-Za-z]:[\\/])\S*")


class Html(FileMedia):
    r"""An HTML document (MEDIA-15).

    Text is the document itself, unless it looks like a path: one line without ``<`` that ends in .html, .htm or .xhtml,
    or that begins with ``/``, ``./``, ``../``, ``~/`` or a drive, and has no blank. Such a file must exist.

    Args:
        data: the document, the path of its file, or an open file.
        inject: accepted as W&B does, and without effect: nothing is added to the document, no remote stylesheet either.
        data_is_not_path: take text as the document whatever it looks like.
        caption: text beside the document.

    Raises:
        NotFoundError: what looks like a path is no file.
        UsageError: the argument is none of those.

    """

    __slots__ = ()

    kind: ClassVar[str] = "html"

    def __init__(
        self,
        data: object,
        inject: bool = True,
        data_is_not_path: bool = False,
        caption: str | None = None,
    ) -> None:
        del inject
        if isinstance(data, str) and (data_is_not_path or not looks_like_path(data)):
            payload: Payload | None = Payload.of_text(utf8_text(data), "text/html")
        else:
            at_home = isinstance(data, str) and data.startswith("~")
            payload = payload_of(Path(str(data)).expanduser() if at_home else data, "Html")
        if payload is None:
            raise UsageError(f"expected HTML text, a path or an open file, found {type(data).__name__}")
        self._start(payload, caption)

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        del payload  # A browser shows any bytes as HTML.
        return "text/html", {}

    def column_type(self) -> HtmlType:
        """Return the type of an HTML column."""
        return HtmlType()

    @property
    def html(self) -> str:
        """The document's text: UTF-8, else Windows-1252, which browsers take when nothing says otherwise."""
        data = self.bytes
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")


def looks_like_path(text: str) -> bool:
    """Whether :class:`Html` takes text for a path."""
    if "<" in text or "\n" in text or len(text) > 4096:
        return False
    return text.lower().endswith(_SUFFIXES) or _PATH_START.fullmatch(text) is not None
