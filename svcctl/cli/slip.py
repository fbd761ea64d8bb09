"""``svcctl slip``: repair slips: print them, get them back, explain, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import How, writing
from svcctl.cli.options import (
    AsOf,
    Engineer,
    Known,
    Output,
    Strict,
    TicketId,
)
from svcctl.cli.session import session
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.language import _
from svcctl.views.output import Column

if TYPE_CHECKING:
    from svcctl.views.slip import Copy

app = Noun(N_("Repair slips: print them, get them back."))

VisitNo = Annotated[
    str, typer.Option("--visit", metavar="N", help=N_("Which visit, where there are several."))
]


@app.command("print", help=N_("The slip of a visit as HTML to print."))
def print_(
    ticket: TicketId,
    paper: Annotated[
        str, typer.Option("--paper", metavar="PAPER", help=N_("A4, A5 or 241x140."))
    ] = "A5",
    visit: VisitNo = "",
    copies: Annotated[
        list[str] | None,
        typer.Option(
            "--copy",
            metavar="COPY",
            help=N_("stub, accounting, customer or carbon; may be repeated."),
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help=N_("Write to this file instead of stdout."))
    ] = "",
    as_of: AsOf = None,
    known: Known = None,
    strict: Strict = False,
) -> None:
    """Print a slip."""
    from svcctl.cli.documents import document_language, give
    from svcctl.desk.listing import view_of
    from svcctl.desk.slips import slip_page, templates_of
    from svcctl.views.slip import THREE, render_slip

    run = session()
    desk = echo.open_desk()
    view = view_of(desk, as_of, known)
    if visit and not (visit.isascii() and visit.isdigit() and len(visit) < 10):
        raise Usage(
            "bad-visit", Message(N_("“{text}” is not the number of a visit"), {"text": visit})
        )
    page = slip_page(view, ticket, int(visit) if visit else None)
    with document_language(desk.book.at(view.as_of).language):
        text = render_slip(
            page, paper, templates_of(desk), cast("tuple[Copy, ...]", tuple(copies or THREE))
        )
    give(text, out)
    problems = desk.problems()
    run.warn(problems)
    if strict and problems:
        raise typer.Exit(4)


@app.command("return", help=N_("Record that a slip came in."))
@writing
def return_(
    ticket: TicketId,
    signed: Annotated[bool, typer.Option("--signed", help=N_("The customer signed."))] = False,
    unsigned: Annotated[
        str,
        typer.Option("--unsigned", metavar="REASON", help=N_("The customer did not sign: why.")),
    ] = "",
    opinion: Annotated[
        str,
        typer.Option(
            "--opinion",
            metavar="OPINION",
            help=N_("satisfied, basically-satisfied or dissatisfied."),
        ),
    ] = "",
    third_copy: Annotated[
        str,
        typer.Option(
            "--third-copy", metavar="left|refused", help=N_("What became of the customer's copy.")
        ),
    ] = "left",
    words: Annotated[
        str, typer.Option("--words", "-m", metavar="TEXT", help=N_("What the customer wrote."))
    ] = "",
    visit: VisitNo = "",
    *,
    how: How,
) -> None:
    """Record a slip's return."""
    from svcctl.desk.tickets import act

    if signed == bool(unsigned):
        raise Usage(
            "signed-or-not",
            Message(N_("signed or not? give one of --signed and --unsigned REASON"), {}),
        )
    fields = {
        "signed": "true" if signed else "false",
        "unsigned": unsigned,
        "opinion": opinion,
        "third-copy": third_copy,
        "words": words,
        "visit-no": visit,
    }
    desk = echo.open_desk()
    done = act(desk, ticket, "slip-returned", fields, how.manner)
    echo.written(desk, done, how.output, how.dry_run)


@app.command("explain", help=N_("Explain why a slip is not in, and when it will come."))
@writing
def explain(
    ticket: TicketId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=N_("Why."))],
    promised: Annotated[
        str, typer.Option("--promised", metavar="DATE", help=N_("The day it will come."))
    ] = "",
    visit: VisitNo = "",
    *,
    how: How,
) -> None:
    """Explain a slip."""
    from svcctl.desk.tickets import act

    desk = echo.open_desk()
    fields = {"reason": reason, "promised": promised, "visit-no": visit}
    done = act(desk, ticket, "slip-explained", fields, how.manner)
    echo.written(desk, done, how.output, how.dry_run)


@app.command("list", help=N_("The slips that are out: number, whose hands, due when."))
def list_(
    engineer: Engineer = None,
    everything: Annotated[bool, typer.Option("--all", help=N_("Also those handed in."))] = False,
    as_of: AsOf = None,
    known: Known = None,
    output: Output = "table",
    strict: Strict = False,
) -> None:
    """List slips."""
    from svcctl.desk.listing import slips, view_of

    run = session()
    desk = echo.open_desk()
    view = view_of(desk, as_of, known)
    items = [s for s in slips(view, everything) if engineer is None or s["engineer"] == engineer]
    columns = (
        Column("slip", N_("slip")),
        Column("engineer", N_("engineer")),
        Column("name", N_("customer"), width=20),
        Column("due", N_("due by"), show="time"),
        Column("returned", N_("handed in"), show="time"),
        Column("state", N_("standing"), show="word"),
    )
    run.emit(
        "slip",
        items,
        columns,
        output,
        as_of=view.as_of.isoformat(),
        problems=desk.problems(),
        id_key="slip",
        strict=strict,
        empty=_("no slips are out"),
    )
    if strict and any(item["state"] == "missed" for item in items):
        raise typer.Exit(4)
