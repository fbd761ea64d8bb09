"""The rules of a ledger by date, and which stand where a file cannot be read. Knows no ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import N_, Message, Problem, Unreadable
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.gonerules import gone, problem
from svcctl.ledger.records import calendar_in, load_calendar, policy_in, unusable_rules

Rules = TypeVar("Rules")


def load_book(ledger: Ledger) -> Book:
    """Return the policies and calendars by date, with the problems of those that cannot be read.

    In the place of a file that cannot be read, or that is gone though git's last commit has it, stands
    the last version git has that can be read: that one was in force, and a slip does not change the rules. A policy that never could be read was
    never in force and is left out. Raises ``Unreadable`` with every problem where git does not know
    better, or nothing is left.
    """
    policies: list[Policy] = []
    problems: list[Problem] = []
    unknown = False
    lacking = gone(ledger)
    for name in policy_names(ledger, lacking):
        path = f"{RECORDS}/policy/{name}.yaml"
        try:
            policies.append(policy_in(path, name, ledger.read(path)))
        except (FileNotFoundError, Unreadable) as stop:
            if isinstance(stop, Unreadable):
                problems += stop.problems
            elif path in lacking:
                problems.append(problem(path))
            else:
                continue  # taken away since the folder was listed
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
            found = stop.problems or ((problem(path),) if path in lacking else ())
            standing = _last_readable(ledger, path, partial(calendar_in, path))
            if standing is None or not found:
                raise
            calendars[name] = standing
            problems += found
    return Book(policies, calendars, calendars[policies[-1].calendar].zone, problems)


def policy_names(ledger: Ledger, lacking: Iterable[str] | None = None) -> list[str]:
    """Return the first day of every policy, in order; of those too that are gone though git has them.

    ``lacking`` are these, where they are known already.
    """
    folder = f"{RECORDS}/policy/"
    paths = gone(ledger) if lacking is None else lacking
    away = (path[len(folder) : -len(".yaml")] for path in paths if path.startswith(folder))
    return sorted({*ledger.names("policy"), *away})


def policy_text(ledger: Ledger, path: str) -> bytes:
    """Return the text of a policy that applies: the file's, or what stands in its place.

    Raises ``Unreadable``, ``FileNotFoundError`` where nothing does.
    """
    name = path.rpartition("/")[2].removesuffix(".yaml")

    def usable(data: bytes) -> bytes:
        policy_in(path, name, data)
        return data

    try:
        return usable(ledger.read(path))
    except (FileNotFoundError, Unreadable):
        earlier = _last_readable(ledger, path, usable)
        if earlier is None:
            raise
        return earlier


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
