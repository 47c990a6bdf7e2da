"""Documents of cells, for frames with an origin of their own."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Final

from wbtable.errors import FormatError, MissingExtraError

_SCRIPT: Final = "plotly.min.js"


def html_frame(data: bytes) -> str:
    """Return the text of an HTML document: UTF-8, else Windows-1252."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def plotly_frame(data: bytes) -> str:
    """Return a document that draws a figure with the script of the installed plotly.

    Raises:
        FormatError: it is no figure.
        MissingExtraError: plotly is not installed.

    """
    try:
        figure = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the figure is damaged: {error!s:.200}") from None
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise FormatError("expected the JSON of a figure: an object with a list as data")
    script = plotly_script().replace("</script", "<\\/script")
    parts = {key: figure.get(key) for key in ("data", "layout", "frames")}
    text = json.dumps(parts).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return (
        '<!doctype html><html><head><meta charset="utf-8"><style>html,body,#figure{margin:0;width:100%;height:100%}'
        f'</style><script>{script}</script></head><body><div id="figure"></div><script>const figure={text};'
        "Plotly.newPlot('figure',figure.data,Object.assign({},figure.layout,{autosize:true}),"
        "{responsive:true,displaylogo:false}).then(()=>{if(figure.frames)Plotly.addFrames('figure',figure.frames)});"
        "</script></body></html>"
    )


def plotly_script() -> str:
    """Return the script of the installed plotly.

    Raises:
        MissingExtraError: it is not installed.

    """
    spec = importlib.util.find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("drawing figures needs the package plotly: pip install plotly")
    path = Path(next(iter(spec.submodule_search_locations))) / "package_data" / _SCRIPT
    if not path.is_file():
        raise MissingExtraError(f"the installed plotly has no {_SCRIPT}: pip install --upgrade plotly")
    return path.read_text("utf-8")
