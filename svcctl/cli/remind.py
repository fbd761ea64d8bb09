"""``svcctl remind``: each person's list, printed or sent."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli.exits import UNSENT
from svcctl.cli.manner import Asked, reading
from svcctl.cli.options import ShowPersonal
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.language import _, say, word
from svcctl.views.output import Column
from svcctl.views.safe import line

if TYPE_CHECKING:
    from svcctl.exchange.targets import Target

REMINDER = (
    Column("role", N_("role"), show="word"),
    Column("person", N_("person")),
    Column("section", N_("part")),
    Column("ticket", N_("ticket")),
    Column("what", N_("what"), show="word"),
    Column("level", N_("level"), align="right"),
    Column("when", N_("when"), show="time"),
    Column("overdue_minutes", N_("overdue"), align="right", show="minutes"),
    Column("name", N_("customer")),
    Column("phone", N_("phone"), show="phone"),
    Column("subject", N_("subject")),
)
DELIVERY = (
    Column("person", N_("person")),
    Column("name", N_("name"), width=20, spare=1),
    Column("target", N_("sent by")),
    Column("address", N_("address"), spare=2),
    Column("lines", N_("lines"), align="right"),
    Column("state", N_("result"), show="word"),
    Column("id", N_("message"), spare=3),
)


@reading
def remind(
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help=N_("Only the lists of this role.")),
    ] = None,
    within: Annotated[
        str | None, typer.Option("--within", metavar="SPAN", help=N_("Look further ahead: 1d, 4h."))
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="URL|@FILE",
            help=N_("Send the lists: smtp://…, https://…; @FILE holds URLs, one a line."),
        ),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help=N_("Send only what could not be sent before."))
    ] = False,
    show_personal: ShowPersonal = False,
    drop: Annotated[
        str, typer.Option("--drop", metavar="ID", help=N_("Remove an unsent message."))
    ] = "",
    *,
    asked: Asked,
) -> None:
    """Print or send the lists."""
    if drop:
        from svcctl.desk import sending

        sending.drop(asked.desk, drop)
        return
    if to or retry:
        _send(asked, role, within, to or [], retry, show_personal)
        return
    from svcctl.desk.reminding import reminders

    items = reminders(asked.view, role, within)
    asked.overdue = any(item["overdue_minutes"] for item in items)
    if asked.output != "table" or not items:
        asked.emit("reminder", items, REMINDER, id_key="ticket", empty=_("nothing to do"))
        return
    _print(asked, items)


def _print(asked: Asked, items: list[dict[str, object]]) -> None:
    from svcctl.views.reminders import body

    run = asked.run
    lists = groupby(items, key=lambda item: (item["role"], item["person"]))
    for number, ((role, person), group) in enumerate(lists):
        rows = list(group)
        if number:
            run.print("")
        shown = f"{person} {rows[0]['person_name']}" if person else _("nobody has this role")
        title = _("{label}: {text}").format(label=word(str(role)), text=line(shown))
        run.print(run.paint(title, "bold"))
        run.print(body(rows))


def _send(
    asked: Asked,
    role: str | None,
    within: str | None,
    to: list[str],
    retry: bool,
    show_personal: bool,
) -> None:
    from svcctl.cli.documents import document_language
    from svcctl.desk import sending
    from svcctl.desk.reminding import reminders

    if asked.as_of is not None or asked.known is not None:
        raise Usage(
            "of-today",
            Message(N_("a message speaks of today: --as-of and --known do not go with --to"), {}),
        )
    if not to:
        raise sending.must_wait_for(asked.desk)
    targets = _targets(to)
    items = [] if retry else reminders(asked.view, role, within)
    with document_language(asked.desk.book.at(asked.view.as_of).language):
        done = sending.send(asked.desk, items, targets, show_personal=show_personal)
    asked.emit("delivery", [one.item() for one in done], DELIVERY, empty=_("nothing to send"))
    unsent = [one for one in done if one.state in sending.UNSENT]
    for one in unsent:
        who = f"{one.person} {one.name}".strip() or one.id
        why = say(one.why) if one.why is not None else ""
        told = _("{label}: {text}").format(label=line(who), text=why)
        asked.run.tell(asked.run.paint(told, "red"))
    if unsent:
        if any(one.state == "unsent" for one in unsent):
            asked.run.tell(_("What waits is sent by the next `svcctl remind` with the same --to."))
        raise typer.Exit(UNSENT)


def _targets(given: list[str]) -> list[Target]:
    from svcctl.exchange.targets import read_target

    urls = []
    for text in given:
        urls += _listed(text[1:]) if text.startswith("@") else [text]
    found = {target.identity: target for target in map(read_target, urls)}
    if not found:
        raise Usage("no-target", Message(N_("the file behind --to names no target"), {}))
    return list(found.values())


def _listed(name: str) -> list[str]:
    """The URLs in a file, one a line; what begins with # is passed over."""
    from svcctl.ledger.folder import expanded

    try:
        text = expanded(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise Usage(
            "no-such-file",
            Message(
                N_("{path} cannot be read: {reason}"),
                {"path": name, "reason": reason or str(error)},
            ),
        ) from None
    lines = (part.strip() for part in text.split("\n"))
    return [part for part in lines if part and not part.startswith("#")]
