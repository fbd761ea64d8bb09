"""The weekly summary's numbers: which tickets it needs, the week and the one before, what is overdue.

Loads through the index only tickets to which something happened since the start of the week before;
what stood still since then is counted by the index. Knows no layout: it fills a ``WeeklyPage``.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from svcctl.desk.view import View
from svcctl.domain import measures
from svcctl.domain.measures import Job, Return, Sheet
from svcctl.domain.problems import N_, Message, Unreadable, Usage
from svcctl.domain.tally import Happened, Looked, Period
from svcctl.domain.times import Week, at_epoch, in_zone, midnight, week_of

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.domain.policy import Policy

Item = dict[str, Any]
WEEKS_BACK = 8
BY_INDEX = ("reply", "first-call", "slip", "callback")
"""Measures whose earlier weeks the index answers alone: they count obligations by their due time."""
CHUNK = 500


class Owed(NamedTuple):
    """An obligation past due and still owed at a moment; ``who`` a staff id, or "" and the role."""

    what: str
    ticket: str
    customer: str
    who: str
    role: str
    due: datetime


class Grievance(NamedTuple):
    """A complaint open at the moment, with what the investigation says so far."""

    ticket: str
    customer: str
    subject: str
    opened: datetime
    liability: str
    severity: str
    who: str


class Weekly(NamedTuple):
    """All that a weekly summary says, before any word of a language. ``now`` is the week itself."""

    week: Week
    as_of: datetime
    known: datetime
    """Until when what was written down is counted."""
    moment: datetime
    policy: Policy
    desk: str
    now: Sheet
    before: Sheet
    open_now: Counter[str]
    open_before: int
    open: list[Happened]
    """The tickets behind ``open_now``, by when they were opened; empty unless they were asked for."""
    overdue: list[Owed]
    overdue_before: int
    complaints: list[Grievance]
    history: dict[str, list[tuple[str, int, int]]]
    customers: dict[str, str]
    people: dict[str, str]
    """Names by staff id."""


def gather(view: View, week: str | None = None, listed: bool = False) -> Weekly:
    """Return the numbers of ``week`` (``2026-W47``, 上周; None: the last complete one before the moment).

    ``listed``: the tickets open at its end, by name. ``known`` leaves out what was written down later. Raises ``Usage`` for an unreadable week or
    time, or a week that has not begun.
    """
    desk = view.desk
    chosen = desk.read_week(week, view.as_of) if week else week_of(view.as_of, desk.zone).previous
    if view.as_of < chosen.start:
        raise Usage(
            "week-to-come",
            Message(
                N_("the week {week} has not begun at {moment}"),
                {"week": chosen.name, "moment": view.as_of.isoformat()},
            ),
            Message(N_("give an earlier week, or none for the last complete one"), {}),
        )
    return _Gathering(desk, view, chosen).done(listed)


class _Gathering:
    """One pass over the tickets of two weeks, and the questions to the index around it."""

    def __init__(self, desk: Desk, view: View, week: Week) -> None:
        self.desk = desk
        self.view = view
        # What is written down from here on is not in the numbers.
        self.known = view.known or desk.now()
        self.week = week
        self.book = desk.book
        previous = week.previous
        moment = min(view.as_of, week.end)
        self.moment = moment
        # A week before is looked at as long after its end as this one is: see measures.rework.
        looked = max(previous.end, view.as_of - (week.end - previous.end))
        self.now = Sheet(Period(week.start, week.end, moment), self.book, max(moment, view.as_of))
        self.before = Sheet(Period(previous.start, previous.end, previous.end), self.book, looked)
        self.open_now: Counter[str] = Counter()
        self.open_before = 0
        self.still: list[Happened] = []
        self.overdue: list[Owed] = []
        self.overdue_before = 0
        self.complaints: list[Grievance] = []

    def done(self, listed: bool) -> Weekly:
        for case in self._loaded():
            self.now.add(case)
            self.before.add(case)
            self._stands(case)
        self._stood_still()
        for sheet in (self.now, self.before):
            measures.rework(sheet, self._returns(sheet.jobs, sheet.looks_until))
        self._inspections()
        named = {owed.customer for owed in self.overdue} | {g.customer for g in self.complaints}
        return Weekly(
            week=self.week,
            as_of=self.view.as_of,
            known=self.known,
            moment=self.moment,
            policy=self.book.at(self.moment - timedelta(seconds=1)),
            desk=" ".join(self.desk.ledger.names("desks")),
            now=self.now,
            before=self.before,
            open_now=self.open_now,
            open_before=self.open_before,
            open=self._open() if listed else [],
            overdue=self.overdue,
            overdue_before=self.overdue_before,
            complaints=self.complaints,
            history=self._history(),
            customers=self._names(named),
            people=self._people(),
        )

    # Tickets -----------------------------------------------------------------------------------

    def _moving(self) -> tuple[str, list[object]]:
        """The condition that something happened to a ticket since the start of the week before."""
        start = self.before.period.start.timestamp()
        if self.view.known is None:
            return "t.last_at >= ?", [start]
        return "(t.last_at >= ? or t.last_noted > ?)", [start, self.view.known.timestamp()]

    def _loaded(self) -> Iterator[Looked]:
        moving, values = self._moving()
        paths = self.desk.index.connection.execute(
            f"select t.path from tickets t where {moving} and min(t.opened, t.began) < ? and t.began <= ? "
            "order by t.opened, t.id",
            [*values, self.week.end.timestamp(), self.view.seconds],
        ).fetchall()
        for (path,) in paths:
            case = self._look(path)
            if case is not None:
                yield case

    def _look(self, path: str) -> Looked | None:
        from svcctl.domain.obligations import obligations
        from svcctl.domain.replay import replay
        from svcctl.ledger.records import load_ticket

        try:
            case, _, _ = load_ticket(self.desk.ledger, path)
        except (Unreadable, FileNotFoundError):
            return None  # the index reports it with every command
        state = replay(case, self.view.as_of, self.view.known)
        return Looked(state, obligations(state, self.book)) if state.facts else None

    def _stands(self, case: Looked) -> None:
        """Note how the ticket stood at the end of the week, and at the end of the one before."""
        before = self.before.period.moment
        if case.is_open_at(before):
            self.open_before += 1
            self.overdue_before += sum(1 for _ in _overdue(case, before))
        if not case.is_open_at(self.moment):
            return
        self.open_now[case.kind] += 1
        opened, who = case.state.opened, case.told[-1][1]
        self.still.append(Happened(case.kind, opened, case.id, who))
        self.overdue.extend(_overdue(case, self.moment))
        if case.kind == "complaint":
            self.complaints.append(_grievance(case, self.moment))

    def _stood_still(self) -> None:
        """Count the open tickets to which nothing happened in the two weeks, from the index."""
        from svcctl.ledger.numbering import PLACES

        moving, values = self._moving()
        connection = self.desk.index.connection
        for kind, count in connection.execute(
            f"select t.kind, count(*) from tickets t where t.ended = 0 and not ({moving}) "
            "group by t.kind",
            values,
        ):
            self.open_now[kind] += count
            self.open_before += count
        moment = self.moment.timestamp()
        before = self.before.period.moment.timestamp()
        for what, ticket, customer, who, role, due in connection.execute(
            "select o.kind, t.id, t.customer, o.who, o.owner, o.due from unsettled o "
            f"join tickets t on t.rowid = o.owing >> {PLACES} where o.verdict = 0 and o.due < ? "
            f"and (o.paused is null or o.paused > o.due) and t.ended = 0 and not ({moving})",
            [moment, *values],
        ):
            self.overdue.append(
                Owed(what, ticket, customer, who, role, at_epoch(int(due), self.desk.zone))
            )
            self.overdue_before += due < before
        for (path,) in connection.execute(
            f"select t.path from tickets t where t.kind = 'complaint' and t.ended = 0 "
            f"and not ({moving})",
            values,
        ).fetchall():
            case = self._look(path)
            if case is not None:
                self.complaints.append(_grievance(case, self.moment))

    def _open(self) -> list[Happened]:
        """Return the tickets open at the end of the week, those that stood still by the index."""
        moving, values = self._moving()
        return sorted(
            [
                *self.still,
                *(
                    Happened(kind, at_epoch(int(opened), self.desk.zone), ticket, who or "")
                    for kind, opened, ticket, who in self.desk.index.connection.execute(
                        "select t.kind, t.opened, t.id, t.engineer from tickets t "
                        f"where t.ended = 0 and not ({moving})",
                        values,
                    )
                ),
            ],
            key=lambda one: (one.at, one.ticket),
        )

    # What asks for more than one ticket ----------------------------------------------------------

    def _returns(self, done: Sequence[Job], until: datetime) -> list[Return]:
        """Return the later requests on the units of these jobs, or about their tickets."""
        if not done:
            return []
        found: dict[str, Return] = {}
        first = min(job.at for job in done).timestamp()
        units = sorted({job.unit for job in done if job.unit})
        for column, names in (("unit", units), ("about", sorted({job.ticket for job in done}))):
            for some in _chunks(names):
                for row in self.desk.index.connection.execute(
                    "select path, id, unit, category, subject, about, opened from tickets "
                    f"where {column} in ({','.join('?' * len(some))}) and {column} != '' "
                    "and kind = 'repair' and opened > ? and opened <= ?",
                    [*some, first, until.timestamp()],
                ):
                    if self._was_known(row[0]):
                        opened = at_epoch(row[6], self.desk.zone)
                        found[row[0]] = Return(row[1], row[2], row[3], row[4], row[5], opened)
        return list(found.values())

    def _was_known(self, path: str) -> bool:
        return self.view.known is None or self._look(path) is not None

    def _inspections(self) -> None:
        """Fill the coverage of the year that each week belongs to, up to the week's end."""
        units = {}
        for serial, fields in self.desk.index.connection.execute(
            "select id, fields from cards where kind = 'unit'"
        ):
            card = json.loads(fields)
            units[serial] = card.get("installed") or card.get("sold") or ""
        if not units:
            return
        zone = self.desk.zone
        years = [in_zone(s.period.start + timedelta(3), zone).year for s in (self.now, self.before)]
        inspected = self._inspected(midnight(date(min(years), 1, 1), zone))
        for sheet, year in zip((self.now, self.before), years, strict=True):
            first, moment = midnight(date(year, 1, 1), zone), sheet.period.moment
            seen = [unit for unit, early, at in inspected if first <= early and at <= moment]
            until = in_zone(moment - timedelta(seconds=1), zone).date()
            sheet.tallies["inspection"] = measures.inspection(units, seen, year, until)

    def _inspected(self, since: datetime) -> list[tuple[str, datetime, datetime]]:
        """Return (unit, earliest, latest possible moment) of each inspection finished since.

        A finished or closed inspection was finished between its opening and its last event, unless
        the customer refused it or an import brought it in as finished. So where that leaves no
        doubt, only these words are looked for in the file; else the ticket is replayed.
        """
        found = []
        decided = sorted({sheet.period.moment for sheet in (self.now, self.before)})
        for path, unit, state, opened, last in self.desk.index.connection.execute(
            "select t.path, t.unit, t.state, t.opened, t.last_at from tickets t where "
            "t.kind = 'inspection' and t.unit != '' and t.last_at >= ? and min(t.opened, t.began) <= ?",
            [since.timestamp(), self.moment.timestamp()],
        ).fetchall():
            early, late = at_epoch(opened, self.desk.zone), at_epoch(last, self.desk.zone)
            settled = [moment for moment in decided if late <= moment]
            plain = early >= since and early.year == late.year and len(settled) == len(decided)
            if plain and self.view.known is None and state in ("finished", "closed"):
                data = self.desk.ledger.read(path)
                if b"refused" not in data and b"imported" not in data:
                    found.append((unit, early, late))
                    continue
            case = self._look(path)
            if case is not None:
                found += [(j.unit, j.at, j.at) for j in measures.jobs(case, self.moment)]
        return found

    def _history(self) -> dict[str, list[tuple[str, int, int]]]:
        """Return (week, in time, due) of the weeks before the last two, from the index.

        Judged as each stood at its end, as the measures are. With ``known`` there is none: the
        index does not hold what was known before.
        """
        from svcctl.ledger.ask import due_between

        if self.view.known is not None:
            return {}
        weeks = [self.week.previous]
        while len(weeks) < WEEKS_BACK - 1:
            weeks.insert(0, weeks[0].previous)
        weeks.pop()
        ends = [week.end.timestamp() for week in weeks]
        kept = {name: [0] * len(weeks) for name in BY_INDEX}
        counted = {name: [0] * len(weeks) for name in BY_INDEX}
        for one in due_between(self.desk.index, weeks[0].start.timestamp(), ends[-1]):
            name = "callback" if "called-back" in one["met_with"].split() else one["kind"]
            if name in counted:
                n = bisect_left(ends, one["due"])
                in_time = one["met"] is not None and one["met"] <= one["due"]
                kept[name][n] += in_time
                counted[name][n] += in_time or _counts(one, ends[n])
        return {
            name: [(week.name, kept[name][n], counted[name][n]) for n, week in enumerate(weeks)]
            for name in BY_INDEX
        }

    # Names ---------------------------------------------------------------------------------------

    def _names(self, customers: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in _chunks(sorted(customers)):
            found.update(
                self.desk.index.connection.execute(
                    "select id, name from cards where kind = 'customer' "
                    f"and id in ({','.join('?' * len(some))})",
                    some,
                ).fetchall()
            )
        return found

    def _people(self) -> dict[str, str]:
        query = "select id, name from cards where kind = 'staff'"
        return dict(self.desk.index.connection.execute(query).fetchall())


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), CHUNK):
        yield names[start : start + CHUNK]


