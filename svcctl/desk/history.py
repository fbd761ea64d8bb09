"""What happened: the events of one ticket, the callbacks of some days, a search through all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svcctl.desk.view import View
from svcctl.domain.problems import Unreadable
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import stored
from svcctl.domain.times import format_instant
from svcctl.ledger.records import load_ticket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svcctl.desk.desk import Desk

Item = dict[str, Any]


def states_since(view: View, seconds: float) -> Iterator[State]:
    """Yield the replayed state of each ticket to which anything happened since, oldest first."""
    paths = view.desk.index.connection.execute(
        "select path from tickets where last_at >= ? and opened <= ? order by opened, id",
        (seconds, view.seconds),
    ).fetchall()
    for (path,) in paths:
        try:
            case, _, _ = load_ticket(view.desk.ledger, path)
        except Unreadable:
            continue  # the index reports it with every command
        yield replay(case, view.as_of, view.known)


def callbacks_made(view: View, since: str | None) -> list[Item]:
    """Return the callbacks made since a day (default: the seven days before), newest last."""
    start = (
        view.desk.read_time(since)
        if since is not None
        else (view.as_of - timedelta(days=7)).replace(hour=0, minute=0, second=0)
    )
    found = []
    for state in states_since(view, start.timestamp()):
        for fact in state.facts:
            if fact.event.do != "called-back" or not start <= fact.at <= view.as_of:
                continue
            fields = fact.event.fields
            found.append(
                {
                    "ticket": state.case.id,
                    "event": fact.event.name,
                    "at": format_instant(fact.at),
                    "by": fact.event.by,
                    "customer": state.text("customer"),
                    "name": _name(view.desk, state.text("customer")),
                    **{
                        key: fields.get(key)
                        for key in "result working opinion quality attitude speed words".split()
                    },
                }
            )
    found.sort(key=lambda made: (str(made["at"]), str(made["ticket"])))
    return found


def _name(desk: Desk, customer: str) -> str | None:
    row = desk.index.connection.execute(
        "select name from cards where kind='customer' and id=?", (customer,)
    ).fetchone()
    return row[0] if row else None


def events(state: State) -> list[Item]:
    """Return every event of a ticket as it was written, with what became of it.

    ``counts`` is false for one that was voided or does not follow.
    """
    effective = {fact.event.name for fact in state.facts}
    found = []
    for event in state.case.events:
        found.append(
            {
                "event": event.name,
                "at": format_instant(event.at),
                "noted": format_instant(event.noted),
                "by": event.by,
                "do": event.do,
                "fields": {key: stored(value) for key, value in event.fields.items()},
                "over": event.over,
                "counts": event.name in effective,
            }
        )
    return found


def search(desk: Desk, text: str, most: int) -> list[Item]:
    """Return the records that contain ``text``: cards through the index, tickets by their text."""
    wanted = text.strip()
    found: list[Item] = []
    digits = "".join(c for c in wanted if c.isdigit())
    connection = desk.index.connection
    for kind, name, title in connection.execute(
        "select kind, id, name from cards where instr(lower(fields), lower(?)) > 0 or instr(id, upper(?)) > 0 "
        "or (length(?) >= 4 and phone like '%' || ? || '%') order by kind, id limit ?",
        (wanted, wanted, digits, digits, most),
    ):
        found.append({"kind": kind, "id": name, "title": title, "state": None})
    customers = [item["id"] for item in found if item["kind"] == "customer"]
    marks = ",".join("?" * len(customers))
    seen = set()
    for name, subject, state in connection.execute(
        f"select id, subject, state from tickets where instr(lower(subject), lower(?)) > 0 "
        f"or instr(id, upper(?)) > 0 or unit = upper(?) or foreign_id = ? "
        f"or customer in ({marks}) order by opened desc limit ?",
        (wanted, wanted, wanted, wanted, *customers, most),
    ):
        seen.add(name)
        found.append({"kind": "ticket", "id": name, "title": subject, "state": state})
    if len(seen) < most:
        found += _in_text(desk, wanted, seen, most - len(seen))
    return found[: most * 2]


def _in_text(desk: Desk, wanted: str, seen: set[str], most: int) -> list[Item]:
    """Search the text of the ticket files themselves: remarks, faults, actions."""
    import json

    raw = json.dumps(wanted, ensure_ascii=False)[1:-1].lower().encode()
    found: list[Item] = []
    for path, name, subject, state in desk.index.connection.execute(
        "select path, id, subject, state from tickets order by opened desc"
    ):
        if name in seen:
            continue
        try:
            data = desk.ledger.read(path)
        except (FileNotFoundError, Unreadable):
            continue  # gone or unreadable since: the next command reports it
        if raw in data.lower():
            found.append({"kind": "ticket", "id": name, "title": subject, "state": state})
            if len(found) >= most:
                break
    return found
