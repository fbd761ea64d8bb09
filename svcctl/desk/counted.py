"""What a measure of a week counted, one item per thing. Knows the summary's numbers; counts nothing."""

from __future__ import annotations

from typing import NamedTuple

from svcctl.desk.items import Item
from svcctl.desk.view import View
from svcctl.domain.measures import NAMES
from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.tally import DURATIONS, Entry, Tally


class Counted(NamedTuple):
    """A measure's numbers as the summary of that week has them, and the things behind them.

    ``title`` is in the language in force. ``numerator`` is None where the measure is the ``median``
    (in seconds) of lengths of time.
    """

    title: str
    week: str
    numerator: int | None
    denominator: int
    median: int | None
    items: list[Item]


def counted(view: View, typed: str, week: str | None) -> Counted:
    """Return what the measure called ``typed`` counted in ``week`` (None: the last complete one).

    Of an item, ``counts`` is whether it is in the numerator, None where the measure is a length of
    time or where the thing stands ``beside``; ``among`` whether it is in the denominator. What is in
    the numerator alone, such as a complaint among services, has an item of its own. Raises
    ``Usage`` for an unknown measure or a week that cannot be read or has not begun.
    """
    from svcctl.desk.weekly import gather
    from svcctl.views.language import _
    from svcctl.views.measures import DEFINITIONS

    name = _called(typed)
    weekly = gather(view, week)
    tally = weekly.now.tallies[name]
    lasts = name in DURATIONS
    return Counted(
        _(DEFINITIONS[name].title),
        weekly.week.name,
        None if lasts else tally.numerator,
        tally.denominator,
        tally.median() if lasts else None,
        [
            {
                "measure": name,
                "week": weekly.week.name,
                "id": entry.ticket,
                "engineer": entry.engineer or None,
                "counts": counts,
                "among": among,
                "beside": beside,
                "seconds": entry.seconds,
            }
            for entry, counts, among, beside in _things(tally)
        ],
    )


def _things(tally: Tally) -> list[tuple[Entry, bool | None, bool, str | None]]:
    """Return each thing with whether it counts, whether it is counted among, and what it is beside."""
    kept = [] if tally.name in DURATIONS else list(tally.counted)
    found: list[tuple[Entry, bool | None, bool, str | None]] = []
    for entry in tally.among:
        counts = None
        if tally.name not in DURATIONS:
            counts = entry in kept
            if counts:
                kept.remove(entry)  # a ticket can stand there twice
        found.append((entry, counts, True, None))
    found += [(entry, True, False, None) for entry in kept]
    for beside, entries in tally.beside.items():
        found += [(entry, None, False, beside) for entry in entries if beside == "excused"]
    return found


def _called(typed: str) -> str:
    """Return the measure of this name, or with this title in the summary, in any language of the
    program, with or without blanks. Raises ``Usage``."""
    from svcctl.views.language import _, labelled
    from svcctl.views.measures import DEFINITIONS

    name = typed.strip().casefold()
    if name in NAMES:
        return name
    found = labelled(typed, {name: DEFINITIONS[name].title for name in NAMES})
    if found is None:
        known = ", ".join(f"{name} ({_(DEFINITIONS[name].title)})" for name in NAMES)
        raise Usage(
            "no-such-measure",
            Message(N_("“{name}” is not a measure"), {"name": typed}),
            Message(N_("measures are: {known}"), {"known": known}),
        )
    return found
