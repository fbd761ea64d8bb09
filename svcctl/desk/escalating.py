"""What has gone up to whom: the candidates from the index, each judged on its own file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from svcctl.desk.view import Row, View
from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.times import Span, format_instant

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar
    from svcctl.domain.cards import Card
    from svcctl.domain.escalation import Escalation
    from svcctl.domain.policy import Policy

Item = dict[str, Any]

SLACK = timedelta(days=30)
"""What a calendar's closed days can add to a span that is counted backwards."""


def escalations_due(view: View, role: str | None = None) -> list[Item]:
    """Return one item per obligation that has gone up and role it goes to, the highest first.

    ``role`` leaves out what goes to others. Raises ``Usage`` for a role that nobody can have.
    """
    if role is not None:
        role = known_role(role)
    policy = view.desk.book.at(view.as_of)
    calendar = view.desk.book.calendar_of(policy)
    people = people_by_role(view)
    found = []
    for row, one in _escalated(view, policy, calendar):
        for to in one.to:
            if role in (None, to):
                found.append(_item(view, row, one, to, [card.id for card in people.get(to, ())]))
    found.sort(key=lambda item: (-item["level"], item["due"], item["ticket"], item["obligation"]))
    return found


def has_levels(view: View) -> bool:
    """Whether the policy in force at the view's moment has any level of escalation."""
    return bool(view.desk.book.at(view.as_of).escalations)


def known_role(typed: str) -> str:
    """Return the role that ``typed`` names, by its stored word or its label. Raises ``Usage``."""
    from svcctl.domain.policy import ROLES
    from svcctl.views.language import stored_word

    role = stored_word(typed, "role", ROLES)
    if role is None:
        raise Usage(
            "no-such-role",
            Message(N_("there is no role “{role}”"), {"role": typed}),
            Message(N_("known are: {known}"), {"known": ", ".join(ROLES)}),
        )
    return role


def people_by_role(view: View) -> dict[str, list[Card]]:
    """Return who has each role and has not left by the view's day."""
    day = view.as_of.date().isoformat()
    found: dict[str, list[Card]] = {}
    for card in view.desk.all_staff():
        left = card.get("left")
        if not left or left >= day:
            found.setdefault(card.get("role"), []).append(card)
    return found


def _escalated(view: View, policy: Policy, calendar: Calendar) -> Iterable[tuple[Row, Escalation]]:
    """Yield what has gone up, with a row of its ticket.

    The index narrows it down by name, kind, priority and time; severity, pauses and the cycle of
    work are in the file alone.
    """
    if not policy.escalations:
        return
    from svcctl.domain.escalation import escalated
    from svcctl.domain.obligations import obligations

    names = sorted({name for level in policy.escalations for name in level.of})
    until = _horizon(view.as_of, policy, calendar)
    marks = ", ".join("?" * len(names))
    rows = view.owed(
        f"o.due <= ? and o.kind in ({marks})",
        [until, *names],
        lambda one: one["due"] is not None and one["due"] <= until and one["kind"] in names,
    )
    by_path: dict[str, Row] = {}
    for row in rows:
        if row["path"] not in by_path and _may_be_reached(row, view, policy, calendar):
            by_path[row["path"]] = row
    for path, row in by_path.items():
        state = view.state(path)
        if state is None:
            continue
        owed = obligations(state, view.desk.book)
        for one in escalated(state, owed, policy, calendar, view.as_of):
            yield row, one


def _may_be_reached(row: Row, view: View, policy: Policy, calendar: Calendar) -> bool:
    """Whether some level of this obligation is reached if nothing in the file puts it off."""
    due = datetime.fromtimestamp(row["due"], view.as_of.tzinfo)
    return any(
        level.reached(due, calendar) <= view.as_of
        for level in policy.escalations
        if row["kind"] in level.of
        and (not level.kinds or row["ticket_kind"] in level.kinds)
        and (not level.priorities or row["priority"] in level.priorities)
    )


def _horizon(as_of: datetime, policy: Policy, calendar: Calendar) -> float:
    """Return until when something may be due that is escalated before it is."""
    latest = as_of
    for level in policy.escalations:
        if level.after.amount < 0:
            ahead = Span(-level.after.amount, level.after.unit)
            latest = max(latest, calendar.due(as_of, ahead, level.clock, level.rolls) + SLACK)
    return latest.timestamp()


def _item(view: View, row: Row, one: Escalation, to: str, people: list[str]) -> Item:
    owed = one.obligation
    assert owed.due is not None, "what is due at no time goes nowhere"
    return {
        "ticket": row["id"],
        "obligation": owed.kind,
        "number": owed.number,
        "cycle": one.cycle,
        "level": one.level,
        "rule": one.name,
        "to": to,
        "people": people,
        "since": format_instant(one.since),
        "due": format_instant(owed.due),
        "overdue_minutes": max(0, int(view.seconds - owed.due.timestamp()) // 60),
        "owner": owed.owner,
        "who": owed.who or None,
        "kind": row["ticket_kind"],
        "priority": row["priority"],
        "severity": one.severity or None,
        "customer": row["customer"],
        "name": row["name"],
        "phone": row["phone"],
        "subject": row["subject"],
    }
