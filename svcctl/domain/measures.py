"""The department's measures over one week: what counts, among what, and which tickets these are.

Knows the definitions (SERVICE-RULES "Measures", documents 000, 001, 002, 004); no file, no clock,
no name of a person, no percentage: a measure is two lists of ids, or the lengths of time of one.

*When a thing counts.* What happens counts in the week it happens in, [start, end). What is owed
counts in the week it falls due in; a due time is the end of a period and belongs to it, so that
what is due on Sunday at 24:00 is Sunday's: (start, end]. A length of time counts in the week it
ends in. Nothing is judged later than ``Period.moment``, the end of the week or the moment asked
about: what was repaired, met or explained afterwards does not change a week that is over. Rework
alone looks on, because coming back is only seen later (see ``rework``).

*What is owed.* Met in time over all that fell due. Late and missed count as not in time. What an
explanation excused (000: the engineer says why the slip is not there and when it will come) and
was not met in time is neither, and stands beside the measure. What was waived (cancelled,
declined, no visit made) or stands paused is left out. Imported tickets have only those obligations
that the import's map supplied what is needed for (LEDGER "Times that are owed").

*No data.* A measure with an empty denominator has no value: never nought, never all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from svcctl.domain.cases import Event
from svcctl.domain.judging import standing_at
from svcctl.domain.policy import Book
from svcctl.domain.replay import State
from svcctl.domain.tally import Entry, Happened, Looked, Period, Tally
from svcctl.domain.times import midnight, parse_instant

NAMES = (
    "satisfaction",
    "response",
    "rework",
    "reply",
    "first-call",
    "first-contact",
    "completion",
    "complaint-rate",
    "slip",
    "callback",
    "arrival",
    "inspection",
)
DONE = frozenset({"fixed", "no-fault", "by-phone"})
"""Results with which a job is finished; "refused" ends one that was not carried out."""
SCORES = ("quality", "attitude", "speed")
GOOD_SCORE = 4


class Job(NamedTuple):
    """Work that was finished, and when the same ticket came back by itself (None: it did not)."""

    ticket: str
    unit: str
    category: str
    subject: str
    at: datetime
    engineer: str
    back: datetime | None


class Return(NamedTuple):
    """A later request that may be a job come back: same unit and fault, or about its ticket."""

    ticket: str
    unit: str
    category: str
    subject: str
    about: str
    opened: datetime


class Sheet:
    """The counting of one week: ``add`` each ticket once, then read ``tallies`` and ``jobs``.

    ``opened``, ``finished`` and ``closed`` list what happened in the week,
    ``dispatched`` and ``worked`` whose tasks and finished jobs they were.
    ``rework`` and ``inspection`` ask for more than one ticket and are filled by the functions of
    these names.
    """

    def __init__(self, period: Period, book: Book, looks_until: datetime | None = None) -> None:
        self.period = period
        self.book = book
        self.looks_until = looks_until or period.moment
        self.tallies = {name: Tally(name) for name in NAMES}
        self.jobs: list[Job] = []
        self.opened: list[Happened] = []
        self.finished: list[Happened] = []
        self.closed: list[Happened] = []
        self.dispatched: list[Entry] = []
        self.worked: list[Entry] = []

    def add(self, case: Looked) -> None:
        """Count one ticket."""
        self._flow(case)
        self._finished_jobs(case)
        self._answers(case)
        self._owed(case)
        self._times(case)
        self._completed(case)

    def _flow(self, case: Looked) -> None:
        ended = case.state.case.kind.ended
        opened = case.state.opened
        if self.period.holds(opened):
            self.opened.append(Happened(case.kind, opened, case.id))
            if case.kind == "complaint" and case.supplied is None:
                self.tallies["complaint-rate"].counted.append(
                    Entry(case.id, what=case.kind, since=opened)
                )
        before = ""
        for fact, engineer in case.told:
            if self.period.holds(fact.at):
                if fact.state in ended and before not in ended:
                    self.closed.append(Happened(case.kind, fact.at, case.id, engineer, fact.state))
                if fact.event.do in ("dispatched", "reassigned"):
                    self.dispatched.append(Entry(case.id, engineer))
            before = fact.state

    def _finished_jobs(self, case: Looked) -> None:
        """Note each job of the week: complaint rate (004) is complaints over these services.

        No import says whether it brings the complaints too, so imported tickets are on neither
        side; and where it names no unit, nobody can know what came back.
        """
        for job in jobs(case, self.looks_until):
            if not self.period.holds(job.at):
                continue
            self.finished.append(Happened(case.kind, job.at, job.ticket, job.engineer))
            self.worked.append(Entry(job.ticket, job.engineer))
            if case.supplied is None or job.unit:
                self.jobs.append(job)
            if case.supplied is None:
                self.tallies["complaint-rate"].among.append(
                    Entry(job.ticket, job.engineer, what=case.kind, done=job.at)
                )

    def _answers(self, case: Looked) -> None:
        """Callbacks that reached the customer; those with an opinion or scores are answers (001)."""
        for fact, engineer in case.told:
            if fact.event.do != "called-back" or not self.period.holds(fact.at):
                continue
            if fact.event.fields.get("result") != "reached":
                continue
            entry = Entry(case.id, engineer, what=_answer(fact.event), done=fact.at)
            content = is_satisfied(fact.event, self.book.at(fact.at).dissatisfied_below)
            self.tallies["response"].add(entry, content is not None)
            if content is not None:
                tally = self.tallies["satisfaction"]
                tally.add(entry, content)
                if content and fact.event.fields.get("opinion") == "basically-satisfied":
                    tally.beside.setdefault("basically-satisfied", []).append(entry)

    def _owed(self, case: Looked) -> None:
        """What fell due in the week: reply and first call, slips, both callbacks (000)."""
        for one in case.owed:
            if one.due is None or not self.period.falls_due(one.due):
                continue
            name = "callback" if "called-back" in one.met_with else one.kind
            if name not in ("reply", "first-call", "slip", "callback"):
                continue
            # Asked just after the due time: what is due at the very end of the week is decided.
            verdict = standing_at(one, one.due + timedelta(seconds=1), self.period.moment)
            taken = one.met is not None and one.met <= self.period.moment
            seconds = int((one.met - one.starts).total_seconds()) if taken and one.met else None
            engineer = one.who or case.engineers.get(one.started_by, "")
            done = one.met if taken else None
            entry = Entry(case.id, engineer, seconds, one.kind, one.starts, one.due, done)
            if verdict in ("met", "late", "missed"):
                self.tallies[name].add(entry, verdict == "met")
            elif verdict == "excused":
                self.tallies[name].beside.setdefault("excused", []).append(entry)

    def _times(self, case: Looked) -> None:
        """First contact after each dispatch (004), and the first arrival after the request (002).

        A contact is a call that reached the customer. Arriving is the first contact only where
        nobody had reached the customer before. Where somebody had, in this round of work, before the
        task was given out, nobody waited: the time is 0, and counts when the task is given out.
        """
        received: datetime | None = None
        spoken = arrived = False
        for fact, engineer in case.by_time:
            do = fact.event.do
            if do == "dispatched" and spoken:
                self._length("first-contact", case, engineer, fact.at, fact.at)
            elif do in ("dispatched", "reassigned"):
                received = None if spoken else fact.at
            elif do == "reopened" or _says_broken(fact.event):
                spoken = False
            elif do == "arrived" or (
                do == "contacted" and fact.event.fields.get("result") == "reached"
            ):
                if received is not None:
                    self._length("first-contact", case, engineer, received, fact.at)
                received, spoken = None, True
            if do == "arrived" and not arrived:
                arrived = True
                self._length("arrival", case, engineer, case.state.opened, fact.at)

    def _length(
        self, name: str, case: Looked, engineer: str, start: datetime, end: datetime
    ) -> None:
        if self.period.holds(end):
            seconds = max(0, int((end - start).total_seconds()))
            self.tallies[name].among.append(
                Entry(case.id, engineer, seconds, since=start, done=end)
            )

    def _completed(self, case: Looked) -> None:
        """Finished by the day the customer wanted, else by the moment promised (004)."""
        due = wanted_by(case.state, self.book)
        if due is None or not self.period.falls_due(due):
            return
        if case.supplied is not None and not case.supplied & {"finished", "closed"}:
            return  # nobody can know when it was finished
        state, who, result = "", "", None
        done: datetime | None = None
        for fact, engineer in case.told:
            if fact.state not in ("finished", "closed"):
                done = done if fact.at > due else None
            elif done is None and fact.at <= self.period.moment:
                done = fact.at
            if fact.at <= due:
                state, who = fact.state, engineer
                result = fact.event.fields["result"] if fact.event.do == "finished" else result
        if state in ("", "cancelled", "declined") or result == "refused":
            return
        entry = Entry(case.id, who, due=due, done=done)
        self.tallies["completion"].add(entry, state in ("finished", "closed"))


def is_satisfied(event: Event, below: int) -> bool | None:
    """Whether a callback's answer is a satisfied one; None where the customer gave none.

    The customer's own word decides: satisfied and basically satisfied are, since only a
    dissatisfied answer asks for a complaint (SERVICE-RULES 10); how many were basic stands beside.
    Without a word every score given must be 4 or 5. An answer that opens a complaint, for a score
    under ``below``, is never a satisfied one. "Is it working?" alone is no opinion.
    """
    opinion = event.fields.get("opinion")
    scores = [score for name in SCORES if isinstance(score := event.fields.get(name), int)]
    if opinion is None and not scores:
        return None
    if opinion == "dissatisfied" or any(score < below for score in scores):
        return False
    return opinion is not None or min(scores) >= GOOD_SCORE


def _answer(event: Event) -> str:
    """What the customer answered: the opinion, else the scores, such as 5/4/4; "" for none."""
    scores = [str(event.fields[name]) for name in SCORES if event.fields.get(name) is not None]
    return str(event.fields.get("opinion") or "/".join(scores))


def _says_broken(event: Event) -> bool:
    fields = event.fields
    return (
        event.do == "called-back"
        and fields.get("result") == "reached"
        and fields.get("working") == "no"
    )


def jobs(case: Looked, until: datetime) -> list[Job]:
    """The jobs finished on a ticket by ``until``, each with when the ticket itself came back.

    It came back when, after the finish, the customer said it does not work, the ticket was
    reopened, somebody was sent again, or it was found unfinished after all. A second "finished"
    before any of these is the same job.
    """
    found: list[Job] = []
    current: Job | None = None
    for fact, engineer in case.told:
        if fact.at > until:
            continue
        event = fact.event
        done = event.do == "finished" and event.fields.get("result") in DONE
        if current is None:
            if done:
                text = case.state.text
                current = Job(
                    case.id,
                    text("unit"),
                    text("category"),
                    text("subject"),
                    fact.at,
                    engineer or event.by,
                    None,
                )
        elif fact.at > current.at and (
            event.do in ("reopened", "dispatched")
            or _says_broken(event)
            or (event.do == "finished" and not done)
        ):
            found.append(current._replace(back=fact.at))
            current = None
    if current is not None:
        found.append(current)
    return found


def rework(sheet: Sheet, returns: Iterable[Return]) -> Tally:
    """Finish the measure of rework: jobs of the week that came back within the policy's window.

    "Came back": the ticket itself did (see ``jobs``), a later request is about it, or a later
    repair names the same unit and fault. The same fault is the same category where both have one,
    else the same words. Seen until ``sheet.looks_until``: a job can still come back afterwards, so
    two weeks compare only when both were looked at equally long after their end. Without a
    window in the policy there is no measure. Target: 001, under 5 %.
    """
    tally = sheet.tallies["rework"]
    by_unit: dict[str, list[Return]] = {}
    by_about: dict[str, list[Return]] = {}
    for one in returns:
        if one.about:
            by_about.setdefault(one.about, []).append(one)
        if one.unit:
            by_unit.setdefault(one.unit, []).append(one)
    for job in sheet.jobs:
        until = returns_until(job, sheet.book)
        if until is None:
            continue
        last = min(until, sheet.looks_until)
        itself = job.back is not None and job.back <= last
        later = [*by_about.get(job.ticket, ()), *by_unit.get(job.unit, ())]
        again = [
            one.ticket
            for one in later
            if job.at < one.opened <= last
            and one.ticket != job.ticket
            and (one.about == job.ticket or same_fault(job, one))
        ]
        what = "reopened" if itself else next(iter(again), "")
        tally.add(Entry(job.ticket, job.engineer, what=what, done=job.at), bool(what))
    return tally


def returns_until(job: Job, book: Book) -> datetime | None:
    """Until when a job that comes back is rework, by the policy of its day; None: no window."""
    policy = book.at(job.at)
    if policy.rework_within is None:
        return None
    return book.calendar_of(policy).due(job.at, policy.rework_within, "wall", "never")


def same_fault(job: Job, later: Return) -> bool:
    """Whether a later request on the same unit is about the same fault."""
    if job.category and later.category:
        return job.category == later.category
    return " ".join(job.subject.split()).casefold() == " ".join(later.subject.split()).casefold()


def wanted_by(state: State, book: Book) -> datetime | None:
    """When the work was to be finished: the end of the day wanted, else the moment promised."""
    for name in ("wanted", "promised"):
        text = state.text(name)
        if not text:
            continue
        if len(text) > 10:
            return parse_instant(text)
        return midnight(date.fromisoformat(text) + timedelta(1), book.zone)
    return None


def inspection(units: Mapping[str, str], inspected: Iterable[str], year: int, until: date) -> Tally:
    """The measure of inspections: units inspected this year so far / units due this year (002).

    Every unit is inspected once a year, so a unit is due in each year after the one of its
    installation. ``units`` gives the day of installation, else of sale, by serial number (a unit
    without either is not due); ``inspected`` the units whose inspection was finished in the year
    up to ``until``. The entries are units, not tickets.
    """
    tally = Tally("inspection")
    seen = set(inspected)
    for serial, day in sorted(units.items()):
        if day and day < f"{year:04d}-01-01" and date.fromisoformat(day) <= until:
            tally.add(Entry(serial), serial in seen)
    return tally


def measure(
    cases: Iterable[Looked],
    period: Period,
    book: Book,
    returns: Callable[[Sequence[Job]], Iterable[Return]] = lambda jobs: (),
    looks_until: datetime | None = None,
) -> Sheet:
    """Count a week over ``cases``, which are gone through once. ``returns`` finds later requests."""
    sheet = Sheet(period, book, looks_until)
    for case in cases:
        sheet.add(case)
    rework(sheet, returns(sheet.jobs))
    return sheet
