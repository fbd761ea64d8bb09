"""Escalation: what goes up to whom when it is not done. Knows levels and obligations; no clock, no people.

The lines of a policy under ``escalations`` are levels. One speaks of obligations of some tickets, says
how long before or after they are due it is reached, and addresses roles. Source: SERVICE-RULES
“Complaints” (attitude to the manager or the vice president; what cannot be solved soon goes up).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from svcctl.domain.problems import N_
from svcctl.domain.standing import standing
from svcctl.domain.times import Span, parse_span

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar
    from svcctl.domain.cases import EventKind
    from svcctl.domain.obligations import Obligation
    from svcctl.domain.policy import Fields, Policy, Text
    from svcctl.domain.schema import Shape
    from svcctl.domain.state import State

KEYS = "of for priority severity category after clock rolls level to".split()
"""The words of a level, in the order of ``docs/policy.md``."""
LEVELS = tuple("123456789")

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_HEAD = {"for": "kind", "priority": "priority", "category": "category"}


class Level(NamedTuple):
    """One line of ``escalations``. Empty sets of words set no condition.

    ``of`` are names of obligations, patterns such as ``callback-*`` already replaced. ``after`` is
    counted from when the obligation is due, negative: before it.
    """

    name: str
    of: frozenset[str]
    kinds: frozenset[str]
    priorities: frozenset[str]
    severities: frozenset[str]
    categories: frozenset[str]
    after: Span
    clock: str
    rolls: str
    level: int
    to: tuple[str, ...]
    line: int

    def speaks_of(
        self, obligation: str, kind: str, priority: str, category: str, severity: str
    ) -> bool:
        """Whether this level is one of this obligation on such a ticket."""
        return (
            obligation in self.of
            and (not self.kinds or kind in self.kinds)
            and (not self.priorities or priority in self.priorities)
            and (not self.categories or category in self.categories)
            and (not self.severities or severity in self.severities)
        )

    def reached(
        self,
        due: datetime,
        calendar: Calendar,
        pauses: tuple[tuple[datetime, datetime], ...] = (),
    ) -> datetime:
        """Return when this level is reached for what is due at ``due``; a pause puts it off."""
        return calendar.due(due, self.after, self.clock, self.rolls, pauses)


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
    moments = (one.due, one.met, one.excused, one.ended, one.paused, as_of)
    due, met, excused, ended, paused, now = (
        None if moment is None else moment.timestamp() for moment in moments
    )
    if ended is not None or due is None or now is None:
        return False
    return standing(due, met, excused, ended, paused, now) in ("open", "missed")


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


# Reading ------------------------------------------------------------------------------------------


class Reader(Protocol):
    """What reading levels needs of the policy's reader: typed getters that collect what is wrong."""

    events: Mapping[str, EventKind]
    head: Shape | None

    def line_of(self, keys: tuple[str, ...]) -> int: ...

    def mapping(self, fields: Fields, key: str) -> dict[str, Text]: ...

    def known(self, fields: Fields, keys: tuple[str, ...], known: Iterable[str]) -> None: ...

    def wrong(self, keys: tuple[str, ...], value: str, expected: str) -> None: ...

    def text(self, fields: Fields, key: str, keys: tuple[str, ...], default: str = "") -> str: ...

    def word(
        self, fields: Fields, key: str, keys: tuple[str, ...], words: tuple[str, ...], default: str
    ) -> str: ...

    def words(self, fields: Fields, key: str, keys: tuple[str, ...]) -> list[str]: ...


def read_levels(
    reader: Reader, fields: Fields, rules: Collection[str], roles: tuple[str, ...]
) -> tuple[Level, ...]:
    """Return the levels that ``fields`` state under ``escalations``, in their order.

    ``rules`` are the names of the policy's obligations, ``roles`` the department's. What is wrong is
    told to ``reader``: a level that could never be reached would be a silence that nobody notices.
    """
    found = []
    for name, line in reader.mapping(fields, "escalations").items():
        if _NAME.fullmatch(name) is None:
            expected = N_("a name of small letters, digits and dashes")
            reader.wrong(("escalations", name), name, expected)
        elif isinstance(line, dict):
            found.append(_read_level(reader, name, line, rules, roles))
        else:
            reader.wrong(("escalations", name), str(line), N_("a mapping"))
    return tuple(found)


def _read_level(
    reader: Reader, name: str, fields: Fields, rules: Collection[str], roles: tuple[str, ...]
) -> Level:
    keys = ("escalations", name)
    reader.known(fields, keys, KEYS)
    to = reader.words(fields, "to", keys)
    _only(reader, (*keys, "to"), to, roles)
    if not to:
        reader.wrong((*keys, "to"), "", " | ".join(roles))
    words: dict[str, frozenset[str]] = {}
    for key in ("for", "priority", "severity", "category"):
        given = reader.words(fields, key, keys)
        _only(reader, (*keys, key), given, _words(reader, key))
        words[key] = frozenset(given)
    return Level(
        name=name,
        of=_obligations(reader, fields, keys, rules),
        kinds=words["for"],
        priorities=words["priority"],
        severities=words["severity"],
        categories=words["category"],
        after=_span(reader, fields, keys),
        clock=reader.word(fields, "clock", keys, ("wall", "work"), "wall"),
        rolls=reader.word(fields, "rolls", keys, ("open-day", "never"), "open-day"),
        level=int(reader.word(fields, "level", keys, LEVELS, "1")),
        to=tuple(to),
        line=reader.line_of(keys),
    )


def _words(reader: Reader, key: str) -> tuple[str, ...]:
    """Return the words that a condition of a level can have; none: any."""
    if key == "severity":
        for event in reader.events.values():
            if "severity" in event.shape.fields:
                return event.shape.fields["severity"].words
        return ()
    field = reader.head.fields.get(_HEAD[key]) if reader.head is not None else None
    return field.words if field is not None else ()


def _only(
    reader: Reader, keys: tuple[str, ...], given: Iterable[str], known: tuple[str, ...]
) -> None:
    for word in given:
        if known and word not in known:
            reader.wrong(keys, word, " | ".join(known))


def _obligations(
    reader: Reader, fields: Fields, keys: tuple[str, ...], rules: Collection[str]
) -> frozenset[str]:
    """Return the obligations that ``of`` names; ``callback-*`` names all that begin like that."""
    found: set[str] = set()
    given = reader.words(fields, "of", keys)
    for text in given:
        looks = re.compile(re.escape(text).replace(r"\*", ".*"))
        matching = {rule for rule in rules if looks.fullmatch(rule)}
        if not matching:
            reader.wrong((*keys, "of"), text, " | ".join(rules))
        found |= matching
    if not given:
        reader.wrong((*keys, "of"), "", " | ".join(rules))
    return frozenset(found)


def _span(reader: Reader, fields: Fields, keys: tuple[str, ...]) -> Span:
    text = reader.text(fields, "after", keys)
    try:
        return parse_span(text)
    except ValueError:
        expected = N_("a span such as 0s, 2h or 1d; -2h: before it is due")
        reader.wrong((*keys, "after"), text, expected)
        return Span(0, "s")
