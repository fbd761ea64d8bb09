"""``svcctl index``: make it again, verify it against the files, say how it stands."""

from __future__ import annotations

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, reading_with
from svcctl.cli.options import Output
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column

app = Noun(N_("The index, which can always be made again."))

_STATUS = (
    Column("path", N_("file")),
    Column("tickets", N_("tickets"), align="right"),
    Column("obligations", N_("obligations"), align="right"),
    Column("cards", N_("cards"), align="right"),
    Column("journals", N_("journals"), align="right"),
    Column("problems", N_("problems"), align="right"),
    Column("reread", N_("read again"), align="right"),
    Column("way", N_("fresh by")),
)


@app.command("rebuild", help=N_("Forget the index and build it from nothing."))
def rebuild(output: Output = "table") -> None:
    """Build the index from nothing."""
    from svcctl.desk.indexing import rebuild, status

    desk = echo.open_desk()
    rebuild(desk)
    session().emit("index", [status(desk)], _STATUS, output, as_of=desk.now().isoformat())


@app.command("status", help=N_("How the index stands, after making it fresh."))
@reading_with(as_of=None, known=None)
def status(asked: Asked) -> None:
    """Say how the index stands."""
    from svcctl.desk.indexing import status

    asked.emit("index", [status(asked.desk)], _STATUS)


@app.command("verify", help=N_("Build a second index from nothing and compare the two."))
@reading_with(as_of=None, known=None)
def verify(asked: Asked) -> None:
    """Compare the index with one made from nothing."""
    from svcctl.desk.indexing import verify

    # Asked while the index is there: a wrong one is removed.
    moment, _problems = asked.moment, asked.problems
    differences = verify(asked.desk)
    columns = (
        Column("table", N_("table")),
        Column("key", N_("record")),
        Column("how", N_("how"), show="word"),
    )
    asked.emit(
        "difference",
        differences,
        columns,
        id_key="key",
        moment=moment,
        empty=_("the index says what the files say"),
    )
    if differences:
        asked.run.tell(
            _("the index was wrong; it has been removed and is made again by the next command")
        )
        raise typer.Exit(1)
