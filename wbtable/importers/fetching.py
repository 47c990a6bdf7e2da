"""Content that is only referred to, fetched where the user asked for that."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from wbtable.artifacts.references import open_reference
from wbtable.format.digest import BLOB
from wbtable.format.entry import Entry, Reference
from wbtable.importers.wandb_files import ArtifactFiles, ManifestEntry, inside
from wbtable.media import limits
from wbtable.storage.temporary import TemporaryFolder

_BLOCK: Final = 1 << 20


class Downloads:
    """Files fetched during one import; removed with it."""

    def __init__(self) -> None:
        """Fetch nothing yet."""
        self._folder = TemporaryFolder()
        self._found: dict[str, ArtifactFiles] = {}

    def close(self) -> None:
        """Remove what was fetched."""
        self._folder.remove()

    def files(self, uri: str) -> ArtifactFiles:
        """Return the content of a URI as the file ``content``; each URI is fetched once.

        Raises:
            StorageError: the server does not answer.
            FormatError: it sends more than a piece of media may have.

        """
        if uri not in self._found:
            folder = self._folder.path() / str(len(self._found))
            folder.mkdir()
            hasher = hashlib.md5(usedforsecurity=False)
            size = 0
            entry = Entry(path="content", media_type=BLOB, digest=None, size=None, reference=Reference(uri=uri))
            with open_reference(entry) as stream, (folder / "content").open("wb") as file:
                while block := stream.read(_BLOCK):
                    size += len(block)
                    limits.check_bytes(size)
                    hasher.update(block)
                    file.write(block)
            digest = base64.b64encode(hasher.digest()).decode()
            entries = {"content": ManifestEntry(path="content", digest=digest, size=size)}
            self._found[uri] = ArtifactFiles(entries, lambda found: inside(folder, found.path), lambda _uri: None)
        return self._found[uri]
