"""Answers: JSON objects, and errors in one fixed shape that never holds what was sent as markup."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from wbtable.errors import (
    AlreadyExistsError,
    CancelledError,
    ConflictError,
    DigestMismatchError,
    FormatError,
    LimitError,
    MissingExtraError,
    NotFoundError,
    UnsupportedError,
    UsageError,
    WbtableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class ReadOnlyError(ConflictError):
    """The server may only read."""


class StoreGoneError(NotFoundError):
    """The store that the server opened is not there any more."""


class BadRequestError(UsageError):
    """A request is not as ENDPOINTS.md says."""


class BodyTooLargeError(BadRequestError):
    """The body of a request is longer than it may be."""


_MOST: Final = 4000
_STATUS: Final[tuple[tuple[type[WbtableError], int, str], ...]] = (
    (MissingExtraError, 422, "unsupported"),
    (CancelledError, 499, "cancelled"),
    (LimitError, 503, "limit"),
    (AlreadyExistsError, 409, "conflict"),
    (ConflictError, 409, "conflict"),
    (DigestMismatchError, 422, "damaged"),
    (FormatError, 422, "damaged"),
    (UnsupportedError, 422, "unsupported"),
    (StoreGoneError, 404, "store_gone"),
    (NotFoundError, 404, "not_found"),
    (BodyTooLargeError, 413, "too_large"),
    (UsageError, 400, "usage"),
    (WbtableError, 500, "failed"),
)


def answer(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON object; nothing in it can be taken for anything else."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, dict(headers or {}), media_type="application/json")


def refusal(status: int, code: str, message: str) -> Response:
    """Return an error that is none of the library's."""
    return answer({"error": {"code": code, "message": message}}, status)


def failure(error: Exception, query: str | None = None) -> Response:
    """Return an error of the library; of any other only that there was one."""
    if not isinstance(error, WbtableError):
        return refusal(500, "fault", "a fault of wbtable: the terminal shows more")
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    found: dict[str, Any] = {"code": code, "message": str(error)[:_MOST]}
    if isinstance(error, ReadOnlyError):
        found["code"] = "read_only"
    if getattr(error, "place", None):
        found["place"] = str(error.place)[:_MOST]
    span = getattr(error, "span", None)
    if span is not None:
        status = 400
        found |= {"code": "expression", "span": list(span), "message": str(getattr(error, "message", error))[:_MOST]}
        if getattr(error, "suggestion", None):
            found["suggestion"] = str(getattr(error, "suggestion"))[:_MOST]  # noqa: B009 - few errors have one
    if query is not None:
        found["query"] = query
    return answer({"error": found}, status)
