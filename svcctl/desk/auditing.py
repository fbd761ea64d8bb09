"""The audit: every finding about the ledger as of a moment. Knows where findings come from; not how
they are shown.

The index answers; files are read where a finding needs a place in them. A moment in the past is
answered by replaying the tickets that went on after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.domain.problems import N_, GitFailed, Message, Problem, Said, Unreadable, Usage
from svcctl.ledger import ask_audit
from svcctl.ledger.hidden import HiddenQuery, abandon_hidden, finish_hidden, start_hidden


class Audit(NamedTuple):
    """What was found, in order of place. ``as_of`` and ``policy`` are None where the rules are broken.

    ``policy`` is the version in force at ``as_of``; ``notices`` say what could not be looked at.
    """

    findings: list[Problem]
    as_of: datetime | None
    policy: str | None
    notices: tuple[Message, ...] = ()

    def count(self, severity: str) -> int:
        """Return how many findings are of this severity."""
        from svcctl.domain.checks.catalogue import severity_of

        return sum(1 for problem in self.findings if severity_of(problem) == severity)


def wanted_codes(only: Sequence[str]) -> Callable[[str], bool]:
    """Return the test that ``--only`` asks for: codes or beginnings of codes, also with commas.

    Raises ``Usage`` for a word that begins no code.
    """
    prefixes = _prefixes(only)
    if not prefixes:
        return lambda code: True
    from svcctl.domain.checks.catalogue import CODES

    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in CODES):
            raise Usage(
                "no-such-code",
                Message(
                    N_("{code} is no code of a finding, nor the beginning of one"), {"code": prefix}
                ),
                Message(N_("E1 to E5 are families, E403 is a code; svcctl explain lists all"), {}),
            )
    return lambda code: code.startswith(prefixes)


def _prefixes(only: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip().upper() for word in only for part in word.split(",") if part.strip())


class Parts(NamedTuple):
    """What an audit looks at: the records as they are, the history; and the history as a whole?"""

    records: bool
    history: bool
    whole: bool


def parts(only: Sequence[str], history: bool, since: str | None) -> Parts:
    """Return what is asked for: the history by itself with ``history`` or a code of E5 in ``only``.

    Raises ``Usage`` where ``since`` would have to be a day and a commit at once.
    """
    prefixes = _prefixes(only)
    if not prefixes:
        return Parts(not history, history, history)
    past = history or any(prefix.startswith("E5") for prefix in prefixes)
    records = any(not prefix.startswith("E5") for prefix in prefixes)
    if past and records and since is not None:
        raise Usage(
            "since-what",
            Message(N_("--since is a day for records and a commit for the history"), {}),
            Message(N_("audit the two one after the other, each with its own --since"), {}),
        )
    return Parts(records, past, any(prefix in ("E", "E5") for prefix in prefixes))


class Auditor:
    """One audit of a ledger as of one moment: asked whether anything changed, then what is wrong."""

    def __init__(
        self,
        desk: Desk,
        as_of: str | None = None,
        only: Sequence[str] = (),
        known: str | None = None,
    ) -> None:
        """Make the index fresh. ``only``: codes or families, else every finding is asked for.

        ``known`` leaves out what was written down later. Raises ``Usage`` where ``as_of`` or ``known``
        is no time or ``only`` no code.
        """
        self.desk = desk
        self.wanted = wanted_codes(only)
        self._hidden = _Hidden(desk)
        self._stop: Unreadable | None = None
        self.moment: datetime | None = None
        self.known: datetime | None = None
        self.later: dict[str, bool] = {}
        self._token: str | None = None
        try:
            index = desk.index
        except Unreadable as stop:
            self._stop = stop
            return
        if desk.ledger.git is not None:
            self._token = ask_audit.token(index)
        try:
            self.moment = desk.read_time(as_of)
            self.known = desk.read_time(known) if known is not None else None
        except Usage:
            self._hidden.abandon()
            raise
        self.later = ask_audit.still_to_come(
            index, self.moment.timestamp(), self.known.timestamp() if self.known else None
        )

    def state(self) -> str | None:
        """Return a text that stays the same as long as the whole audit would find the same.

        None where that cannot be told. Nothing open comes or goes without the index changing, except
        that more of it is past due; so their number is enough.
        """
        if self._token is None or self.moment is None or self.later:
            return None
        if ask_audit.token(self.desk.index) != self._token:
            return None  # another command changed the index meanwhile
        past_due = ask_audit.count_open_breaches(self.desk.index, self.moment.timestamp())
        hidden = [problem[:2] for problem in self._hidden.problems()]
        return f"{self._token} {self.moment.date()} {past_due} {hidden}"

    def audit(self, since: str | None = None) -> Audit:
        """Return every finding that is asked for.

        ``since``: about tickets opened, or with an event noted, from that time on; findings about
        other files stay. Raises ``Usage`` where it is no time.
        """
        desk, moment = self.desk, self.moment
        if moment is None:
            return self._without_rules()
        found = [one for one in _lasting(desk, moment) if not _superseded(one, self.later)]
        found += _past_due(desk, moment, self.later)
        for path, there in self.later.items():
            if there:
                found += _as_it_was(desk, path, moment, self.known)
        found += self._hidden.problems()
        if since is not None:
            old = ask_audit.untouched_since(desk.index, desk.read_time(since).timestamp())
            found = [problem for problem in found if problem.path not in old]
        version = desk.book.at(moment).version
        return Audit(ordered(found, self.wanted), moment, version, self._hidden.notices)

    def _without_rules(self) -> Audit:
        """Audit a ledger whose policy or calendar cannot be read: files and names, no deadlines."""
        from svcctl.ledger.examining import misplaced, record_problems, rule_problems

        ledger = self.desk.ledger
        rules = rule_problems(ledger)
        if not rules and self._stop is not None:
            raise self._stop  # something else stands in the way: say that instead
        found = [*rules, *record_problems(ledger), *misplaced(ledger), *self._hidden.problems()]
        return Audit(ordered(found, self.wanted), None, None, self._hidden.notices)


def ordered(found: Iterable[Problem], wanted: Callable[[str], bool]) -> list[Problem]:
    """Return the wanted findings in the order of their places."""
    return sorted(
        (problem for problem in found if wanted(problem.code)),
        key=lambda one: (one.path, one.line, one.column, one.code),
    )


class _Hidden:
    """What git was told not to look at, asked while this process does other things."""

    def __init__(self, desk: Desk) -> None:
        self.notices: tuple[Message, ...] = ()
        self._query: HiddenQuery | None = None
        self._found: list[Problem] = []
        gitdir = desk.ledger.git
        if gitdir is not None:
            try:
                self._query = start_hidden(gitdir)
            except GitFailed as stop:
                self._not_looked_up(stop)

    def problems(self) -> list[Problem]:
        """Return a finding (E309) for each record that git does not look at."""
        query, self._query = self._query, None
        if query is not None:
            try:
                paths = finish_hidden(query)
            except GitFailed as stop:
                self._not_looked_up(stop)
                return []
            if paths:
                from svcctl.domain.checks.crossing import kept_out_of_git

                found = (kept_out_of_git(path, why) for path, why in paths)
                self._found = [problem for problem in found if problem is not None]
        return self._found

    def abandon(self) -> None:
        """Let git go where nobody will ask."""
        query, self._query = self._query, None
        if query is not None:
            abandon_hidden(query)

    def _not_looked_up(self, stop: GitFailed) -> None:
        text = N_("what git was told to ignore could not be looked up: {reason}")
        self.notices = (Message(text, {"reason": Said.of(stop.message)}),)


# What is so whatever the moment -------------------------------------------------------------------


def _lasting(desk: Desk, moment: datetime) -> list[Problem]:
    from svcctl.desk.sealing import seal_problems
    from svcctl.domain.checks.owed_rules import owed_problem
    from svcctl.ledger.ask import findings
    from svcctl.ledger.examining import misplaced, rule_problems
    from svcctl.ledger.gonerules import RULES

    seconds = moment.timestamp()
    found = [one for one in findings(desk.index) if not one.path.startswith(RULES)]
    found += [owed_problem(one) for one in ask_audit.decided_breaches(desk.index)]
    found += _crossings(desk)
    found += _of_attachments(desk)
    found += _of_people(desk, seconds)
    found += rule_problems(desk.ledger)
    found += misplaced(desk.ledger)
    found += _of_rules(desk, moment)
    found += seal_problems(desk, ask_audit.lying_otherwise(desk.index))
    return found


def _crossings(desk: Desk) -> list[Problem]:
    """Return the findings about ids and references between records (E304, E305, E308)."""
    from svcctl.domain.checks import crossing
    from svcctl.ledger.examining import text_of
    from svcctl.ledger.folder import ticket_path

    found = []
    for identifier, paths in ask_audit.same_ids(desk.index):
        right = ticket_path(identifier)
        first = right if right in paths else paths[0]
        for path in paths:
            if path != first:
                place = crossing.place_of(text_of(desk.ledger, path), ("id",), identifier)
                found.append(crossing.same_id(path, identifier, first, place))
    for naming in ask_audit.names_without_card(desk.index):
        found.append(crossing.naming_problem(*naming, text_of(desk.ledger, naming.path)))
    for path, subject, _, desk_code in ask_audit.unregistered_desks(desk.index):
        place = crossing.desk_place(text_of(desk.ledger, path), desk_code, subject)
        found.append(crossing.no_desk(path, subject, desk_code, place))
    return found


def _of_attachments(desk: Desk) -> list[Problem]:
    """Return the findings about attached files (E311, E312, E313)."""
    from svcctl.domain.checks import crossing
    from svcctl.ledger.attached import files, state_of
    from svcctl.ledger.examining import text_of

    found = []
    named = set()
    for path, subject, names in ask_audit.with_attachments(desk.index):
        for name in names:
            file = f"records/attachments/{subject}/{name}"
            named.add(file)
            digest = name.partition(".")[0]
            state = state_of(desk.ledger, file, digest)
            if state != "whole":
                place = crossing.place_of(text_of(desk.ledger, path), ("sha256",), digest)
                found.append(crossing.attachment_problem(path, subject, file, state, place))
    found += [crossing.stray_attachment(file) for file in files(desk.ledger) if file not in named]
    return found


def _of_people(desk: Desk, seconds: float) -> list[Problem]:
    """Return the findings that need a ticket and the cards or other tickets (E407, E412)."""
    from svcctl.domain.checks.service_rules import approval_problems, complaint_problem
    from svcctl.domain.replay import replay
    from svcctl.ledger.records import load_ticket

    found: list[Problem] = []
    approvals = ask_audit.with_approvals(desk.index)
    roles = ask_audit.roles(desk.index) if approvals else {}
    for path in approvals:
        found += approval_problems(
            path, replay(load_ticket(desk.ledger, path)[0]), desk.book, roles
        )
    for path in ask_audit.without_complaint(desk.index, seconds):
        problem = complaint_problem(path, replay(load_ticket(desk.ledger, path)[0]), desk.book)
        if problem is not None:
            found.append(problem)
    return found


def _of_rules(desk: Desk, moment: datetime) -> list[Problem]:
    """Return the findings about the policy in force and the calendars it counts by (E416, E239)."""
    from svcctl.domain.checks import crossing
    from svcctl.domain.times import at_epoch
    from svcctl.ledger.examining import key_place

    found = []
    policy = desk.book.at(moment)
    if not policy.service_phone:
        place = key_place(desk.ledger, policy.path, "service-phone")
        found.append(crossing.no_phone(policy.path, place))
    reach = ask_audit.first_and_last(desk.index)
    if reach is not None:
        first = min(moment, at_epoch(int(reach[0]), desk.zone)).date()
        last = max(moment, at_epoch(int(reach[1]), desk.zone)).date()
        for name, calendar in desk.book.calendars.items():
            path = f"records/calendar/{name}.yaml"
            for year in calendar.years_without_data(first, last):
                place = key_place(desk.ledger, path, "holidays")
                found.append(crossing.unknown_year(path, year, place))
    return found


# What depends on the moment -----------------------------------------------------------------------


def _past_due(desk: Desk, moment: datetime, later: dict[str, bool]) -> list[Problem]:
    from svcctl.domain.checks.owed_rules import owed_problem

    seconds = moment.timestamp()
    return [
        owed_problem(one)
        for one in ask_audit.open_breaches(desk.index, seconds)
        if one.path not in later
    ]


_OF_EVENTS = ("E207", "E209", "E210", "E211", "E303")


def _superseded(problem: Problem, later: dict[str, bool]) -> bool:
    """Whether this is about what happens to a ticket after the moment asked about."""
    return problem.path in later and (problem.code >= "E4" or problem.code in _OF_EVENTS)


def _as_it_was(desk: Desk, path: str, moment: datetime, known: datetime | None) -> list[Problem]:
    """Return the findings about one ticket's events and obligations as of a moment in the past."""
    from svcctl.domain.checks.owed_rules import breach_of, owed_problem
    from svcctl.domain.checks.schema_rules import stray_problems
    from svcctl.domain.checks.service_rules import (
        approval_problems,
        complaint_problem,
        ticket_problems,
    )
    from svcctl.domain.obligations import obligations
    from svcctl.domain.replay import replay
    from svcctl.ledger.records import load_ticket

    seconds = moment.timestamp()
    state = replay(load_ticket(desk.ledger, path)[0], moment, known)
    if not state.facts:
        return []
    subject = state.case.id
    found = stray_problems(path, state, subject) + ticket_problems(path, state, desk.book)
    found += approval_problems(path, state, desk.book, ask_audit.roles(desk.index))
    complaint = complaint_problem(path, state, desk.book)
    if complaint is not None and not ask_audit.has_complaint(desk.index, subject, seconds):
        found.append(complaint)
    for one in obligations(state, desk.book):
        breach = breach_of(path, state, one, seconds)
        if breach is not None:
            found.append(owed_problem(breach))
    return found
