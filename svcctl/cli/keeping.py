"""``svcctl doctor``: is this clone fit to work?"""

from __future__ import annotations

import typer

from svcctl.cli import echo
from svcctl.cli.manner import Asked, reading_with
from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, say, word
from svcctl.views.output import Column


@reading_with(as_of=None, known=None, strict=None)
def doctor(asked: Asked) -> None:
    """Check this clone and its surroundings. Exit 1 where something is not well."""
    from svcctl.desk.health import signs

    run = asked.run
    # Its own desk: the answer is about this clone, and must come where no record can be read.
    found = list(signs(echo.open_desk()))
    told = say if asked.output == "table" else _plain
    items = [
        {
            "id": sign.name,
            "well": sign.well,
            "seen": told(sign.seen),
            "remedy": told(sign.remedy) if sign.remedy is not None else None,
        }
        for sign in found
    ]
    if asked.output != "table":
        columns = (
            Column("id", N_("what")),
            Column("well", N_("well")),
            Column("seen", N_("seen")),
            Column("remedy", N_("remedy")),
        )
        asked.emit("sign", items, columns)
    else:
        for item in items:
            mark = run.paint("+", "green") if item["well"] else run.paint("!", "red")
            label = word(str(item["id"]), "sign")
            shown = _("{label}: {text}").format(label=label, text=item["seen"])
            run.print(f"{mark} {shown}")
            if item["remedy"]:
                run.print(f"    {item['remedy']}")
    if not all(item["well"] for item in items):
        raise typer.Exit(1)


def _plain(message: Message) -> str:
    """A message for machines, which have no language."""
    return message.template.format_map(dict(message.args))
