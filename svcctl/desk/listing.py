"""Lists that a desk looks at: open tickets, callbacks owed, slips still out, the day's board."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from svcctl.desk.items import contested_items, of_row, ticket_item
from svcctl.desk.view import Row, View
from svcctl.domain.standing import standing

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk

Item = dict[str, Any]
AT_ONCE = 500  # tickets of which all is held at once


def view_of(desk: Desk, as_of: str | None, known: str | None) -> View:
    """Return the view that ``--as-of`` and ``--known`` ask for. Raises ``Usage``."""
    desk.look_ahead()
    _ = desk.index
    moment = desk.read_time(as_of)
    limit = desk.read_time(known) if known is not None else None
    asked = [time for time, text in ((moment, as_of), (limit, known)) if time and text is not None]
    return View(desk, moment, limit, bool(asked) and min(asked) < desk.now())


def standing_of(row: Row, seconds: float) -> str:
    """Return the standing of an obligation's row."""
    return standing(row["due"], row["met"], row["excused"], row["ended"], row["paused"], seconds)


def tickets(
    view: View,
    state: str | None = None,
    engineer: str | None = None,
    kind: str | None = None,
    everything: bool = False,
    owing: str | None = None,
) -> Iterator[Item]:
    """Yield the tickets as items, the most urgent first: by priority, then by what is owed next.

    ``owing`` is the name of an obligation: the tickets on which one such is still owed, whatever
    its due time and whether they are closed or not. Without ``owing``, ``everything`` or a ``state``
    closed, declined and cancelled ones are left out.
    """
    from svcctl.ledger.numbering import PLACES

    clauses: list[str] = []
    values: list[object] = []
    wanted = {"state": state, "engineer": engineer, "kind": kind}
    for column, value in wanted.items():
        if value is not None:
            clauses.append(f"t.{column} = ?")
            values.append(value)
    if owing is not None:
        owed = "select o.owing >> {places} from unsettled o where o.verdict = 0 and o.kind = ?"
        clauses.append(f"t.rowid in ({owed.format(places=PLACES)})")
        values.append(owing)
    open_only = not everything and state is None and owing is None
    if open_only:
        clauses.append("t.ended = 0")

    def test(row: Row) -> bool:
        if open_only and row["ended"]:
            return False
        if owing is not None and not any(
            one["kind"] == owing and one["verdict"] == 0 for one in row["obligations"]
        ):
            return False
        return all(value is None or row[column] == value for column, value in wanted.items())

    # Only what the order depends on is held of every ticket, the rest of some at a time; and the
    # index is held while it is asked, not while the answer is shown: others write meanwhile.
    with view.desk.index.database.at_rest():
        outlines = view.outlines(" and ".join(clauses) or "1", values)
        paths = view.went_on()
    order: list[Listed] = [
        (_urgency(one.priority, one.next_due, one.id), one.id, one.number) for one in outlines
    ]
    del outlines
    for row, _ in view.later(paths):
        if test(row):
            made = item(view, row)
            order.append((_urgency(made["priority"], made["next_due"], made["id"]), "", made))
    yield from _in_parts(view, order, lambda row, _: item(view, row))


Place = tuple[Any, ...]
"""What decides where an item stands in its list; no two of a list have the same."""

Listed = tuple[Place, str, "int | Item"]
"""One of a list before it is shown: its place, and its ticket's id and row number; or the item itself,
where the index does not answer for the ticket."""


def _in_parts(
    view: View,
    order: list[Listed],
    make: Callable[[Row, Place], Item | None],
    kind: str | None = None,
) -> Iterator[Item]:
    """Yield a list's items by their places, the rows of some tickets being held at a time.

    ``make`` gives the item of a place from its ticket's row; None where it has none (any more).
    ``kind``: of what is owed it need not see more than this.
    """
    order.sort(key=lambda one: one[0])
    for first in range(0, len(order), AT_ONCE):
        some = order[first : first + AT_ONCE]
        rows = view.numbered({one: name for _, name, one in some if isinstance(one, int)}, kind)
        for place, _, one in some:
            if not isinstance(one, int):
                yield one
            elif one in rows and (made := make(rows[one], place)) is not None:
                yield made


def is_overdue(made: Mapping[str, Any]) -> bool:
    """Whether something on the ticket of this item is past due."""
    return any(one["state"] == "missed" for one in made["obligations"])


def item(view: View, row: Row) -> Item:
    """Return a ticket's item from its row."""
    obligations = [of_row(one, view.seconds) for one in row["obligations"]]
    return ticket_item(row, obligations, contested(view, row))


def contested(view: View, row: Row) -> list[Item]:
    """Return the contested values of a ticket's row; its file is read only where there are any."""
    state = view.state(row["path"]) if row["contested"] else None
    return contested_items(state) if state is not None else []


def _urgency(priority: str, next_due: str | None, identifier: str) -> Place:
    return (priority != "urgent", next_due is None, next_due or "", identifier)


