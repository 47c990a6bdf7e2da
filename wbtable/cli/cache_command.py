"""``wbtable cache``: what this machine keeps, and dropping it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples("wbtable cache", "wbtable cache size", "wbtable cache clear")


@click.command("cache", epilog=EXAMPLES)
@click.argument("action", type=click.Choice(["show", "size", "clear"]), default="show")
@common
def command(options: Options, action: str) -> None:
    """Show what this machine keeps and how much it takes, print the size in bytes, or drop what can be made again.

    That is copies of remote objects, thumbnails, kept orders and columns of views, and the index of blobs; each is read
    or made again when it is needed. What running processes spilled and what waits for `wbtable sync` is shown, and
    never dropped. WBTABLE_CACHE_SIZE bounds the copies (10GB; 0 for none), WBTABLE_CACHE_DIR says where all this is.
    """
    from wbtable.cli.cached import KINDS, drop, kept
    from wbtable.cli.output import print_json, print_table, size_text
    from wbtable.storage.cache_folder import cache_root

    if action == "clear":
        freed = drop()
        if options.json:
            print_json({"freed": freed})
        else:
            click.echo(f"dropped {size_text(freed)}")
        return
    found = kept()
    total = sum(one.size for one in found)
    if options.json:
        print_json({"folder": str(cache_root()), "size": total, "kinds": [asdict(one) for one in found]})
    elif action == "size":
        click.echo(total)
    else:
        click.echo(cache_root())
        rows = [
            [
                one.kind,
                f"{one.files:,}",
                size_text(one.size),
                "" if one.limit is None else size_text(one.limit),
                KINDS[one.kind],
            ]
            for one in found
        ]
        print_table(["KIND", "FILES", "SIZE", "BOUND", "WHAT"], rows, right=(1, 2, 3))
