"""``svcctl slip``: repair slips: print them, get them back, explain, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_word
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, reading_with, writing
from svcctl.cli.options import Engineer, TicketId, words_typed
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.language import _
from svcctl.views.output import Column

if TYPE_CHECKING:
    from svcctl.views.slip import Copy

app = Noun(N_("Repair slips: print them, get them back."))

SlipFormat = Annotated[
    Literal["html", "json", "csv", "ids"],
    typer.Option("--output", "-o", help=N_("The page to print, or what stands on it as data.")),
]
VisitNo = Annotated[
    str, typer.Option("--visit", metavar="N", help=N_("Which visit, where there are several."))
]


@app.command("print", help=N_("The slip of a visit as HTML to print."))
@reading_with(output=(SlipFormat, "html"))
def print_(
    ticket: TicketId,
    paper: Annotated[
        str,
        typer.Option(
            "--paper",
            metavar="PAPER",
            help=N_("A4, A5 or 241x140."),
            autocompletion=complete_word("slip", "paper"),
        ),
    ] = "A5",
    visit: VisitNo = "",
    copies: Annotated[
        list[str] | None,
        typer.Option(
            "--copy",
            metavar="COPY",
            help=N_("stub, accounting, customer or carbon; may be repeated."),
            autocompletion=complete_word("slip", "copy"),
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help=N_("Write to this file instead of stdout."))
    ] = "",
    *,
    asked: Asked,
) -> None:
    """Print a slip."""
    from svcctl.cli.documents import document_language, give
    from svcctl.desk.slips import slip_item, slip_page, templates_of
    from svcctl.desk.typed import chosen
    from svcctl.views.slip import SHEETS, THREE, Copy, render_slip

    paper = chosen("paper", paper, tuple(SHEETS))
    copies = [chosen("copy", copy, get_args(Copy)) for copy in copies or THREE]
    if visit and not (visit.isascii() and visit.isdigit() and len(visit) < 10):
        raise Usage(
            "bad-visit", Message(N_("“{text}” is not the number of a visit"), {"text": visit})
        )
    page = slip_page(asked.view, ticket, int(visit) if visit else None)
    fields = [{"field": name} for name in page.contested]
    echo.contested(asked.run, [{"ticket": page.ticket, "contested": fields}], "ticket")
    if asked.output != "html":
        item = slip_item(page)
        asked.emit("slip-page", [item], [Column(key, key) for key in item], id_key="slip")
        return
    with document_language(asked.desk.book.at(asked.view.as_of).language):
        text = render_slip(
            page, paper, templates_of(asked.desk), cast("tuple[Copy, ...]", tuple(copies))
        )
    give(text, out)


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
            autocompletion=complete_word("slip-returned", "opinion"),
        ),
    ] = "",
    third_copy: Annotated[
        str,
        typer.Option(
            "--third-copy",
            metavar="left|refused",
            help=N_("What became of the customer's copy."),
            autocompletion=complete_word("slip-returned", "third-copy"),
        ),
    ] = "left",
    words: Annotated[str, words_typed(N_("What the customer wrote."))] = "",
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
@reading
def list_(
    engineer: Engineer = None,
    everything: Annotated[bool, typer.Option("--all", help=N_("Also those handed in."))] = False,
    *,
    asked: Asked,
) -> None:
    """List slips."""
    from svcctl.desk.listing import slips

    columns = (
        Column("slip", N_("slip")),
        Column("engineer", N_("engineer"), show="person"),
        Column("name", N_("customer"), width=20),
        Column("due", N_("due by"), show="due"),
        Column("returned", N_("handed in"), show="time"),
        Column("state", N_("standing"), show="word"),
    )
    asked.emit(
        "slip",
        slips(asked.view, everything, engineer),
        columns,
        id_key="slip",
        empty=_("no slips are out"),
        overdue=lambda item: item["state"] == "missed",
    )
