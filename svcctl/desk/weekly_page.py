"""The weekly summary's numbers put where the page and machine output show them. Counts nothing new.

Call it in the language of the document: labels are looked up here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svcctl.domain.problems import N_
from svcctl.domain.tally import DURATIONS, Entry, Tally, median
from svcctl.domain.ticket import KINDS
from svcctl.domain.times import format_instant, in_zone
from svcctl.views.measures import DEFINITIONS, Figure, Measure, counted, target_of, verdict_of

if TYPE_CHECKING:
    from svcctl.desk.weekly import Weekly
    from svcctl.domain.measures import Sheet
    from svcctl.views.weekly import (
        Complaint,
        DayCount,
        EngineerRow,
        Headline,
        History,
        KindCount,
        Overdue,
        WeeklyPage,
    )

Item = dict[str, Any]
TIMED = frozenset({"first-call", "first-contact", "arrival"})
"""Measures that show within what time nine of ten were."""
_NUMBER = re.compile(r"\+?\d[\d -]{5,}\d")


def measures_of(weekly: Weekly) -> list[Measure]:
    """Return the week's measures in the order of the page, each with target and week before."""
    made = []
    for name, tally in weekly.now.tallies.items():
        percent = weekly.policy.targets.get(name)
        lasts = name in DURATIONS
        timed = name in TIMED
        made.append(
            Measure(
                name,
                0 if lasts else tally.numerator,
                tally.denominator,
                tally.median() if lasts else None,
                "duration" if lasts else "ratio",
                target_of(name, percent) if percent is not None and not lasts else None,
                _figure(weekly.before.tallies[name]),
                tally.median() if timed and not lasts else None,
                tally.ninetieth() if timed else None,
                note=_note(weekly, tally),
            )
        )
    return made


def _figure(tally: Tally) -> Figure:
    if tally.name in DURATIONS:
        return Figure(0, tally.denominator, tally.median())
    return Figure(tally.numerator, tally.denominator)


_BESIDE = {
    "excused": N_("explained and so not counted: {n}"),
    "basically-satisfied": N_("of the satisfied, basically: {n}"),
}


def _note(weekly: Weekly, tally: Tally) -> str:
    """Return the definition with what stands beside the measure this week, or "" for it alone."""
    from svcctl.views.language import _

    parts = [_(_BESIDE[key]).format(n=len(found)) for key, found in tally.beside.items()]
    if tally.name == "rework":
        window = weekly.policy.rework_within
        if window is None:
            parts.append(_("no window configured in the policy"))
        else:
            seen = in_zone(weekly.now.looks_until, weekly.week.zone)
            parts.append(
                _("window {window}, seen until {day}").format(
                    window=_window(str(window)), day=seen.strftime("%Y-%m-%d %H:%M")
                )
            )
    if not parts:
        return ""
    return "; ".join([_(DEFINITIONS[tally.name].text), *parts])


def _window(span: str) -> str:
    from svcctl.views.figures import period_text

    return period_text(span)


def items_of(weekly: Weekly) -> list[Item]:
    """Return one item per measure, as machine output has it; the same in every language.

    ``numerator`` is null for a median; ``value`` is a ratio from 0 on, or seconds, or null for no
    data. ``tickets`` names each thing counted, so an id may stand there twice; for inspections they
    are serial numbers of units.
    """
    items = []
    for one in measures_of(weekly):
        name = one.name_key
        tally = weekly.now.tallies[name]
        before = weekly.before.tallies[name]
        lasts = name in DURATIONS
        items.append(
            {
                "name": name,
                "week": weekly.week.name,
                "unit": "seconds" if lasts else "ratio",
                "numerator": None if lasts else tally.numerator,
                "denominator": tally.denominator,
                "value": _value(tally),
                "median": tally.median() if name in TIMED else None,
                "ninetieth": tally.ninetieth() if name in TIMED else None,
                "target": None
                if one.target is None
                else {
                    "compare": one.target.sign,
                    "value": one.target.numerator / one.target.denominator,
                },
                "verdict": verdict_of(one),
                "previous": {
                    "numerator": None if lasts else before.numerator,
                    "denominator": before.denominator,
                    "value": _value(before),
                },
                "beside": {key: len(found) for key, found in tally.beside.items()},
                "tickets": {
                    "numerator": _ids(() if lasts else tally.counted),
                    "denominator": _ids(tally.among),
                    **{key: _ids(found) for key, found in tally.beside.items()},
                },
            }
        )
    return items


