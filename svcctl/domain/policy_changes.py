"""How two policies, or two calendars, differ. Knows nested text and what a left-out word means.

Compared is what they say, not how: the order of a list of roles or of patterns says nothing, one
word is a list of one, and a word that is left out says the same as its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from svcctl.domain.policy_text import Fields

Value = str | tuple[str, ...]

#: What is meant where a key is left out: of a policy, of each of its obligations, of a calendar.
POLICY_DEFAULTS = {"currency": "CNY", "calendar": "CN"}
RULE_DEFAULTS = {
    "per": "ticket",
    "clock": "wall",
    "rolls": "open-day",
    "owner": "coordinator",
    "severity": "error",
}
CALENDAR_DEFAULTS = {"timezone": "Asia/Shanghai", "holidays": "none", "makeup": "mon"}
WINDOWS = ("week", "days", "yearly")


class Change(NamedTuple):
    """One difference. ``part`` is what is named below ``section``: an obligation, a measure, a day.

    ``word`` is the word of an obligation that differs, else "". ``old`` and ``new`` are what is said
    before and after, None where nothing is.
    """

    section: str
    part: str
    word: str
    old: Value | None
    new: Value | None

    @property
    def key(self) -> str:
        """The path of keys: ``obligations.slip.within``."""
        return ".".join(filter(None, (self.section, self.part, self.word)))

    @property
    def how(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


def changes(old: Fields, new: Fields, calendar: bool = False) -> list[Change]:
    """Every difference from ``old`` to ``new``: by keys, in the order of ``new``, then what is gone.

    An obligation that only one of them has is one difference, with its line as the value.
    """
    defaults = CALENDAR_DEFAULTS if calendar else POLICY_DEFAULTS
    before, after = _sections(old, defaults), _sections(new, defaults)
    found: list[Change] = []
    for section in [*after, *(name for name in before if name not in after)]:
        found += _section(section, before.get(section, {}), after.get(section, {}))
    return found


Part = dict[str, Value]


def _sections(fields: Fields, defaults: Mapping[str, str]) -> dict[str, dict[str, Part]]:
    """``fields`` as section, part and word; a key with a plain value is a part and word without name."""
    sections: dict[str, dict[str, Part]] = {}
    for section, value in {**defaults, **fields}.items():
        if section == "format":
            continue
        parts = value if isinstance(value, Mapping) else {"": value}
        read = {name: _part(section, part) for name, part in parts.items()}
        sections[section] = {name: part for name, part in read.items() if part}
    return sections


def _part(section: str, part: object) -> Part:
    """The words of one part; what says nothing is left out, what a closed day says is said."""
    if isinstance(part, Mapping):
        defaults = RULE_DEFAULTS if section == "obligations" else {}
        words = {word: _value(value) for word, value in {**defaults, **part}.items()}
        return {word: value for word, value in words.items() if value}
    value = _value(part)
    return {"": value} if value or section in WINDOWS else {}


def _value(value: object) -> Value:
    """Lists sorted and of several, so that order says nothing; one word stays one word."""
    if not isinstance(value, (list, tuple)):
        return " ".join(str(value).split())
    items = sorted(" ".join(str(item).split()) for item in value)
    return items[0] if len(items) == 1 else tuple(items)


def _section(section: str, before: dict[str, Part], after: dict[str, Part]) -> Iterator[Change]:
    for part in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(part), after.get(part)
        if old is None or new is None:
            yield Change(section, part, "", _line(old), _line(new))
            continue
        for word in [*new, *(name for name in old if name not in new)]:
            if old.get(word) != new.get(word):
                yield Change(section, part, word, old.get(word), new.get(word))


def _line(part: Part | None) -> Value | None:
    """A whole part as one value: an obligation as its words, each with what it says."""
    if part is None:
        return None
    if list(part) == [""]:
        return part[""]
    return tuple(
        f"{word}: {value if isinstance(value, str) else ' '.join(value)}"
        for word, value in part.items()
        if RULE_DEFAULTS.get(word) != value
    )
