"""A person's list as text: on the screen and in messages. Knows its layout; counts and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from svcctl.domain.problems import N_
from svcctl.views.language import _, due, word
from svcctl.views.safe import line

Item = Mapping[str, Any]

TITLES = {
    "up": N_("Gone up to you"),
    "overdue": N_("Overdue"),
    "visits": N_("Visits"),
    "due-today": N_("Due today"),
    "later": N_("In hand, due later"),
    "review": N_("Waiting for review"),
    "contested": N_("Contested: two desks said different things"),
}

DUE = ("up", "overdue", "due-today", "later")
"""Sections whose time is that until which something is, or was, due."""


def subject(company: str, name: str, day: str, items: Sequence[Item]) -> str:
    """The subject of a message: whose list, of which day, how much; no customer is named."""
    late = sum(1 for item in items if item["overdue_minutes"])
    template = (
        _("{company}: {name}, to do on {day}: {count}, overdue {late}")
        if company
        else _("{name}, to do on {day}: {count}, overdue {late}")
    )
    shown = template.format(
        company=line(company), name=line(name), day=day, count=len(items), late=late
    )
    return shown[:200]


def body(items: Iterable[Item]) -> str:
    """The list, section by section; each line says when, which ticket, what, for whom."""
    parts = []
    for section, group in groupby(items, key=lambda item: str(item["section"])):
        rows = list(group)
        parts.append(f"{_(TITLES[section])} ({len(rows)})")
        parts += [f"  {_row(row)}" for row in rows]
        parts.append("")
    return "\n".join(parts)


def _row(item: Item) -> str:
    is_due = item["section"] in DUE
    when = due(str(item["when"])) if is_due else str(item["when"])[:16].replace("T", " ")
    what = word(str(item["what"]))
    if item["level"]:
        what = _("{what}, level {level}").format(what=what, level=item["level"])
    told = [
        when,
        str(item["ticket"]),
        what,
        word("urgent") if item["priority"] == "urgent" else "",
        str(item["name"] or ""),
        str(item["phone"] or ""),
        str(item["subject"]),
    ]
    return "  ".join(line(part) for part in told if part)
