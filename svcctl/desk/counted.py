"""What a measure of a week counted, one item per thing. Knows the summary's numbers; counts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.items import Item
from svcctl.desk.view import View
from svcctl.domain.measures import NAMES
from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.tally import DURATIONS, Entry, Tally
from svcctl.domain.times import format_instant

if TYPE_CHECKING:
    from svcctl.desk.weekly import Weekly

COUNTS = ("opened", "finished", "closed", "open")
"""Counts at the head of the summary: one list of tickets each, without target or denominator."""


class Counted(NamedTuple):
    """A measure's numbers as the summary of that week has them, and the things behind them.

    ``title`` is in the language in force. ``numerator`` is None where the measure is the ``median``
    (in seconds) of lengths of time, and where it is a mere count.
    """

    title: str
    week: str
    numerator: int | None
    denominator: int
    median: int | None
    items: list[Item]


def counted(view: View, typed: str, week: str | None) -> Counted:
    """Return what the measure called ``typed`` counted in ``week`` (None: the last complete one).

    Measures are those of the summary and its ``COUNTS``. Of an item, ``counts`` is whether it is in
    the numerator, None where there is none or where the thing stands ``beside``; ``among`` whether it is in the denominator. What is in
    the numerator alone, such as a complaint among services, has an item of its own. Raises
    ``Usage`` for an unknown measure or a week that cannot be read or has not begun.
    """
    from svcctl.desk.weekly import gather
    from svcctl.views.language import _

    name = _called(typed)
    weekly = gather(view, week, listed=name == "open")
    tally = _count(weekly, name) if name in COUNTS else weekly.now.tallies[name]
    lasts = not _has_numerator(name)
    things = _things(tally)
    customers = _customers(view.desk, name, {entry.ticket for entry, *_more in things})
    return Counted(
        _(titles()[name]),
        weekly.week.name,
        None if lasts else tally.numerator,
        tally.denominator,
        tally.median() if lasts else None,
        [
            {
                "measure": name,
                "week": weekly.week.name,
                "id": entry.ticket,
                "what": entry.what or None,
                "customer": customers.get(entry.ticket, ("", ""))[0] or None,
                "name": customers.get(entry.ticket, ("", ""))[1] or None,
                "engineer": entry.engineer or None,
                "since": format_instant(entry.since) if entry.since else None,
                "due": format_instant(entry.due) if entry.due else None,
                "done": format_instant(entry.done) if entry.done else None,
                "counts": counts,
                "among": among,
                "beside": beside,
                "seconds": entry.seconds,
            }
            for entry, counts, among, beside in things
        ],
    )


def titles() -> dict[str, str]:
    """Return what the summary calls each measure and count, as a text of the catalogue."""
    from svcctl.views.measures import DEFINITIONS
    from svcctl.views.weekly import HEADLINES

    measures = {name: DEFINITIONS[name].title for name in NAMES}
    return {**measures, **{name: HEADLINES[name] for name in COUNTS}}


def _has_numerator(name: str) -> bool:
    return name not in DURATIONS and name not in COUNTS


def _count(weekly: Weekly, name: str) -> Tally:
    """Return the tickets behind a count of the summary: of those that ended, how they did."""
    sheet, tally = weekly.now, Tally(name)
    happened = {
        "opened": sheet.opened,
        "finished": sheet.finished,
        "closed": sheet.closed,
        "open": weekly.open,
    }[name]
    began = name in ("opened", "open")
    tally.among = [
        Entry(
            one.ticket,
            one.engineer,
            what=one.state or one.kind,
            since=one.at if began else None,
            done=None if began else one.at,
        )
        for one in happened
    ]
    return tally


def _things(tally: Tally) -> list[tuple[Entry, bool | None, bool, str | None]]:
    """Return each thing with whether it counts, whether it is counted among, and what it is beside."""
    has_numerator = _has_numerator(tally.name)
    kept = list(tally.counted) if has_numerator else []
    found: list[tuple[Entry, bool | None, bool, str | None]] = []
    for entry in tally.among:
        counts = None
        if has_numerator:
            counts = entry in kept
            if counts:
                kept.remove(entry)  # a ticket can stand there twice
        found.append((entry, counts, True, None))
    found += [(entry, True, False, None) for entry in kept]
    for beside, entries in tally.beside.items():
        found += [(entry, None, False, beside) for entry in entries if beside == "excused"]
    return found


def _customers(desk: Desk, name: str, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return each thing's customer, as id and name."""
    from json import dumps

    of_unit = "json_extract(t.fields, '$.customer')"
    source, customer = ("cards t", of_unit) if name == "inspection" else ("tickets t", "t.customer")
    only = "t.kind = 'unit' and " if name == "inspection" else ""
    return {
        identifier: (whose or "", called or "")
        for identifier, whose, called in desk.index.connection.execute(
            f"select t.id, {customer}, c.name from {source} left join cards c "
            f"on c.kind = 'customer' and c.id = {customer} "
            f"where {only}t.id in (select value from json_each(?))",
            [dumps(sorted(ids))],
        )
    }


def _called(typed: str) -> str:
    """Return the measure of this name, or with this title in the summary, in any language of the
    program, with or without blanks. Raises ``Usage``."""
    from svcctl.views.language import _, labelled

    called = titles()
    name = typed.strip().casefold()
    if name in called:
        return name
    found = "opened" if name == "received" else labelled(typed, called)
    if found is None:
        known = ", ".join(f"{name} ({_(title)})" for name, title in called.items())
        raise Usage(
            "no-such-measure",
            Message(N_("“{name}” is not a measure"), {"name": typed}),
            Message(N_("measures are: {known}"), {"known": known}),
        )
    return found