def _value(tally: Tally) -> float | int | None:
    exact = counted(_figure(tally), "duration" if tally.name in DURATIONS else "ratio")
    if exact is None:
        return None
    return exact[0] if tally.name in DURATIONS else round(exact[0] / exact[1], 4)


def _ids(entries: Iterable[Entry]) -> list[str]:
    return sorted(entry.ticket for entry in entries)


def page_of(weekly: Weekly, show_personal: bool = False) -> WeeklyPage:
    """Return the page: no phone, no address; customers by their name (SERVICE-RULES "Keeping").

    With ``show_personal``, phone numbers that stand in what customers said are shown whole.
    """
    from svcctl.views.weekly import WeeklyPage

    week = weekly.week
    return WeeklyPage(
        year=week.year,
        week=week.week,
        first_day=week.start.date(),
        last_day=(in_zone(week.end - timedelta(seconds=1), week.zone)).date(),
        as_of=weekly.moment,
        zone=week.zone,
        department=weekly.policy.company,
        desk=weekly.desk,
        policy=weekly.policy.version,
        headlines=_headlines(weekly),
        measures=tuple(measures_of(weekly)),
        kinds=_kinds(weekly),
        days=_days(weekly),
        overdue=_overdue(weekly),
        complaints=_complaints(weekly, show_personal),
        engineers=_engineers(weekly),
        histories=_histories(weekly),
        commands=_commands(weekly),
    )


def _headlines(weekly: Weekly) -> tuple[Headline, ...]:
    from svcctl.views.weekly import Headline

    now, before = weekly.now, weekly.before
    return (
        Headline("opened", len(now.opened), len(before.opened)),
        Headline("finished", len(now.finished), len(before.finished)),
        Headline("closed", len(now.closed), len(before.closed), _without_work(now)),
        Headline("open", weekly.open_now.total(), weekly.open_before),
        Headline("overdue", len(weekly.overdue), weekly.overdue_before),
    )


def _without_work(sheet: Sheet) -> str:
    """Return in words how many of those that ended were declined or cancelled; "" for none."""
    from svcctl.views.language import _, word

    ways = Counter(one.state for one in sheet.closed if one.state != "closed")
    if not ways:
        return ""
    listed = _(", ").join(f"{word(state)} {n}" for state, n in sorted(ways.items()))
    return _("of these {list}").format(list=listed)


def _kinds(weekly: Weekly) -> tuple[KindCount, ...]:
    from svcctl.views.weekly import KindCount

    sheet = weekly.now
    opened, finished, closed = (
        Counter(one.kind for one in happened)
        for happened in (sheet.opened, sheet.finished, sheet.closed)
    )
    return tuple(
        KindCount(kind, opened[kind], finished[kind], closed[kind], weekly.open_now[kind])
        for kind in KINDS
        if opened[kind] or finished[kind] or closed[kind] or weekly.open_now[kind]
    )


def _days(weekly: Weekly) -> tuple[DayCount, ...]:
    from svcctl.views.weekly import DayCount

    opened, finished = (
        Counter(in_zone(one.at, weekly.week.zone).date() for one in happened)
        for happened in (weekly.now.opened, weekly.now.finished)
    )
    first = weekly.week.start.date()
    days = (first + timedelta(n) for n in range(7))
    return tuple(DayCount(day, opened[day], finished[day]) for day in days)


def _overdue(weekly: Weekly) -> tuple[Overdue, ...]:
    from svcctl.views.language import word
    from svcctl.views.weekly import Overdue

    return tuple(
        Overdue(
            one.what,
            one.ticket,
            weekly.customers.get(one.customer, one.customer),
            _person(weekly, one.who) if one.who else word(one.role),
            one.due,
            int((weekly.moment - one.due).total_seconds()),
        )
        for one in weekly.overdue
    )


