"""What a draft is once it was logged: the version that it became (spec: 10-artifacts)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.foreign import not_in_a_draft
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from wbtable.artifacts.version_content import VersionContent

_RECORDED: Final = ("name", "type", "description", "metadata")
"""What a draft says of itself, and the record of its version says from then on."""
_OF_A_VERSION: Final = ("aliases", "tags")
"""What only a version has."""


class Becoming:
    """Reads as a version from the moment at which it became one."""

    _version: VersionContent | None

    def _become(self, version: VersionContent) -> None:
        self._version = version
        for name in _RECORDED:
            self.__dict__.pop(name, None)

    def _check_open(self) -> None:
        if self._version is not None:
            msg = f"it was logged as {self._version.qualified_name}: change a new_draft() of that"
            raise UsageError(msg)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; of a version description, aliases and tags are said anew, and what else is recorded stays.

        Raises:
            UsageError: it became a version, whose record cannot say anything else; or it is none yet, and has no
                aliases and tags.

        """
        version = self.__dict__.get("_version")
        if name in _OF_A_VERSION:
            if version is None:
                raise UsageError(f"{name} are given to a version: use log_artifact(draft, {name}=...)")
            setattr(version, name, value)
        elif version is None or name not in _RECORDED:
            object.__setattr__(self, name, value)
        elif name == "description":
            version.description = value
        else:
            self._check_open()

    def __getattr__(self, name: str) -> Any:
        """Read everything else from the version that the draft became."""
        if name.startswith("_") or self._version is None:
            raise AttributeError(not_in_a_draft(name), name=name, obj=self)
        return getattr(self._version, name)