def _overdue(case: Looked, moment: datetime) -> Iterator[Owed]:
    """Yield what an open ticket owed past its due time at ``moment``."""
    for one in case.owed:
        if one.due is None or one.starts > moment:
            continue
        if case.standing_at(one, moment) == "missed":
            yield Owed(one.kind, case.id, case.state.text("customer"), one.who, one.owner, one.due)


def _grievance(case: Looked, moment: datetime) -> Grievance:
    text = case.state.text
    liability = severity = who = ""
    for fact, engineer in case.told:
        if fact.at > moment:
            continue
        who = engineer or who
        if fact.event.do == "investigated":
            liability = str(fact.event.fields.get("liability", liability))
            severity = str(fact.event.fields.get("severity", severity))
            who = fact.event.by
    opened = case.state.opened
    return Grievance(case.id, text("customer"), text("subject"), opened, liability, severity, who)


def _counts(one: dict[str, Any], judged: float) -> bool:
    """Whether what was not kept in time is counted as due, judged at that moment: it was not excused,
    and nothing ended it or stopped its clock before it was due."""
    if one["excused"] is not None and one["excused"] <= judged:
        return False
    if one["met"] is not None and one["met"] <= judged:
        return True
    return all(one[end] is None or one[end] > one["due"] for end in ("ended", "paused"))
