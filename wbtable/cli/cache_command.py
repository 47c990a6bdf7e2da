"""``wbtable cache``: what this machine keeps of remote stores."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples("wbtable cache", "wbtable cache size", "wbtable cache clear")


@click.command("cache", epilog=EXAMPLES)
@click.argument("action", type=click.Choice(["show", "size", "clear"]), default="show")
@common
def command(options: Options, action: str) -> None:
    """Show where copies of remote objects are and how much they take, print their size in bytes, or drop them.

    Copies are never the only ones: what is dropped is read from its store again. WBTABLE_CACHE_SIZE bounds them (10GB;
    0 for none), WBTABLE_CACHE_DIR says where they are.
    """
    from wbtable.cli.output import print_json
    from wbtable.storage.cache_files import ObjectCache

    cache = ObjectCache()
    if action == "clear":
        freed = cache.clear()
        if options.json:
            print_json({"freed": freed})
        else:
            click.echo(f"dropped {freed} bytes")
        return
    entries, size = cache.used()
    if options.json:
        print_json({"folder": str(cache.root), "entries": entries, "size": size, "limit": cache.limit})
    elif action == "size":
        click.echo(size)
    else:
        share = f"{100 * size / cache.limit:.1f} % of" if cache.limit else "more than"
        click.echo(f"{cache.root}\n{entries} entries, {size} bytes, {share} the {cache.limit} that it may have")
