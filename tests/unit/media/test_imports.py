from __future__ import annotations

import subprocess
import sys


def test_media_imports_no_codec() -> None:
    names = {"PIL", "av", "soundfile", "plotly", "matplotlib", "torch"}
    code = f"import sys, wbtable.media; print({names} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"
