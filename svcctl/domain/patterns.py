"""Patterns over events, as tables of states and policies write them: ``finished(result=fixed|no-fault)``.

Knows how to read and match one; not which events there are. A condition names a field of the
event, a fact of its place (``number``, ``visits``, ``cycle``, ``attempt``) or a value of the case
at that moment, in this order. A name with a dot before it is the event's own field alone: ``owned``
makes it of one that the event can have, so that no value of the case stands in for it. ``field`` alone asks that it be there; ``=``, ``!=`` take words
between bars; ``>`` and ``<`` compare whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import NamedTuple

from svcctl.domain.schema import Value, as_text

Lookup = Callable[[str], Value | None]

_PATTERN = re.compile(r"\s*([a-z][a-z0-9-]*)\s*(?:\((.*)\)\s*)?")
_CONDITION = re.compile(r"\s*([a-z][a-z0-9-]*)\s*(?:(=|!=|>|<)\s*([^,()=!<>]+?)\s*)?")


class Condition(NamedTuple):
    """One test: a field, how it is compared, and with which words."""

    field: str
    how: str
    words: frozenset[str]
    number: int
    asked: str
    """The field as it is looked up."""

    def holds(self, lookup: Lookup) -> bool:
        """Say whether the event at hand meets this test."""
        value = lookup(self.asked)
        if self.how == "":
            return value is not None and value is not False
        if self.how == "!=":
            return value is None or as_text(value) not in self.words
        if value is None:
            return False
        if self.how == "=":
            return (value if type(value) is str else as_text(value)) in self.words
        if not isinstance(value, int):
            return False
        return value > self.number if self.how == ">" else value < self.number


class Pattern(NamedTuple):
    """An event's name and the conditions on it; all of them must hold."""

    do: str
    conditions: tuple[Condition, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern. Raises ValueError with the offending part."""
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise ValueError(text)
        conditions = []
        for part in (found[2] or "").split(",") if found[2] else ():
            piece = _CONDITION.fullmatch(part)
            if piece is None:
                raise ValueError(part.strip() or text)
            how, words = piece[2] or "", piece[3] or ""
            number = 0
            if how in (">", "<"):
                if not (words.isascii() and words.isdigit()):
                    raise ValueError(part.strip())
                number = int(words)
            names = frozenset(word.strip() for word in words.split("|"))
            if how and "" in names:
                raise ValueError(part.strip())
            conditions.append(Condition(piece[1], how, names, number, piece[1]))
        return cls(found[1], tuple(conditions), text.strip())

    def owned(self, fields: Container[str]) -> Pattern:
        """The same pattern for an event that can have these ``fields`` of its own."""
        return self._replace(
            conditions=tuple(
                one._replace(asked=f".{one.field}") if one.field in fields else one
                for one in self.conditions
            )
        )

    def holds(self, lookup: Lookup) -> bool:
        """Say whether the conditions hold for an event of this name."""
        return all(condition.holds(lookup) for condition in self.conditions)
