"""Plotly figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from wbtable.errors import FormatError, MissingExtraError, UsageError
from wbtable.format.types_media import FigureType
from wbtable.media.base import FileMedia
from wbtable.media.jsontext import read_json, write_json
from wbtable.media.payload import Payload, payload_of

if TYPE_CHECKING:
    from types import ModuleType

CONTENT_TYPE = "application/vnd.plotly.v1+json"


class Plotly(FileMedia):
    """A Plotly figure, kept as its JSON (MEDIA-17).

    Args:
        val: a Plotly figure; a matplotlib figure, which the package plotly converts; the figure as a dict with
            ``data`` and ``layout``; or its JSON as text, bytes, an open file or a ``Path``.
        caption: text beside the figure.

    Raises:
        MissingExtraError: a matplotlib figure is given and plotly is not installed.
        UsageError: it is none of those.

    """

    __slots__ = ()

    kind: ClassVar[str] = "figure"

    def __init__(self, val: object, caption: str | None = None) -> None:
        self._start(_payload(val), caption)

    @classmethod
    def make_plot_media(cls, val: object) -> Plotly:
        """Return the figure; W&B's name for it."""
        return cls(val)

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        _figure(payload.read())
        return CONTENT_TYPE, {}

    def column_type(self) -> FigureType:
        """Return the type of a column of figures."""
        return FigureType()

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as a dict with ``data`` and mostly ``layout``.

        Raises:
            FormatError: the stored bytes are damaged.

        """
        return _figure(self.bytes)

    def figure(self) -> Any:
        """Return the figure as a ``plotly.graph_objects.Figure``.

        Raises:
            FormatError: the stored bytes are damaged, or plotly does not accept them.
            MissingExtraError: plotly is not installed.

        """
        graph_objects: Any = _plotly("a figure object").graph_objects
        try:
            return graph_objects.Figure(self.to_dict())
        except ValueError as error:
            raise FormatError(f"plotly does not accept the figure: {error!s:.200}") from None


def _payload(value: object) -> Payload:
    root = type(value).__module__.partition(".")[0]
    if root == "matplotlib":
        value = _from_matplotlib(value)
    if hasattr(value, "to_plotly_json"):
        value = value.to_plotly_json()
    if isinstance(value, dict):
        if not isinstance(value.get("data"), list | tuple):
            raise UsageError(f"expected a list as data of the figure, found {type(value.get('data')).__name__}")
        return Payload.of_bytes(write_json(value, "figure"), CONTENT_TYPE)
    payload = Payload.of_bytes(value.encode()) if isinstance(value, str) else payload_of(value, "Plotly")
    if payload is None:
        raise UsageError(f"expected a Plotly figure, its dict or its JSON, found {type(value).__name__}")
    return payload


def _from_matplotlib(value: object) -> Any:
    tools: Any = _plotly("a matplotlib figure").tools
    try:
        return tools.mpl_to_plotly(getattr(value, "figure", None) or value)
    except Exception as error:  # the converter lags behind matplotlib and raises whatever it meets
        raise UsageError(f"plotly cannot convert the matplotlib figure ({error!s:.200}): use Image(figure)") from error


def _plotly(what: str) -> ModuleType:
    try:
        import plotly
        import plotly.graph_objects
        import plotly.tools
    except ImportError as error:
        raise MissingExtraError(f"{what} needs the package plotly: pip install plotly") from error
    return cast("ModuleType", plotly)


def _figure(data: bytes) -> dict[str, Any]:
    found = read_json(data, "figure")
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise FormatError("expected the JSON of a figure: an object with a list as data")
    return found
