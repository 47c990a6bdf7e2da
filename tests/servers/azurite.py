"""Azurite, Microsoft's emulator of Azure Blob Storage, from npm (tests/servers/install)."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers.process import HOST, Processes, answers, free_port

ACCOUNT = "devstoreaccount1"
# The emulator's published key; it opens nothing else.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # noqa: S105, RUF100
_LOCAL = Path(__file__).parent / "node_modules" / ".bin" / "azurite-blob"


def program() -> str | None:
    """Return the emulator's program, None if it is not installed."""
    return str(_LOCAL) if _LOCAL.exists() else shutil.which("azurite-blob")


class Azurite:
    """The emulator of blobs.

    Attributes:
        endpoint: the account's URL.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes = Processes(folder)
        self.port = free_port()
        self.endpoint = f"http://{HOST}:{self.port}/{ACCOUNT}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        command = [program() or "azurite-blob", "--blobHost", HOST, "--blobPort", str(self.port)]
        command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
        self.processes.start("azurite", command)
        self.processes.wait_for(lambda: answers(self.endpoint), 90)

    def stop(self) -> None:
        """End it."""
        self.processes.stop()

    def options(self) -> dict[str, object]:
        """Return the storage options of the account."""
        text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.endpoint};"
        return {"connection_string": text}
