"""The day's board as text: sections with their counts, cut to what can be read. Counts nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from svcctl.domain.problems import N_, Message
from svcctl.views.language import _, due, say, times, word
from svcctl.views.output import Column
from svcctl.views.render import render
from svcctl.views.safe import line
from svcctl.views.tables import cut, length

Item = Mapping[str, Any]
Paint = Callable[[str, str], str]

SHOWN = 10
"""Rows of a section before the rest is only counted."""
SECTIONS = {
    "overdue": N_("Overdue"),
    "due-today": N_("Due today"),
    "visits": N_("Visits today"),
    "nobody": N_("Nobody has taken these"),
    "contested": N_("Contested"),
}
_TICKET = Column("ticket", N_("ticket"))
_PRIORITY = Column("priority", N_("priority"), show="word", spare=3)
_WHAT = Column("what", N_("what"), show="word")
_WHEN = Column("when", N_("when"), show="time")
_DUE = Column("when", N_("when"), show="due")
_VALUE = Column("field", N_("what"), show="word")
_SAID = Column("said", N_("candidates"), width=40)
_CLOCK = Column("clock", N_("when"))
_WHO = Column("who", N_("who"), show="word")
_CUSTOMER = (
    Column("name", N_("customer"), width=20),
    Column("phone", N_("phone"), show="phone", spare=1),
    Column("subject", N_("subject"), width=30),
)
_LATE = Column("overdue_minutes", N_("overdue"), align="right", show="minutes", spare=2)
_COLUMNS = {
    "overdue": (_TICKET, _PRIORITY, _WHAT, _DUE, _LATE, _WHO, *_CUSTOMER),
    "due-today": (_TICKET, _PRIORITY, _WHAT, _CLOCK, _WHO, *_CUSTOMER),
    "visits": (_TICKET, _PRIORITY, _WHO, _CLOCK, *_CUSTOMER),
    "nobody": (_TICKET, _PRIORITY, _WHAT, _WHEN, *_CUSTOMER),
    "contested": (_TICKET, _PRIORITY, _VALUE, _SAID, *_CUSTOMER),
}


def board(
    items: Sequence[Item],
    as_of: str,
    paint: Paint,
    *,
    width: int | None = None,
    limit: int | None = SHOWN,
) -> list[str]:
    """The board of the moment ``as_of`` (ISO 8601) as lines; at most ``limit`` rows of a section.

    ``items`` are those of ``svcctl today``, in their order. ``width``: of the terminal; None where
    there is none, and nothing is cut to it.
    """
    lines = [paint(as_of[:16].replace("T", " "), "bold")]
    for section, group in groupby(items, key=lambda item: str(item["section"])):
        rows = [
            {
                **item,
                "clock": _clock(str(item["when"]), as_of, section == "due-today"),
                "who": item["who_name"] or item["who"],
                "field": item["what"],
                "said": _said(item) if section == "contested" else "",
            }
            for item in group
        ]
        title = _title(section, rows)
        colour = "red" if section == "overdue" else "bold"
        lines += ["", paint(title if width is None else cut(title, width), colour)]
        shown = rows if limit is None else rows[:limit]
        urgent = any(item["priority"] == "urgent" for item in rows)
        columns = [one for one in _COLUMNS[section] if urgent or one is not _PRIORITY]
        table = render(
            "today", [_quiet(item) for item in shown], columns, "table", terminal_width=width
        )
        lines += table.rstrip("\n").split("\n")
        if len(rows) > len(shown):
            lines.append(_("  and {count} more: --all").format(count=len(rows) - len(shown)))
    if not items:
        lines += [_("nothing is owed today")]
    return lines


def fitted(draw: Callable[[int], list[str]], height: int) -> list[str]:
    """What ``draw`` gives for the largest limit with which it is no higher than ``height`` lines."""
    for limit in range(height, 1, -1):
        lines = draw(limit)
        if len(lines) <= height:
            return lines
    return draw(1)[:height]


def _title(section: str, rows: Sequence[Item]) -> str:
    """The section's name, its count, and what its rows come from."""
    title = _("{title} ({count})").format(title=_(SECTIONS[section]), count=len(rows))
    if section == "overdue":
        oldest = length(max(int(item["overdue_minutes"]) for item in rows))
        told = say(Message(N_("the oldest for {length}"), {"length": oldest}))
    else:
        told = " · ".join(f"{part} ×{count}" for part, count in _parts(section, rows))
    return _("{title}: {told}").format(title=title, told=told)


def _parts(section: str, rows: Sequence[Item]) -> Iterator[tuple[str, int]]:
    """How the rows are spread: over the times, the engineers, the states or fields; in their order."""
    if section == "due-today":
        yield from Counter(str(item["clock"]) for item in rows).items()
    elif section == "visits":
        yield from Counter(line(str(item["who"])) for item in rows).items()
    else:
        field = "field" if section == "contested" else ""
        for state, count in Counter(str(item["what"]) for item in rows).items():
            yield word(state, field), count


def _said(item: Item) -> str:
    """What each side says of the contested value, with the event that says it: to be picked."""
    values = [one for one in item["contested"] if one["field"] == item["what"]]
    return " / ".join(
        f"{one['event']} {times(word(one['value'], item['what'])) or '-'}"
        for value in values
        for one in value["candidates"]
    )


def _clock(when: str, as_of: str, is_due: bool) -> str:
    """The time of day, where it is of this day; else also the day."""
    said = due(when) if is_due else when[:16].replace("T", " ")
    return said[11:] if said[:10] == as_of[:10] else said[5:]


def _quiet(item: Item) -> Item:
    """Only what is urgent is said: a column full of “normal” says nothing."""
    return item if item["priority"] == "urgent" else {**item, "priority": ""}
