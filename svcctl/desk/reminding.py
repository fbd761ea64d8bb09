"""What each person has to do: visits, what is owed, what has gone up, what waits for a decision.

One list for one person, from the same view as every other answer. Sources: SERVICE-RULES 2, 4, 7, 9
and "Complaints". Who is told what follows from the policy (owners, ``may``, ``escalations``) and
from the roles on the staff cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from svcctl.desk.escalating import escalations_due, known_role, people_by_role
from svcctl.desk.listing import horizon, standing_of
from svcctl.desk.view import Row, View

if TYPE_CHECKING:
    from svcctl.domain.cards import Card

Item = dict[str, Any]

SECTIONS = ("up", "overdue", "visits", "due-today", "later", "review", "contested")
"""The parts of a list, in its order."""


def reminders(view: View, role: str | None = None, within: str | None = None) -> list[Item]:
    """Return one item per line of each person's list, by role, person, section and time.

    ``role`` leaves out the lists of others; ``within`` looks beyond the day of ``as_of``. An engineer
    is told of everything in hand, whenever it is due. ``person`` is None where nobody has the role.
    """
    if role is not None:
        role = known_role(role)
    people = people_by_role(view)
    present = {card.id: card for cards in people.values() for card in cards}
    found = []
    with view.desk.index.database.at_rest():
        lines = list(_lines(view, present, horizon(view.as_of, within)))
    for to, who, made in lines:
        if role not in (None, to):
            continue
        cards: list[Card] = [present[who]] if who else people.get(to, [])
        for card in cards:
            found.append({"role": to, "person": card.id, "person_name": card.get("name"), **made})
        if not cards:
            found.append({"role": to, "person": None, "person_name": None, **made})
    found.sort(key=lambda item: (item["role"], item["person"] or "", by_section(item)))
    return found


def by_section(item: Item) -> tuple[int, str, str, str]:
    """Return the key that puts the lines of one list in order."""
    return SECTIONS.index(item["section"]), item["when"], item["ticket"], item["what"]


def _lines(view: View, present: dict[str, Card], until: float) -> Iterator[tuple[str, str, Item]]:
    """Yield role, person ("": everybody of the role) and the line."""
    for item in escalations_due(view):
        yield item["to"], "", _escalated(item)
    yield from _owed(view, present, until)
    may = view.desk.book.at(view.as_of).may
    day = view.as_of.date().isoformat()
    for ticket in view.tickets(
        "t.ended = 0 or t.contested != ''",
        [],
        lambda row: not row["ended"] or bool(row["contested"]),
    ):
        if ticket["contested"]:
            for role in may.get("settle", ("manager",)):
                what = ticket["contested"].split()[0]
                yield role, "", _line("contested", ticket, what, ticket["opened_text"])
        if ticket["ended"]:
            continue
        if ticket["state"] == "new":
            for role in may.get("review", ("manager",)):
                yield role, "", _line("review", ticket, "new", ticket["opened_text"])
        if ticket["state"] in ("dispatched", "on-site") and ticket["visit"][:10] <= day:
            who = ticket["engineer"]
            role = "engineer" if who in present else "coordinator"
            made = _line("visits", ticket, "visit", ticket["visit"])
            yield role, who if who in present else "", made


def _owed(view: View, present: dict[str, Card], until: float) -> Iterator[tuple[str, str, Item]]:
    """Yield what is owed, to whom it falls.

    What nobody has in hand yet (an engineer's duty before the dispatch), or somebody who has left,
    is the coordinator's, who dispatches. What is due at no time is in nobody's list of the day.
    """
    end = horizon(view.as_of, None)
    rows = view.owed(
        "o.due <= ? or (o.due is not null and o.who != '')",
        [until],
        lambda one: one["due"] is not None and (one["due"] <= until or bool(one["who"])),
    )
    for row in rows:
        now = standing_of(row, view.seconds)
        if now == "paused":
            continue
        section = "overdue" if now == "missed" else "due-today" if row["due"] <= end else "later"
        made = _line(section, row, row["kind"], row["due_text"], row["number"])
        if now == "missed":
            made["overdue_minutes"] = int(view.seconds - row["due"]) // 60
        if row["who"] in present:
            yield row["owner"], row["who"], made
        elif row["due"] > until:
            continue  # in the hands of somebody who has left, and not yet due
        else:
            yield "coordinator" if row["owner"] == "engineer" else row["owner"], "", made


def _escalated(item: Item) -> Item:
    made = _line("up", {**item, "id": item["ticket"]}, item["obligation"], item["due"])
    made["number"] = item["number"]
    made["cycle"] = item["cycle"]
    made["level"] = item["level"]
    made["overdue_minutes"] = item["overdue_minutes"]
    return made


def _line(section: str, row: Row, what: str, when: str, number: int = 0) -> Item:
    return {
        "section": section,
        "ticket": row["id"],
        "what": what,
        "number": number,
        "cycle": 0,
        "level": 0,
        "when": when,
        "overdue_minutes": 0,
        "customer": row["customer"],
        "name": row["name"],
        "phone": row["phone"],
        "subject": row["subject"],
        "priority": row["priority"],
    }


def key_of(item: Item) -> str:
    """Return what tells one line of a list from every other that was sent before.

    Of what has gone up: the level, once per cycle of work, on whatever day. Of everything else also
    the day's standing and time, so that what became overdue or was put off is news.
    """
    keys = ("section", "ticket", "what", "number", "when")
    if item["section"] == "up":
        keys = ("section", "ticket", "what", "cycle", "level")
    return " ".join(str(item[key]) for key in (*keys, "role"))
