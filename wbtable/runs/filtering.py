"""Which runs fulfil an expression over their config and summary, in the language of views (spec: 15-expressions)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.names import near
from wbtable.errors import UsageError
from wbtable.query import ast
from wbtable.query.expression_error import ExpressionError
from wbtable.query.parser import parse
from wbtable.query.print import show
from wbtable.runs.console import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.runs.reading import RunInfo

FACTS: Final[Mapping[str, Callable[[RunInfo], Any]]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.name,
    "project": lambda run: run.project,
    "state": lambda run: run.state,
    "group": lambda run: run.start.group,
    "job_type": lambda run: run.start.job_type,
    "notes": lambda run: run.start.notes,
    "tags": lambda run: list(run.start.tags),
    "created_at": lambda run: run.created_at,
    "updated_at": lambda run: run.updated_at,
    "exit_code": lambda run: run.exit_code,
    "steps": lambda run: run.next_step,
}
"""What a filter can name of a run beside the mappings in `MAPPINGS`."""

MAPPINGS: Final[Mapping[str, Callable[[RunInfo], Mapping[str, Any]]]] = {
    "config": lambda run: run.config,
    "summary": lambda run: run.summary,
    "environment": lambda run: run.start.environment,
}
"""The mappings of a run: ``config.lr``, ``config["lr"]``, ``summary.val.accuracy``."""

_Path = tuple[str, ...]
_POSITION: Final = "_"
_SAMPLES: Final = (0.5, "", True, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), [""], [0.5])
_MOST_TRIES: Final = 216


def matching(runs: Sequence[RunInfo], text: str) -> list[RunInfo]:
    """Return the runs for which an expression is true, in their order.

    A field that a run lacks is null. Where runs have values of different kinds in one field, each is asked with its
    own; runs whose values the expression cannot be asked of are left out with a warning.

    Raises:
        ExpressionError: the expression is malformed, is not about runs, or cannot be asked of any of them.

    """
    if not isinstance(text, str):
        raise UsageError(f"expected a filter as text, found {type(text).__name__}")
    paths: dict[str, _Path] = {}
    condition = show(_with_columns(parse(text), paths))
    values = {name: [value_at(run, path) for run in runs] for name, path in paths.items()}
    _warn_of_unknown(runs, paths, values)
    groups: dict[tuple[str, ...], list[int]] = {}
    mixed = [kinds for column in values.values() if len(set(kinds := _kinds(column))) > 1]
    for i in range(len(runs)):
        groups.setdefault(tuple(column[i] for column in mixed), []).append(i)
    found: list[int] = []
    failures: list[tuple[ExpressionError, list[int]]] = []
    for members in groups.values() if runs else [[]]:
        try:
            columns = {name: [column[i] for i in members] for name, column in values.items()}
            found += _ask(condition, columns, members)
        except ExpressionError as error:
            failures.append((error, members))
    if failures and len(failures) >= len(groups):
        raise failures[0][0]
    for failure, members in failures:
        many = f"{len(members)} runs, such as {runs[members[0]].id}"
        warn(f"the filter {text!r:.120} cannot be asked of {many}: {failure}")
    return [runs[i] for i in sorted(found)]


def value_at(run: RunInfo, path: Sequence[str]) -> Any:
    """Return what stands at a path such as ``("config", "optimizer", "lr")``, None where there is nothing."""
    if len(path) == 1:
        return FACTS[path[0]](run)
    return _below(MAPPINGS[path[0]](run), path[1:])


def _below(value: Any, path: Sequence[str]) -> Any:
    """Walk down, taking the longest key that fits: keys of a summary have points in them."""
    if not path:
        return value
    if not isinstance(value, Mapping):
        return None
    for end in range(len(path), 0, -1):
        key = ".".join(path[:end])
        if key in value:
            found = _below(value[key], path[end:])
            if found is not None:
                return found
    return None


def _with_columns(node: ast.Node, paths: dict[str, _Path]) -> ast.Node:
    """Put a column in the place of each path, and remember which stands for which.

    Raises:
        ExpressionError: a name is none of a run's.

    """

    def column(found: ast.Node) -> ast.Node | None:
        path = _path_of(found)
        if path is None or (path[0] in FACTS and len(path) > 1):
            return None
        if (path[0] in FACTS) == (path[0] in MAPPINGS) or (path[0] in MAPPINGS and len(path) == 1):
            hint = near(path[0], [*FACTS, *MAPPINGS]) if path[0] not in MAPPINGS else ""
            known = ", ".join([*FACTS, *(f"{name}.<key>" for name in MAPPINGS)])
            message = f"a run has no {'.'.join(path)!r}{hint}"
            raise ExpressionError(message, found.span, suggestion=f"write one of {known}")
        name = ".".join(path)
        paths[name] = path
        return ast.Name(name=name, span=found.span)

    return _map(node, column)


def _map(node: ast.Node, change: Callable[[ast.Node], ast.Node | None]) -> ast.Node:
    """Return a tree with other nodes in the places of those for which `change` has one."""
    other = change(node)
    if other is not None:
        return other

    def part(value: Any) -> Any:
        if isinstance(value, ast.Node):
            return _map(value, change)
        return tuple(part(item) for item in value) if isinstance(value, tuple) else value

    changes = {item.name: part(getattr(node, item.name)) for item in fields(node) if item.name != "span"}
    return replace(node, **changes)


def _path_of(node: ast.Node) -> _Path | None:
    """Return the names of ``config.a["b"]``, None where a node is something else."""
    if isinstance(node, ast.Name):
        return (node.name,)
    if isinstance(node, ast.Field):
        base = _path_of(node.base)
        return None if base is None else (*base, node.name)
    if isinstance(node, ast.Index) and isinstance(node.index, ast.Literal) and isinstance(node.index.value, str):
        base = _path_of(node.base)
        return None if base is None else (*base, node.index.value)
    return None


def _kinds(column: Sequence[Any]) -> list[str]:
    """Return the kind of each value; what is null goes with the kind that most have."""
    found = [_kind(value) for value in column]
    counts = Counter(kind for kind in found if kind != "null")
    most = counts.most_common(1)[0][0] if counts else "null"
    return [most if kind == "null" else kind for kind in found]


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list | tuple):
        return f"list of {', '.join(sorted({_kind(item) for item in value} - {'null'}))}"
    return type(value).__name__


def _ask(condition: str, values: Mapping[str, list[Any]], members: Sequence[int]) -> list[int]:
    """Return those of the members for which the condition is true.

    A column without values has no type, and no expression fits that: it gets the first type that the condition fits.

    Raises:
        ExpressionError: the condition fits no types.

    """
    empty = [name for name, column in values.items() if all(value is None for value in column)]
    samples = itertools.product(_SAMPLES, repeat=len(empty))
    failure: ExpressionError | None = None
    for sample in itertools.islice(samples, _MOST_TRIES):
        try:
            return _rows(condition, values, members, dict(zip(empty, sample, strict=True)))
        except ExpressionError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _rows(
    condition: str, values: Mapping[str, list[Any]], members: Sequence[int], sample: Mapping[str, Any]
) -> list[int]:
    from wbtable.tables.table import Table

    table = Table(columns=[_POSITION, *values], allow_mixed_types=True)
    for row in zip(members, *values.values(), strict=True):
        table.add_data(*row)
    # A row that gives columns without values their types; it is nobody's.
    table.add_data(-1, *(sample.get(name) for name in values))
    kept = table.view(filter=condition, columns=[_POSITION]).to_arrow()
    return [int(i) for i in kept[_POSITION].to_pylist() if i >= 0]


def _warn_of_unknown(runs: Sequence[RunInfo], paths: Mapping[str, _Path], values: Mapping[str, list[Any]]) -> None:
    """Say which fields no run has: nothing matches them, and a slip of the pen should not pass for that."""
    for name, path in paths.items():
        if runs and path[0] in MAPPINGS and all(value is None for value in values[name]):
            known = {key for run in runs for key in MAPPINGS[path[0]](run)}
            hint = near(".".join(path[1:]), known)
            warn(f"none of {len(runs)} runs has {name}: it is null{hint}")
