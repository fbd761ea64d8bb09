"""The levels of escalation that a policy states: of what, how long after it is due, to whom.

The lines under ``escalations`` are levels. Knows one level and how it is read; what has gone up is
``escalation``. Source: SERVICE-RULES "Complaints" (attitude to the manager or the vice president; what
cannot be solved soon goes up).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain.policy_text import NAME, Fields, PolicyText
from svcctl.domain.problems import N_
from svcctl.domain.times import Span, parse_span

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar

KEYS = "of for priority severity category after clock rolls level to".split()
"""The words of a level, in the order of ``docs/policy.md``."""
LEVELS = tuple("123456789")

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


def read_levels(
    reader: PolicyText, fields: Fields, rules: Collection[str], roles: tuple[str, ...]
) -> tuple[Level, ...]:
    """Return the levels that ``fields`` state under ``escalations``, in their order.

    ``rules`` are the names of the policy's obligations, ``roles`` the department's. What is wrong is
    told to ``reader``: a level that could never be reached would be a silence that nobody notices.
    """
    found = []
    for name, line in reader.mapping(fields, "escalations").items():
        if NAME.fullmatch(name) is None:
            expected = N_("a name of small letters, digits and dashes")
            reader.wrong(("escalations", name), name, expected)
        elif isinstance(line, dict):
            found.append(_read_level(reader, name, line, rules, roles))
        else:
            reader.wrong(("escalations", name), str(line), N_("a mapping"))
    return tuple(found)


def _read_level(
    reader: PolicyText, name: str, fields: Fields, rules: Collection[str], roles: tuple[str, ...]
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


def _words(reader: PolicyText, key: str) -> tuple[str, ...]:
    """Return the words that a condition of a level can have; none: any."""
    if key == "severity":
        for event in reader.events.values():
            if "severity" in event.shape.fields:
                return event.shape.fields["severity"].words
        return ()
    field = reader.head.fields.get(_HEAD[key]) if reader.head is not None else None
    return field.words if field is not None else ()


def _only(
    reader: PolicyText, keys: tuple[str, ...], given: Iterable[str], known: tuple[str, ...]
) -> None:
    for word in given:
        if known and word not in known:
            reader.wrong(keys, word, " | ".join(known))


def _obligations(
    reader: PolicyText, fields: Fields, keys: tuple[str, ...], rules: Collection[str]
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


def _span(reader: PolicyText, fields: Fields, keys: tuple[str, ...]) -> Span:
    text = reader.text(fields, "after", keys)
    try:
        return parse_span(text)
    except ValueError:
        expected = N_("a span such as 0s, 2h or 1d; -2h: before it is due")
        reader.wrong((*keys, "after"), text, expected)
        return Span(0, "s")
