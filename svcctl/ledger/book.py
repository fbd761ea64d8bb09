"""The rules of a ledger by date, and which stand where a file cannot be read. Knows no ticket."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import N_, Message, Problem, Unreadable
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.records import calendar_in, load_calendar, policy_in, unusable_rules

Rules = TypeVar("Rules")

RULES = (f"{RECORDS}/policy/", f"{RECORDS}/calendar/")
"""Where the rules lie: a change there changes what every ticket owes."""


def load_book(ledger: Ledger) -> Book:
    """Return the policies and calendars by date, with the problems of those that cannot be read.

    In the place of a file that cannot be read stands the last version git has that can: that one was
    in force, and a slip of the pen does not change the rules. A policy that never could be read was
    never in force and is left out. Raises ``Unreadable`` with every problem where git does not know
    better, or nothing is left.
    """
    policies: list[Policy] = []
    problems: list[Problem] = []
    unknown = False
    for name in ledger.names("policy"):
        path = f"{RECORDS}/policy/{name}.yaml"
        try:
            policies.append(policy_in(path, name, ledger.read(path)))
        except FileNotFoundError:
            continue  # taken away since the folder was listed
        except Unreadable as stop:
            problems += stop.problems
            earlier = _last_readable(ledger, path, partial(policy_in, path, name))
            if earlier is not None:
                policies.append(earlier)
            unknown = unknown or ledger.git is None
    if unknown or (problems and not policies):
        raise unusable_rules(problems)
    if not policies:
        raise Unreadable(
            "no-policy",
            Message(N_("the ledger has no policy under records/policy"), {}),
            Message(
                N_("restore it from git, or write the shipped one with `svcctl init . --desk …`"),
                {},
            ),
        )
    calendars = {}
    for name in dict.fromkeys(policy.calendar for policy in policies):
        try:
            calendars[name] = load_calendar(ledger, name)
        except Unreadable as stop:
            path = f"{RECORDS}/calendar/{name}.yaml"
            standing = _last_readable(ledger, path, partial(calendar_in, path))
            if standing is None or not stop.problems:
                raise
            calendars[name] = standing
            problems += stop.problems
    return Book(policies, calendars, calendars[policies[-1].calendar].zone, problems)


def _last_readable(ledger: Ledger, path: str, read: Callable[[bytes], Rules]) -> Rules | None:
    """Return what the last readable version of a file in git says; None where there is none."""
    from svcctl.ledger.past import versions

    if ledger.git is None:
        return None
    for data in versions(ledger.git, path):
        try:
            return read(data)
        except Unreadable:
            continue
    return None
