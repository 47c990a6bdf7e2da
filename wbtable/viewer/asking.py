"""Requests, read strictly: what is not as ENDPOINTS.md says is refused before anything is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.format.documents import parse
from wbtable.viewer.answers import BadRequestError, answer
from wbtable.viewer.guard import MAX_BODY
from wbtable.viewer.open_tasks import view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from wbtable.format.documents import Json
    from wbtable.format.view_spec import ViewSpec

SLOW: Final = 30.0
"""Seconds that a request's body may take to arrive."""
MAX_NAME: Final = 64
_NUMBERS: Final = frozenset({"offset", "count", "side", "points", "number", "before", "depth"})


class Asked:
    """The fields of a request, each of the type that is expected."""

    def __init__(self, fields: Json) -> None:
        """Give out `fields`."""
        self.fields = fields

    def text(self, name: str, default: str | None = None, most: int = 10_000) -> str:
        """Return a text.

        Raises:
            BadRequestError: it is missing, or none.

        """
        value = self.fields.get(name, default)
        if not isinstance(value, str) or len(value) > most:
            raise BadRequestError(f"expected {name} as text of at most {most} characters")
        return value

    def number(self, name: str, default: int | None = None, least: int = 0) -> int:
        """Return a whole number.

        Raises:
            BadRequestError: it is missing, none, or too small.

        """
        value = self.fields.get(name, default)
        if type(value) is not int or value < least:
            raise BadRequestError(f"expected {name} as a whole number of at least {least}")
        return value

    def truth(self, name: str) -> bool:
        """Return true or false; false if it is missing.

        Raises:
            BadRequestError: it is neither.

        """
        value = self.fields.get(name, False)
        if type(value) is not bool:
            raise BadRequestError(f"expected {name} as true or false")
        return value

    def texts(self, name: str, most: int = 20_000) -> list[str] | None:
        """Return a list of texts, None if it is missing.

        Raises:
            BadRequestError: it is none.

        """
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > most or not all(isinstance(item, str) for item in value):
            raise BadRequestError(f"expected {name} as a list of texts")
        return value

    def numbers(self, name: str, most: int) -> list[int] | None:
        """Return a list of whole numbers from 0, None if it is missing.

        Raises:
            BadRequestError: it is none.

        """
        value = self.fields.get(name)
        if value is None:
            return None
        if (
            not isinstance(value, list)
            or len(value) > most
            or not all(type(item) is int and item >= 0 for item in value)
        ):
            raise BadRequestError(f"expected {name} as a list of at most {most} whole numbers")
        return value

    def choices(self, name: str, allowed: tuple[str, ...], most: int = 20_000) -> dict[str, str]:
        """Return what was chosen for names; nothing if it is missing.

        Raises:
            BadRequestError: it is no object of these choices.

        """
        value = self.fields.get(name, {})
        if not isinstance(value, dict) or len(value) > most or not all(item in allowed for item in value.values()):
            raise BadRequestError(f"expected {name} as an object of {', '.join(allowed)}")
        return value

    def items(self, name: str, most: int) -> list[Json]:
        """Return a list of objects.

        Raises:
            BadRequestError: it is none.

        """
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(item, dict) for item in value):
            raise BadRequestError(f"expected {name} as a list of at most {most} objects")
        return value

    def view(self, name: str = "view") -> ViewSpec:
        """Return the view that was sent; what says what kind of document it is may be left out.

        Raises:
            BadRequestError: it is none; the message names the field.

        """
        value: Any = self.fields.get(name)
        if not isinstance(value, dict):
            raise BadRequestError(f"expected {name} as the document of a view")
        try:
            return view_of(value)
        except FormatError as error:
            raise BadRequestError(str(error)) from None

    def query_id(self) -> str | None:
        """Return the name of the query, None if it has none."""
        return self.text("query", most=MAX_NAME) if self.fields.get("query") is not None else None


async def read_body(request: Request) -> Asked:
    """Return the fields of a request's body.

    Raises:
        BadRequestError: it is no JSON object, or does not come.

    """
    try:
        data = await asyncio.wait_for(request.body(), SLOW)
    except TimeoutError:
        raise BadRequestError(f"the request did not arrive within {SLOW:g} s") from None
    try:
        return Asked(parse(data, "request", max_bytes=MAX_BODY))
    except FormatError as error:
        raise BadRequestError(str(error)) from None


def read_query(request: Request) -> Asked:
    """Return the parameters of a request's address, numbers as such."""
    found: Json = {}
    for name, value in request.query_params.items():
        is_number = value.isdigit() and value.isascii() and len(value) < 16
        found[name] = int(value) if is_number and name in _NUMBERS else value
    return Asked(found)


def listing(read: Callable[[Asked], Json]) -> Any:
    """Return an endpoint that reads in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        return answer(await asyncio.to_thread(read, read_query(request)))

    return endpoint
