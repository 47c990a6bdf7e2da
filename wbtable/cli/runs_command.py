"""``wbtable runs``: list the runs of a project."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_projects, examples

EXAMPLES: Final = examples(
    "wbtable runs digits",
    "wbtable runs digits --state crashed --json",
    "wbtable runs digits -w 'config.lr > 0.01 and summary.acc > 0.9'",
)


STATES: Final = ("running", "finished", "failed", "crashed")


@click.command("runs", epilog=EXAMPLES)
@click.argument("project", required=False, shell_complete=complete_projects)
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("-w", "--where", metavar="EXPRESSION", help="Only runs for which this is true.")
@common
def command(options: Options, project: str | None, state: str | None, where: str | None) -> int:
    """List the runs of PROJECT, or of all projects, the newest first.

    The expression of --where is over config, summary, state, name, tags and the like; what a run lacks is null.
    Runs that cannot be read are left out, and named on stderr; the command exits with 1 then.
    """
    from wbtable.artifacts.unreadable import beside
    from wbtable.cli.left_out import LeftOut
    from wbtable.cli.output import noted, plain, print_json, print_table, text_of

    store = options.store()
    store.chosen_projects(project)
    left_out = LeftOut()
    found = noted(lambda: store.runs(project, filter=where, on_unreadable=left_out))
    runs = sorted((run for run in found if state in {None, run.state}), key=lambda run: run.created_at, reverse=True)
    if options.json:
        facts = []
        for run in runs:
            with beside(f"run {run.path}", left_out):
                facts.append(plain(run.to_json()))
        print_json(facts)
        return left_out.exit_code
    rows = [
        [
            run.path,
            run.name if run.name != run.id else "",
            run.state,
            text_of(run.created_at),
            str(run.next_step),
            _numbers(run.summary),
        ]
        for run in runs
    ]
    print_table(["RUN", "NAME", "STATE", "STARTED", "STEPS", "SUMMARY"], rows, right=(4,))
    return left_out.exit_code


def _numbers(summary: dict[str, object]) -> str:
    from wbtable.cli.output import cut, text_of

    shown = [f"{key}={text_of(value)}" for key, value in summary.items() if isinstance(value, int | float | str)]
    return cut(" ".join(shown), 60)
