"""``svcctl find``: where something is."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli.manner import Asked, reading
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column
from svcctl.views.safe import line


@reading
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("What to look for."))],
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help=N_("At most this many."))
    ] = 50,
    *,
    asked: Asked,
) -> None:
    """Search the ledger."""
    from svcctl.desk.history import search

    items = search(asked.view, text, limit)
    columns = (
        Column("kind", N_("kind"), show="word"),
        Column("id", N_("id")),
        Column("title", N_("title"), width=50),
        Column("state", N_("state"), show="word"),
    )
    asked.emit(
        "found", items, columns, empty=_("nothing contains “{text}”").format(text=line(text))
    )
