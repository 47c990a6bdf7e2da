"""``wbtable gc``: say what nothing leads to any more, and delete it if that is asked for."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, examples

if TYPE_CHECKING:
    from wbtable.artifacts.gc import GcReport

EXAMPLES: Final = examples(
    "wbtable gc",
    "wbtable gc --delete",
    "wbtable gc --grace 7d --delete --json",
)

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 36_525 * 86_400
"""Seconds of a hundred years: no date lies before the first."""


def _span(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.timedelta | None:
    """Return a span of time such as ``90m``, ``24h`` or ``7d``."""
    if value is None:
        return None
    match = _SPAN.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"expected a time like 90m, 24h or 7d, found {value!r}")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST:
        raise click.BadParameter(f"expected at most {_LONGEST // _SECONDS['d']:,} days, found {value!r}")
    return dt.timedelta(seconds=seconds)


@click.command("gc", epilog=EXAMPLES)
@click.option("--delete", "delete", is_flag=True, help="Delete it; without this it is only said what would go.")
@click.option(
    "--grace", metavar="TIME", callback=_span, help="How long deleted versions and loose objects stay; 24h by default."
)
@click.option("--packs/--no-packs", default=None, help="Count unused bytes in packs, which reads media columns.")
@common
def command(options: Options, delete: bool, grace: dt.timedelta | None, packs: bool | None) -> None:
    """Say what no version, run, view or report leads to any more; with --delete, delete it.

    Safe beside writers and other collections. Writers at work keep what they use by leases, which are ended only
    after the grace period, and never before two hours, without a sign of life.
    """
    from wbtable.cli.output import print_json

    report = options.store().gc(grace=grace, dry_run=not delete, packs=packs)
    if options.json:
        print_json(asdict(report))
        return
    for name in report.expired:
        click.echo(f"{'deleted' if delete else 'would delete'} {name}: its time to live has passed")
    _print(report)


def _print(report: GcReport) -> None:
    from wbtable.cli.output import print_table, size_text

    rows = [
        ["live", f"{report.live_objects:,}", size_text(report.live_bytes)],
        ["dead", f"{report.dead_objects:,}", size_text(report.dead_bytes)],
        ["reclaimable", f"{report.reclaimable_objects:,}", size_text(report.reclaimable_bytes)],
    ]
    if not report.dry_run:
        rows.append(["deleted", f"{report.deleted_objects:,}", size_text(report.deleted_bytes)])
    partly = "not counted" if report.partly_dead_bytes is None else size_text(report.partly_dead_bytes)
    rows.append(["unused in live packs", "", partly])
    if report.temporary_bytes:
        rows.append(["temporary files", "", size_text(report.temporary_bytes)])
    print_table(["", "OBJECTS", "SIZE"], rows, right=(1, 2))
    if report.leases:
        click.echo(f"{report.leases} writers at work keep what they use")
    if report.stopped:
        click.echo("another collection ended this one: run it again")
    elif report.dry_run and (report.reclaimable_objects or report.temporary_bytes):
        click.echo("nothing was deleted: wbtable gc --delete does it")