def callbacks_due(view: View, within: str | None = None) -> list[Item]:
    """Return one item per callback that is to be made: due on the day of ``as_of`` or before.

    ``within`` looks further ahead (``1d``: also what falls due by the end of the next day; hours and
    minutes count from ``as_of``). Source of the two obligations: SERVICE-RULES 9.
    """
    until = horizon(view.as_of, within)
    condition = "o.due <= ? and instr(' ' || o.met_with || ' ', ' called-back ') > 0"

    def test(one: Row) -> bool:
        return (
            one["due"] is not None
            and one["due"] <= until
            and "called-back" in one["met_with"].split()
        )

    found = []
    for row in view.owed(condition, [until], test):
        if standing_of(row, view.seconds) == "paused":
            continue
        found.append(
            {
                "ticket": row["id"],
                "customer": row["customer"],
                "name": row["name"],
                "phone": row["phone"],
                "engineer": row["engineer"] or None,
                "kind": row["kind"],
                "due": row["due_text"],
                "overdue_minutes": max(0, int(view.seconds - row["due"]) // 60),
                "attempts": row["attempts"],
                "subject": row["subject"],
                "contested": contested(view, row),
            }
        )
    found.sort(key=lambda one: (one["due"], one["ticket"], one["kind"]))
    return found


def horizon(as_of: datetime, within: str | None) -> float:
    """Return until when a list looks: the end of the day, or ``within`` further (``1d``, ``4h``)."""
    end = _day_end(as_of)
    if within is None:
        return end.timestamp()
    from svcctl.domain.spoken import read_length

    span = read_length(within)
    seconds = {"s": 1, "m": 60, "h": 3600}.get(span.unit)
    if seconds is not None:
        return max(end.timestamp(), as_of.timestamp() + seconds * span.amount)
    days = {"d": 1, "mo": 31, "y": 366}[span.unit] * span.amount
    return _day_end(as_of + timedelta(days=days)).timestamp()


def _day_end(moment: datetime) -> datetime:
    """Return 24:00 of the moment's day in its own zone."""
    following = (moment + timedelta(days=1)).date()
    return datetime(following.year, following.month, following.day, tzinfo=moment.tzinfo)


def slips(view: View, everything: bool = False, engineer: str | None = None) -> Iterator[Item]:
    """Yield the slips in an engineer's hands: numbered, whose, due when (SERVICE-RULES 6 and 7).

    ``everything``: also those handed in; ``engineer``: only this person's.
    """

    def listed(ticket: Row) -> Iterator[tuple[Place, Row]]:
        for one in ticket["obligations"]:
            if one["kind"] != "slip" or "slip-returned" not in one["met_with"].split():
                continue
            if one["starts_text"] is None or engineer not in (None, one["who"] or None):
                continue
            if everything or (one["met"] is None and one["ended"] is None):
                slip = f"{ticket['id']}/{one['number']}"
                yield (one["due_text"] or "~", slip, one["started_by"]), one

    def made(ticket: Row, place: Place, one: Row) -> Item:
        return {
            "slip": place[1],
            "ticket": ticket["id"],
            "visit": one["number"],
            "engineer": one["who"] or None,
            "customer": ticket["customer"],
            "name": ticket["name"],
            "due": one["due_text"],
            "returned": one["met_text"],
            "state": standing_of(one, view.seconds),
        }

    def at(ticket: Row, place: Place) -> Item | None:
        return next((made(ticket, place, one) for its, one in listed(ticket) if its == place), None)

    order: list[Listed] = []
    with view.desk.index.database.at_rest():
        for row in view.owings("t.engineer != ''", [], "slip"):
            order += [(place, row["id"], row["row_number"]) for place, _ in listed(row)]
        paths = view.went_on()
    for row, _ in view.later(paths):
        if row["engineer"]:
            order += [(place, "", made(row, place, one)) for place, one in listed(row)]
    return _in_parts(view, order, at, "slip")


def today(view: View) -> list[Item]:
    """Return the coordinator's board: overdue, due today, visits, nobody's, contested.

    The overdue the oldest first; then the visits of earlier days at which nobody has arrived, what
    was missed first first, and those of today by engineer and hour. What waits for the next step follows, the oldest first, and then
    each contested value, of ended tickets too.
    """
    end = _day_end(view.as_of).timestamp()
    people = "select id, name from cards where kind='staff'"
    with view.desk.index.database.at_rest():
        names = dict(view.desk.index.connection.execute(people).fetchall())
        owed = view.owed(
            "o.due <= ?", [end], lambda one: one["due"] is not None and one["due"] <= end
        )
        open_ones = view.tickets("t.ended = 0", [], lambda row: not row["ended"])
    found: list[Item] = []
    for row in owed:
        now = standing_of(row, view.seconds)
        if now == "paused":
            continue
        section = "overdue" if now == "missed" else "due-today"
        made = _line(view, section, row, row["kind"], row["due_text"], row["who"] or row["owner"])
        if now == "missed":
            made["overdue_minutes"] = int(view.seconds - row["due"]) // 60
        found.append(made)
    day = view.as_of.date().isoformat()
    for ticket in open_ones:
        visit, state = ticket["visit"][:10], ticket["state"]
        if (visit == day and state == "on-site") or (visit <= day and state == "dispatched"):
            found.append(
                _line(view, "visits", ticket, "visit", ticket["visit"], ticket["engineer"])
            )
        if state in ("new", "ready", "quoting", "waiting"):
            found.append(_line(view, "nobody", ticket, state, ticket["opened_text"], ""))
    for ticket in view.tickets("t.contested != ''", [], lambda row: bool(row["contested"])):
        for value in ticket["contested"].split():
            found.append(_line(view, "contested", ticket, value, ticket["opened_text"], ""))
    for made in found:
        made["who_name"] = names.get(made["who"])
    order = {"overdue": 0, "due-today": 1, "visits": 2, "nobody": 3, "contested": 4}
    found.sort(
        key=lambda made: (
            order[made["section"]],
            made["who"] if made["section"] == "visits" and made["when"][:10] == day else "",
            made["when"],
            made["ticket"],
        )
    )
    return found


def _line(view: View, section: str, row: Row, what: str, when: str, who: str) -> Item:
    return {
        "section": section,
        "ticket": row["id"],
        "what": what,
        "when": when,
        "overdue_minutes": 0,
        "who": who,
        "who_name": None,
        "name": row["name"],
        "phone": row["phone"],
        "subject": row["subject"],
        "priority": row["priority"],
        "contested": contested(view, row),
    }
