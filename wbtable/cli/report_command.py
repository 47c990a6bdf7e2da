"""``wbtable report``: list reports, read one, make one file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, check_new, common, examples, overwrite_option
from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.report import Panel

EXAMPLES: Final = examples(
    "wbtable report",
    "wbtable report digits",
    "wbtable report digits 'What the baseline gets wrong'",
    "wbtable report digits 'What the baseline gets wrong' -o report.html",
)


@click.command("report", epilog=EXAMPLES)
@click.argument("project", required=False)
@click.argument("name", required=False)
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write it as one HTML file.")
@overwrite_option
@click.option("--number", type=click.IntRange(0), metavar="N", help="Take this state of it, not the newest.")
@common
def command(
    options: Options, project: str | None, name: str | None, output: str | None, overwrite: bool, number: int | None
) -> None:
    """List the reports of PROJECT, print the text of the one with NAME, or write it as one HTML file.

    The file opens anywhere, without a server and without a network; its tables still sort and filter, its sounds and
    videos play. It holds at most 50 MB of rows and media; what is not in it is said there, and on stderr. A file that
    is there already is only replaced with --overwrite.
    """
    from wbtable.cli.output import print_json

    if overwrite and output is None:
        raise click.UsageError("--overwrite is for the file of --output")
    if name is None:
        if output is not None or number is not None:
            raise click.UsageError("say which report: wbtable report PROJECT NAME")
        _list(options, project)
        return
    from wbtable.artifacts.saved import report_log

    assert project is not None
    store = options.store()
    _check_name(store, project, name)
    found_number, report = report_log(store, project, name).read(number)
    if output is not None:
        check_new(output, overwrite=overwrite)
        from wbtable.viewer.report_task import export_report

        notes = export_report(store, project, name, output, found_number)
        if options.json:
            print_json({"file": output, "number": found_number, "left_out": notes})
            return
        for note in notes:
            click.echo(f"wbtable: {note}", err=True)
        click.echo(output)
    elif options.json:
        print_json({"number": found_number, **report.to_json()})
    else:
        click.echo("\n\n".join([report.title or name, *([report.description] if report.description else [])]))
        for panel in report.panels:
            click.echo(f"\n{_text(panel)}")


def _check_name(store: Store, project: str, name: str) -> None:
    """Refuse a report that is not there, and say which are.

    Raises:
        NotFoundError: there is no such project, or no such report in it.

    """
    from wbtable.artifacts.names import near_or_all
    from wbtable.artifacts.saved import report_names

    store.chosen_projects(project)
    names = report_names(store, project)
    if name not in names:
        raise NotFoundError(f"there is no report {name!r} in the project {project!r}{near_or_all(name, names)}")


def _list(options: Options, project: str | None) -> None:
    from wbtable.artifacts.saved import report_names
    from wbtable.cli.output import print_json, print_table, text_of

    store = options.store()
    try:
        store.chosen_projects(project)
    except NotFoundError as error:
        holder = next((one for one in store.projects() if project in report_names(store, one)), None)
        if holder is None:
            raise
        raise NotFoundError(f"{project!r} is a report of the project {holder!r}: name both") from error
    found = store.reports(project)
    if options.json:
        print_json(
            [
                {
                    "project": one.project,
                    "name": one.name,
                    "title": one.title,
                    "number": one.number,
                    "created_at": one.report.created_at,
                    "panels": len(one.report.panels),
                }
                for one in found
            ]
        )
        return
    rows = [
        [one.project, one.name, one.title, str(len(one.report.panels)), text_of(one.report.created_at)] for one in found
    ]
    print_table(["PROJECT", "NAME", "TITLE", "PANELS", "SAVED"], rows, [3])


def _text(panel: Panel) -> str:
    """Return a panel as text: a table says what it is of."""
    from wbtable.format.report import MarkdownPanel, TablePanel
    from wbtable.viewer.report_task import source_title, source_words

    if isinstance(panel, MarkdownPanel):
        return panel.text.strip()
    if not isinstance(panel, TablePanel):
        return f"[a panel of the kind {panel.fields.get('kind')!r:.60}]"
    view = panel.view
    parts = [source_words(panel)]
    parts += [f"where {view.filter}"] if view.filter else []
    parts += [f"by {', '.join(view.group)}"] if view.group else []
    return f"[{panel.title or source_title(panel)}: {' · '.join(parts)}]"
