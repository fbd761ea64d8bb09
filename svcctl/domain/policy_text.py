"""The text of a policy, asked for by type. Knows words, spans and patterns; not what a rule means.

What is wrong is collected with its place instead of stopping at the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from svcctl.domain.patterns import Condition, Pattern
from svcctl.domain.problems import N_, Problem, Usage
from svcctl.domain.times import Span, read_span

if TYPE_CHECKING:
    from svcctl.domain.cases import EventKind
    from svcctl.domain.schema import Field, Shape

Text = str | list["Text"] | dict[str, "Text"]
Fields = Mapping[str, Text]
Place = Callable[[tuple[str, ...]], tuple[int, int]]

NAME = re.compile(r"[a-z][a-z0-9-]*")
"""What obligations and levels of escalation may be called."""

_PERCENT = re.compile(r"([0-9]{1,3}) ?%?")
_NUMBERS = ("number", "visits", "cycle", "attempt")
_COUNTED = ("int", "count", "score")
_TIMES = ("date", "moment", "instant")


class PolicyText:
    """Typed getters over one policy's text; collects what is wrong instead of stopping."""

    def __init__(
        self,
        path: str,
        place: Place,
        events: Mapping[str, EventKind],
        marks: Mapping[str, tuple[str, ...]],
        head: Shape | None,
    ) -> None:
        self.path = path
        self.place = place
        self.key_place = place
        self.events = events
        self.marks = marks
        self.head = head
        self.problems: list[Problem] = []

    def field(self, do: str, name: str) -> Field | None:
        """Return the field that a condition on the event ``do`` means: its own, or a value's."""
        if name in self.events[do].order:
            return self.events[do].shape.fields[name]
        for event in self.events.values():
            if event.sets.get(name):
                return event.shape.fields[event.sets[name]]
        return self.head.fields.get(name) if self.head is not None else None

    def mapping(self, fields: Fields, key: str) -> dict[str, Text]:
        """Return a mapping; nothing behind the key is an empty one."""
        value = fields.get(key, "")
        if isinstance(value, dict):
            return value
        if value != "":
            self.wrong((key,), str(value), N_("a mapping"))
        return {}

    def wrong(self, keys: tuple[str, ...], value: str, expected: str) -> None:
        line, column = self.place(keys)
        args = {"key": ".".join(keys), "value": value[:80], "expected": expected}
        self.problems.append(Problem("E221", self.path, line, column, args))

    def line_of(self, keys: tuple[str, ...]) -> int:
        """Return the line on which the thing named by ``keys`` stands."""
        return self.place(keys)[0]

    def text(self, fields: Fields, key: str, keys: tuple[str, ...], default: str = "") -> str:
        value = fields.get(key, default)
        if isinstance(value, str):
            return value.strip()
        self.wrong((*keys, key), str(value), N_("some text"))
        return default

    def word(
        self, fields: Fields, key: str, keys: tuple[str, ...], words: tuple[str, ...], default: str
    ) -> str:
        value = self.text(fields, key, keys, default)
        if value not in words:
            self.wrong((*keys, key), value, " | ".join(words))
            return default
        return value

    def words(self, fields: Fields, key: str, keys: tuple[str, ...]) -> list[str]:
        value = fields.get(key, "")
        items = ([value] if value else []) if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.wrong((*keys, key), str(value), N_("a list of words"))
            return []
        return [str(item) for item in items]

    def span(self, fields: Fields, key: str, keys: tuple[str, ...]) -> Span | None:
        value = self.text(fields, key, keys)
        if not value:
            return None
        try:
            span = read_span(value)
        except Usage:
            self.wrong((*keys, key), value, N_("a span such as 3m, 24h or 2d"))
            return None
        if span.amount < 0:
            self.wrong((*keys, key), value, N_("a span that is not negative"))
            return None
        return span

    def percent(self, fields: Fields, key: str, keys: tuple[str, ...]) -> int | None:
        value = self.text(fields, key, keys)
        if not value:
            return None
        found = _PERCENT.fullmatch(value)
        if found is None or int(found[1]) > 100:
            self.wrong((*keys, key), value, N_("a percentage such as 85%"))
            return None
        return int(found[1])

    def patterns(self, fields: Fields, key: str, keys: tuple[str, ...]) -> tuple[Pattern, ...]:
        found = []
        for text in self.words(fields, key, keys):
            for expanded in self.marks.get(text, (text,)):
                try:
                    pattern = Pattern.parse(expanded)
                except ValueError:
                    self.wrong(
                        (*keys, key), text, N_("a pattern such as contacted(result=reached)")
                    )
                    continue
                if pattern.do in self.events:
                    pattern = pattern.owned(self.events[pattern.do].order)
                found.append(pattern)
                if pattern.do not in self.events:
                    known = " | ".join(sorted((*self.events, *self.marks)))
                    self.wrong((*keys, key), pattern.do, known)
                    continue
                for condition in pattern.conditions:
                    self.condition(pattern.do, condition, (*keys, key))
        return tuple(found)

    def condition(self, do: str, condition: Condition, keys: tuple[str, ...]) -> None:
        """Report a condition that can never hold: an unknown field or a word it never has."""
        name = condition.field
        if name in _NUMBERS or (name.startswith("had-") and name[4:] in self.events):
            return
        field = self.field(do, name)
        if field is None:
            if name != "state" and self.head is not None:
                self.wrong(keys, f"{do}({name})", " | ".join(self.events[do].order))
            return
        words = ("true", "false") if field.type == "flag" else field.words
        if condition.how in (">", "<") and field.type not in _COUNTED:
            self.wrong(keys, f"{do}({name}{condition.how})", N_("a field that counts"))
        elif condition.how in ("=", "!=") and words:
            for word in sorted(condition.words - set(words)):
                self.wrong(keys, f"{do}({name}={word})", f"{name}=" + " | ".join(words))

    def until(self, rule: str, starts: tuple[Pattern, ...], keys: tuple[str, ...]) -> None:
        """Report where the field that says until when is no time, or is not there."""
        for pattern in starts:
            field = self.field(pattern.do, rule) if pattern.do in self.events else None
            if (field is None and self.head is not None) or (field and field.type not in _TIMES):
                self.wrong(
                    (*keys, "until"), rule, N_("a date or time of that event or of the head")
                )

    def known(self, fields: Fields, keys: tuple[str, ...], known: Iterable[str]) -> None:
        names = tuple(known)
        for key in fields:
            if key not in names:
                line, column = self.key_place((*keys, key))
                args = {"key": ".".join((*keys, key)), "known": ", ".join(names)}
                self.problems.append(Problem("E220", self.path, line, column, args))
