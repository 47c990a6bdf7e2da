"""``wbtable completion``: print the completion script of a shell."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples(
    "wbtable completion bash >> ~/.bashrc",
    "wbtable completion fish > ~/.config/fish/completions/wbtable.fish",
)


@click.command("completion", epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def command(options: Options, shell: str) -> None:
    """Print the script that completes commands, options and names of artifacts in SHELL."""
    from wbtable.cli.app import cli
    from wbtable.cli.output import print_json

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(cli, {}, "wbtable", "_WBTABLE_COMPLETE").source()
    if options.json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
