"""``wbtable get``: download a version."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable get digits/predictions",
    "wbtable get digits/predictions:best -o ./best --path images/",
)


@click.command("get", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.option("-o", "--output", metavar="DIR", help="Where to; ./artifacts/<name>:vN by default.")
@click.option("--path", "prefix", metavar="PREFIX", help="Only paths that begin so; a folder ends in /.")
@click.option("--exact", is_flag=True, help="Make the directory hold this version and nothing else.")
@project_option
@common
def command(
    options: Options, name: str, output: str | None, prefix: str | None, exact: bool, project: str | None
) -> None:
    """Download the version NAME (project/name:alias) into a directory, and print the directory.

    Every byte is checked. Files that are right already are left alone, so that a download goes on where it stopped;
    files of other content under the version's names are replaced.
    """
    from wbtable.cli.output import print_json

    if output is not None and not output.strip():
        raise click.UsageError("--output is empty: say which directory")
    version = options.version(name, project)
    if exact:
        if output is None or prefix is not None:
            raise click.UsageError("--exact needs --output, and takes no --path")
        where = version.checkout(output)
    else:
        where = version.download(output, path_prefix=prefix)
    if options.json:
        print_json({"version": version.qualified_name, "directory": str(where)})
    else:
        click.echo(str(where))
