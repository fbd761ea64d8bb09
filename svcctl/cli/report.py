"""``svcctl report``: summaries for those who read reports."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, reading
from svcctl.cli.options import ShowPersonal, Week
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
@reading
def weekly(
    week: Week = None,
    fmt: Annotated[
        Literal["md", "html"], typer.Option("--format", help=N_("Markdown, or a page to print."))
    ] = "md",
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help=N_("Write to this file instead of stdout."))
    ] = "",
    show_personal: ShowPersonal = False,
    *,
    asked: Asked,
) -> None:
    """Print the weekly summary; ``-o json`` and ``-o csv`` give its measures."""
    from svcctl.desk.weekly import gather

    found = gather(asked.view, week)
    asked.overdue = bool(found.overdue)
    if asked.output == "table":
        from svcctl.cli.documents import document_language, give
        from svcctl.desk.slips import templates_of
        from svcctl.desk.weekly_page import page_of
        from svcctl.views.weekly import render_weekly

        with document_language(found.policy.language):
            text = render_weekly(page_of(found, show_personal), fmt, templates_of(asked.desk))
        give(text, out)
    else:
        from svcctl.desk.weekly_page import items_of
        from svcctl.views.render import render

        moment = found.moment.isoformat()
        items = items_of(found)
        if out:
            from svcctl.cli.documents import give

            give(
                render(
                    "measure",
                    items,
                    _COLUMNS,
                    asked.output,
                    as_of=moment,
                    problems=asked.problems,
                    id_key="name",
                ),
                out,
            )
        else:
            asked.emit("measure", items, _COLUMNS, id_key="name", moment=moment)
