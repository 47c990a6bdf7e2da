"""How Chromium is started where a test or a benchmark looks at a page."""

from __future__ import annotations

from typing import Final

FLAGS: Final = (
    "--no-sandbox",  # containers lack what the sandbox needs; nothing but pages of this machine is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
