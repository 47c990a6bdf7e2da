"""``wbtable init``: make a store."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples(
    "wbtable init",
    "wbtable init s3://bucket/experiments",
)


@click.command("init", epilog=EXAMPLES)
@click.argument("url", required=False)
@click.option("--unsafe-single-writer", is_flag=True, help="Take a place on which two writers could both win.")
@common
def command(options: Options, url: str | None, unsafe_single_writer: bool) -> None:
    """Make a store.

    URL is a path, or a URL such as s3://bucket/prefix; without it, WBTABLE_STORE or ./.wbtable.
    """
    from pathlib import Path

    from wbtable.artifacts.default_place import FOLDER, named_url
    from wbtable.artifacts.store import create_store
    from wbtable.cli.output import print_json

    where = url or options.store_url or named_url() or str(Path.cwd() / FOLDER)
    store = create_store(where, unsafe_single_writer=unsafe_single_writer)
    if options.json:
        print_json({"store": store.url})
    else:
        click.echo(f"made a store at {store.url}")
