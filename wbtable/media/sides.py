"""Media that are pictures: how many pixels they have."""

from __future__ import annotations

from wbtable.media import pillow
from wbtable.media.base import FileMedia


class Sided(FileMedia):
    """A picture, whose sides its cell says; where another writer left them out, its bytes do."""

    @property
    def width(self) -> int:
        """Pixels across, as stored."""
        found = self._fact("width")
        return pillow.header_of(self.bytes).width if found is None else int(found)

    @property
    def height(self) -> int:
        """Pixels down, as stored."""
        found = self._fact("height")
        return pillow.header_of(self.bytes).height if found is None else int(found)
