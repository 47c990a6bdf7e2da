"""What needs Node is not collected without it, and the report says so; in CI it is there (`make test-servers`)."""

from __future__ import annotations

import os
import shutil

from tests.architecture.repository import ROOT

INSTALLED = shutil.which("node") is not None and (ROOT / "tools/vendor/node_modules/.bin/tsc").exists()
collect_ignore = [] if INSTALLED or "CI" in os.environ else ["test_page_sources.py"]


def pytest_report_header() -> str | None:
    return None if INSTALLED else "page's sources: not checked, because node's packages are missing (make test-servers)"
