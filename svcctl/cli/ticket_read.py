"""``svcctl ticket list`` and ``show``: looking tickets up."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import columns
from svcctl.cli.completion import complete_owed, complete_word
from svcctl.cli.manner import Asked, reading
from svcctl.cli.options import Engineer, State, TicketId
from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, say, times, word
from svcctl.views.safe import line

CONTESTED = N_("contested: {value}: {applied} says {applied_text}, {other} says {other_text}")


@reading
def list_tickets(
    state: State = None,
    engineer: Engineer = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=N_("Only this kind of request."),
            autocompletion=complete_word("head", "kind"),
        ),
    ] = None,
    owing: Annotated[
        str | None,
        typer.Option(
            "--owing",
            metavar="OBLIGATION",
            help=N_("Only where this is still owed, such as payment; closed tickets too."),
            autocompletion=complete_owed,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=N_("Also closed, declined and cancelled ones."))
    ] = False,
    *,
    asked: Asked,
) -> None:
    """List tickets."""
    from svcctl.desk.listing import is_overdue, tickets
    from svcctl.desk.typed import chosen
    from svcctl.domain.ticket import KINDS, TICKET

    if state is not None:
        state = chosen("state", state, tuple(TICKET.states))
    if kind is not None:
        kind = chosen("kind", kind, KINDS)
    if engineer is not None:
        engineer = asked.desk.staff(engineer).id
    if owing is not None:
        owing = chosen("obligation", owing, asked.desk.book.owed_names())
    asked.emit(
        "ticket",
        tickets(asked.view, state, engineer, kind, everything, owing),
        columns.TICKET,
        empty=_("no tickets"),
        overdue=is_overdue,
    )


@reading
def show(ticket: TicketId, *, asked: Asked) -> None:
    """Show one ticket."""
    from svcctl.cli.turned import what
    from svcctl.desk import warranty
    from svcctl.desk.attaching import paths_of
    from svcctl.desk.finding import ticket_file
    from svcctl.desk.history import events
    from svcctl.desk.items import of_state
    from svcctl.desk.naming import customer_name, ways_to_reach
    from svcctl.domain.money import account
    from svcctl.domain.obligations import obligations
    from svcctl.domain.problems import NotFound
    from svcctl.domain.replay import replay
    from svcctl.domain.ticket import TICKET
    from svcctl.domain.times import format_instant
    from svcctl.ledger.records import load_ticket

    desk = asked.desk
    path = ticket_file(desk, ticket)
    view = asked.view
    case, _data, _problems = load_ticket(desk.ledger, path)
    state = replay(case, view.as_of, view.known)
    if not state.facts:
        raise NotFound(
            "not-yet",
            Message(
                N_("{id} did not exist yet at {at}"),
                {"id": case.id, "at": format_instant(min(view.as_of, view.known or view.as_of))},
            ),
        )
    name = customer_name(desk, state.text("customer"))
    item = of_state(state, obligations(state, desk.book), view.as_of, name)
    item["head"] = {
        key: str(value) if key != "opened" else item["opened"] for key, value in case.head.items()
    }
    shown = events(view, state)
    item["events"] = shown
    asked.overdue = any(one["state"] == "missed" for one in item["obligations"])
    if asked.output != "table":
        asked.emit("ticket", [item], columns.TICKET)
        return
    run, money, until = asked.run, account(state), warranty.told(desk, state)
    run.print(run.paint(f"{case.id} · {word(state.state)} · {line(state.text('subject'))}", "bold"))
    for label, text in (
        ("kind", word(state.text("kind"), "kind")),
        ("priority", word(state.text("priority"), "priority")),
        ("opened", times(item["opened"])),
        ("channel", word(state.text("channel"), "channel")),
        ("customer", f"{state.text('customer')} {line(name)}"),
        *((key, line(told)) for key, told in ways_to_reach(desk, state.text("customer"))),
        ("unit", f"{state.text('unit')} {line(state.text('model'))}".strip()),
        ("warranty", say(until) if until is not None else ""),
        ("engineer", _person(asked, state.text("engineer"))),
        ("visit", times(state.text("visit"))),
        ("payment", say(money) if money is not None else ""),
        ("wanted", state.text("wanted")),
        ("details", line(state.text("details"))),
        ("about", state.text("about")),
        ("file", line(path)),
    ):
        if text:
            run.print("  " + _("{label}: {text}").format(label=word(label, "field"), text=text))
    for path in paths_of(state):
        text = line(path)
        run.print("  " + _("{label}: {text}").format(label=word("attached", "do"), text=text))
    for contest in state.contested.values():
        run.print(
            run.paint(
                "  " + say(Message(CONTESTED, contest._asdict())),
                "red",
            )
        )
    run.print("")
    rows = [
        {**e, "what": what(TICKET, e["do"], e["fields"]), "counts": "" if e["counts"] else _("no")}
        for e in shown
    ]
    from svcctl.views.output import Column

    event_columns = (
        Column("event", N_("event")),
        Column("at", N_("when"), show="time"),
        Column("by", N_("by"), show="person"),
        Column("do", N_("what"), show="word"),
        Column("what", N_("details"), least=24, wrap=True),
        Column("counts", N_("counts"), spare=1),
    )
    run.print(asked.table("event", rows, event_columns))
    run.print("")
    owed = item["obligations"]
    run.print(asked.table("obligation", owed, columns.OBLIGATION))


def _person(asked: Asked, key: str) -> str:
    """A person's id and name."""
    name = asked.people.get(key, "").removesuffix(f" {key}")
    return f"{key} {line(name)}".strip()
