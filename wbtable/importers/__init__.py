"""Other systems' files into ours: W&B's artifacts, tables and runs, and folders of media."""

from __future__ import annotations
