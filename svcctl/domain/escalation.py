"""Escalation: what has gone up to whom because it is not done. Knows levels and obligations; no clock, no people.

A level speaks of obligations of some tickets, says how long before or after they are due it is
reached, and addresses roles (``levels``). Source: SERVICE-RULES “Complaints”.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain.judging import standing_at

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar
    from svcctl.domain.judging import Obligation
    from svcctl.domain.policy import Policy
    from svcctl.domain.state import State


class Escalation(NamedTuple):
    """An obligation that has gone up: the highest level it reached, since when, to which roles."""

    obligation: Obligation
    cycle: int
    level: int
    name: str
    since: datetime
    to: tuple[str, ...]
    severity: str


def escalated(
    state: State, owed: Iterable[Obligation], policy: Policy, calendar: Calendar, as_of: datetime
) -> list[Escalation]:
    """Return what of a case has gone up by ``as_of``, one per obligation's name and cycle of work.

    ``policy`` is the one in force at ``as_of``: to whom a thing goes is a matter of today. Silent
    about what is done, excused, waived, and while its clock stands still. Of several instances in a
    cycle (two slips) the highest level speaks, then the one due first.
    """
    cycles = {fact.event.name: fact.cycle for fact in state.facts}
    severity = severity_of(state)
    found: dict[tuple[str, int], Escalation] = {}
    for one in owed:
        if not is_waiting(one, as_of):
            continue
        top = _highest(one, state, policy, calendar, as_of, severity)
        if top is None:
            continue
        made = Escalation(one, cycles.get(one.started_by, 1), *top, severity)
        key = one.kind, made.cycle
        other = found.get(key)
        if other is None or (-made.level, one.due) < (-other.level, other.obligation.due):
            found[key] = made
    return list(found.values())


def is_waiting(one: Obligation, as_of: datetime) -> bool:
    """Whether it is still owed at ``as_of`` and its clock runs."""
    if one.paused is not None and one.paused <= as_of:
        return False
    if one.ended is not None or one.due is None:
        return False
    return standing_at(one, as_of) in ("open", "missed")


def _highest(
    one: Obligation,
    state: State,
    policy: Policy,
    calendar: Calendar,
    as_of: datetime,
    severity: str,
) -> tuple[int, str, datetime, tuple[str, ...]] | None:
    """Return number, name, since when and roles of the highest level reached; None: none is.

    Lines of the same number are one level: all their roles are addressed.
    """
    kind, priority, category = (state.text(name) for name in ("kind", "priority", "category"))
    reached = [
        (level, since)
        for level in policy.escalations
        if one.due is not None
        and level.speaks_of(one.kind, kind, priority, category, severity)
        and (since := max(level.reached(one.due, calendar, one.pauses), one.starts)) <= as_of
    ]
    if not reached:
        return None
    number = max(level.level for level, _ in reached)
    top = [(level, since) for level, since in reached if level.level == number]
    roles = dict.fromkeys(role for level, _ in top for role in level.to)
    return number, top[0][0].name, min(since for _, since in top), tuple(roles)


def severity_of(state: State) -> str:
    """Return how grave a case was found to be last, in the words of its events; "": nobody said."""
    for fact in reversed(state.facts):
        word = fact.event.fields.get("severity")
        if word is not None:
            return str(word)
    return ""
