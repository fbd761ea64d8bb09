"""What happened: the events of one ticket, the callbacks of some days, a search through all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svcctl.desk.view import View
from svcctl.domain.cases import Case, Event
from svcctl.domain.identity import half_width
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
        "select path from tickets where last_at >= ? and began <= ? order by opened, id",
        (seconds, view.seconds),
    ).fetchall()
    for (path,) in paths:
        try:
            case, _, _ = load_ticket(view.desk.ledger, path)
        except Unreadable:
            continue  # the index reports it with every command
        yield replay(case, view.as_of, view.known)


_ANSWERS = tuple("result working opinion quality attitude speed words".split())
_CALL = ("ticket", "event", "at", "by", "customer", "name", *_ANSWERS)


def callbacks_made(view: View, since: str | None) -> Iterator[Item]:
    """Yield the callbacks made since a day (default: the seven days before), newest last."""
    start = view.desk.read_time(since) if since is not None else view.days_back(7)
    found = []  # as tuples, since those of years are many
    for state in states_since(view, start.timestamp()):
        for fact in state.facts:
            if fact.event.do != "called-back" or not start <= fact.at <= view.as_of:
                continue
            fields = fact.event.fields
            made = (
                state.case.id,
                fact.event.name,
                format_instant(fact.at),
                fact.event.by,
                state.text("customer"),
                _name(view.desk, state.text("customer")),
            )
            found.append((*made, *map(fields.get, _ANSWERS)))
    found.sort(key=_when_made)
    return (dict(zip(_CALL, made, strict=True)) for made in found)


def _when_made(made: tuple[Any, ...]) -> tuple[str, str]:
    return made[_CALL.index("at")], made[_CALL.index("ticket")]


def _name(desk: Desk, customer: str) -> str | None:
    row = desk.index.connection.execute(
        "select name from cards where kind='customer' and id=?", (customer,)
    ).fetchone()
    return row[0] if row else None


def events(view: View, state: State) -> list[Item]:
    """Return every event of a ticket until the view's moment as it was written, with what became of it.

    ``counts`` is false for one that was voided or does not follow.
    """
    effective = {fact.event.name for fact in state.facts}
    found = []
    for event in _until(view, state.case):
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


def _until(view: View, case: Case) -> list[Event]:
    """Return the events that had happened and were known at the view's moment; all, where it is now."""
    if not view.past:
        return case.events
    return [
        event
        for event in case.events
        if event.at <= view.as_of and (view.known is None or event.noted <= view.known)
    ]


def search(view: View, text: str, most: int) -> list[Item]:
    """Return the records that contain ``text``: cards through the index, tickets by their text."""
    if view.past:
        return _search_then(view, text.strip(), most)
    desk = view.desk
    wanted = text.strip()
    found: list[Item] = []
    digits = "".join(c for c in half_width(wanted) if c in "0123456789")
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
    return [*found[: most * 2], *_in_journals(view, wanted, most)]


def _search_then(view: View, wanted: str, most: int) -> list[Item]:
    """Return the records that contained ``wanted`` at the view's moment.

    A ticket to which nothing happened since is searched as it is, any other up to the moment.
    """
    from svcctl.desk.pastcards import cards_then, says
    from svcctl.domain.cards import KINDS

    found: list[Item] = [
        {"kind": card.kind.name, "id": card.id, "title": card.get("name") or None, "state": None}
        for card in cards_then(view, list(KINDS.values()))
        if says(card, wanted)
    ]
    customers = {item["id"] for item in found if item["kind"] == "customer"}
    raw = _as_written(wanted)
    then, moments = view.then()
    with view.desk.index.database.at_rest():
        rest = view.desk.index.connection.execute(
            f"select t.path, t.opened, t.id, t.subject, t.state, t.customer, null from tickets t "
            f"where {then}",
            moments,
        ).fetchall()
        paths = view.went_on()
    for row, _ in view.later(paths):
        values = [row[key] for key in ("path", "opened", "id", "subject", "state", "customer")]
        rest.append((*values, _text_then(view, row["path"])))
    tickets = []
    for path, _opened, name, subject, state, customer, data in sorted(rest, key=_newest_first):
        if customer in customers or raw in (data or _text_of(view.desk, path)).lower():
            tickets.append({"kind": "ticket", "id": name, "title": subject, "state": state})
            if len(tickets) >= most:
                break
    return [*found[:most], *tickets, *_in_journals(view, wanted, most)]


def _in_journals(view: View, wanted: str, most: int) -> list[Item]:
    """Return the entries of journals that contain ``wanted``, the newest first."""
    from svcctl.desk.entries import containing
    from svcctl.domain.journals import JOURNALS

    found = [
        {"kind": kind.name, "id": entry["id"], "title": title, "state": None}
        for kind in JOURNALS
        for entry, title in containing(view, kind, wanted, most)
    ]
    return found[:most]


def _newest_first(row: tuple[Any, ...]) -> tuple[float, str]:
    return -row[1], row[2]


def _text_then(view: View, path: str) -> bytes:
    """Return a ticket's text without the events that had not happened, or were not known, then."""
    case, _, _ = load_ticket(view.desk.ledger, path)
    return Case(case.kind, case.head, _until(view, case)).text()


def _text_of(desk: Desk, path: str) -> bytes:
    try:
        return desk.ledger.read(path)
    except (FileNotFoundError, Unreadable):
        return b""  # gone or unreadable since: the next command reports it


def _as_written(wanted: str) -> bytes:
    """Return ``wanted`` as the text of an event has it, in small letters."""
    import json

    return json.dumps(wanted, ensure_ascii=False)[1:-1].lower().encode()


def _in_text(desk: Desk, wanted: str, seen: set[str], most: int) -> list[Item]:
    """Search the text of the ticket files themselves: remarks, faults, actions."""
    raw = _as_written(wanted)
    found: list[Item] = []
    for path, name, subject, state in desk.index.connection.execute(
        "select path, id, subject, state from tickets order by opened desc"
    ):
        if name in seen:
            continue
        if raw in _text_of(desk, path).lower():
            found.append({"kind": "ticket", "id": name, "title": subject, "state": state})
            if len(found) >= most:
                break
    return found