def _person(weekly: Weekly, name: str) -> str:
    return weekly.people.get(name, name)


def _complaints(weekly: Weekly, show_personal: bool) -> tuple[Complaint, ...]:
    from svcctl.views.language import word
    from svcctl.views.weekly import Complaint

    return tuple(
        Complaint(
            one.ticket,
            weekly.customers.get(one.customer, one.customer),
            one.subject if show_personal else _masked(one.subject),
            one.opened,
            int((weekly.moment - one.opened).total_seconds()),
            one.liability,
            one.severity,
            _person(weekly, one.who) if one.who else word("coordinator"),
        )
        for one in weekly.complaints
    )


def _masked(text: str) -> str:
    """Return free words with what looks like a phone number in them masked."""
    from svcctl.views.figures import mask_phone

    return _NUMBER.sub(lambda found: mask_phone(found[0]), text)


def _engineers(weekly: Weekly) -> tuple[EngineerRow, ...]:
    """Return the row of everybody who did an engineer's work or owed some of it in the week."""
    from svcctl.views.weekly import EngineerRow

    tallies = weekly.now.tallies

    def count(entries: Iterable[Entry]) -> Counter[str]:
        return Counter(entry.engineer for entry in entries)

    dispatched = count(weekly.now.dispatched)
    finished = count(weekly.now.worked)
    rework = count(tallies["rework"].counted)
    slips, slips_due = count(tallies["slip"].counted), count(tallies["slip"].among)
    calls, calls_due = count(tallies["callback"].counted), count(tallies["callback"].among)
    good, answers = count(tallies["satisfaction"].counted), count(tallies["satisfaction"].among)
    arrivals: dict[str, list[int | None]] = {}
    for entry in tallies["arrival"].among:
        arrivals.setdefault(entry.engineer, []).append(entry.seconds)
    named: set[str] = set()
    for counts in (dispatched, finished, slips_due, calls_due, answers, arrivals):
        named.update(counts)
    named.discard("")
    return tuple(
        EngineerRow(
            _person(weekly, name),
            dispatched[name],
            finished[name],
            rework[name],
            slips[name],
            slips_due[name],
            calls[name],
            calls_due[name],
            good[name],
            answers[name],
            median(arrivals.get(name, ())),
        )
        for name in sorted(named)
    )


def _histories(weekly: Weekly) -> tuple[History, ...]:
    from svcctl.views.weekly import History, Point

    histories = []
    for name, earlier in weekly.history.items():
        tallies = (weekly.before.tallies[name], weekly.now.tallies[name])
        weeks = (weekly.week.previous.name, weekly.week.name)
        figures = [(week, Figure(kept, due)) for week, kept, due in earlier]
        figures += [(week, _figure(tally)) for week, tally in zip(weeks, tallies, strict=True)]
        if any(figure.denominator for _, figure in figures[:-2]):
            points = tuple(Point(week[5:], figure) for week, figure in figures)
            histories.append(History(name, points))
    return tuple(histories)


def _commands(weekly: Weekly) -> tuple[tuple[str, str], ...]:
    """Return what a reader may ask, with commands that give the page's numbers whenever they are run:
    what happens later, or is entered later, is left out."""
    from svcctl.views.language import _

    known = f"--known {format_instant(weekly.known)}"
    # Rework looks past the end of its week, so measures are asked as of when the page was made.
    week = f"--week {weekly.week.name} --as-of {format_instant(weekly.as_of)} {known}"
    then = f"--as-of {format_instant(weekly.moment)} {known}"
    return (
        (_("Measures, with the tickets in each"), f"svcctl report weekly {week} -o json"),
        (_("What one measure counted"), f"svcctl why --measure satisfaction {week}"),
        (_("Overdue"), f"svcctl today {then}"),
        (_("The callbacks to be made"), f"svcctl callbacks due {then}"),
        (_("Open complaints"), f"svcctl ticket list --kind complaint {then}"),
    )
