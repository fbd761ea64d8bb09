"""``svcctl report``: summaries for those who read reports."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.options import AsOf, Known, Output, Strict
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.output import Column

app = Noun(N_("Summaries for those who read reports."))

_COLUMNS = (
    Column("name", "name"),
    Column("week", "week"),
    Column("unit", "unit"),
    Column("numerator", "numerator", align="right"),
    Column("denominator", "denominator", align="right"),
    Column("value", "value", align="right"),
    Column("median", "median", align="right"),
    Column("ninetieth", "ninetieth", align="right"),
    Column("target.value", "target", align="right"),
    Column("verdict", "verdict"),
    Column("previous.value", "previous", align="right"),
)


@app.command("weekly", help=N_("The weekly summary: measures, overdue, complaints, people."))
def weekly(
    week: Annotated[
        str | None,
        typer.Option(
            "--week",
            metavar="WEEK",
            help=N_("The week: 2026-W47 (default: the last complete one)."),
        ),
    ] = None,
    fmt: Annotated[
        Literal["md", "html"], typer.Option("--format", help=N_("Markdown, or a page to print."))
    ] = "md",
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help=N_("Write to this file instead of stdout."))
    ] = "",
    as_of: AsOf = None,
    known: Known = None,
    output: Output = "table",
    strict: Strict = False,
) -> None:
    """Print the weekly summary; ``-o json`` and ``-o csv`` give its measures."""
    from svcctl.desk.weekly import gather

    run = session()
    desk = echo.open_desk()
    found = gather(desk, week, as_of, known)
    problems = desk.problems()
    if output == "table":
        from svcctl.cli.documents import document_language, give
        from svcctl.desk.slips import templates_of
        from svcctl.desk.weekly_page import page_of
        from svcctl.views.weekly import render_weekly

        with document_language(found.policy.language):
            text = render_weekly(page_of(found), fmt, templates_of(desk))
        give(text, out)
        run.warn(problems)
    else:
        from svcctl.desk.weekly_page import items_of
        from svcctl.views.output import render

        moment = found.moment.isoformat()
        items = items_of(found)
        if out:
            from svcctl.cli.documents import give

            text = render(
                "measure", items, _COLUMNS, output, as_of=moment, problems=problems, id_key="name"
            )
            give(text, out)
            run.warn(problems)
        else:
            run.emit(
                "measure", items, _COLUMNS, output, as_of=moment, problems=problems, id_key="name"
            )
    if strict and (problems or found.overdue):
        raise typer.Exit(4)
