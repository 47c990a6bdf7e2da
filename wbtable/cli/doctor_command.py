"""``wbtable doctor``: say what is wrong with this environment or a store."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples("wbtable doctor", "wbtable --store s3://bucket/tables doctor", "wbtable doctor --json")


@click.command("doctor", epilog=EXAMPLES)
@common
def command(options: Options) -> int:
    """Say what is wrong with this environment or the store, and what to do about it.

    Looks at Python, packages, the cache, what waits to be sent, and the store: whether it can be opened, read and
    written (a small file is made and removed), its clock, space and runs. Bytes are checked by `wbtable verify`. The
    exit code is 1 if there is a problem; a warning is none.
    """
    from wbtable.cli.diagnosis import PROBLEM, diagnose
    from wbtable.cli.output import print_json, print_table

    found = list(diagnose(options))
    if options.json:
        print_json([one.to_json() for one in found])
    else:
        print_table(["WHAT", "STATE", "FOUND"], [[one.what, one.level, one.said] for one in found])
    return int(any(one.level == PROBLEM for one in found))
