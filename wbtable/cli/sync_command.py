"""``wbtable sync``: send what runs left on this machine because their store did not take it."""

from __future__ import annotations

import click

from wbtable.cli.options import Options, common, examples

STORAGE = 7


@click.command("sync", epilog=examples("wbtable sync", "wbtable sync --json"))
@common
def command(options: Options) -> int:
    """Send what runs left on this machine because their store did not take it.

    That is history, tables, artifacts, media and how they ended. It goes to the store that each run was for, or to
    --store where that is given; what is not taken stays.
    """
    from wbtable.artifacts.store import Store
    from wbtable.cli.output import print_json
    from wbtable.runs.sync import sync

    def open_store(url: str) -> Store:
        return options.store() if options.store_url else Store(url)

    done = sync(open_store)
    if options.json:
        print_json([one.to_json() for one in done])
    elif not done:
        click.echo("nothing waits on this machine")
    for one in [] if options.json else done:
        end = ", and how it ended" if one.finished else ""
        more = f"{one.artifacts} artifacts, {one.media} rows of media"
        left = f"; {one.left} segments stay with the process that writes them" if one.left else ""
        click.echo(f"{one.run}: sent {one.segments} segments, {one.tables} tables, {more}{end} to {one.store}{left}")
        if one.error:
            click.echo(f"wbtable: {one.run}: {one.error}", err=True)
    return STORAGE if any(one.error for one in done) else 0
