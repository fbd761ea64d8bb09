"""The department's rules to look at: which hold when, whether they can be used, how two differ.

Knows where policies and calendars lie; what they may say is ``domain.policy`` and ``calendar_card``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk.givenfiles import read_given
from svcctl.domain.policy_changes import Change, changes
from svcctl.domain.policy_text import Fields
from svcctl.domain.problems import N_, Message, Problem, Unreadable, Usage

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.ledger.cardfile import RawCard
    from svcctl.ledger.folder import Ledger

Item = dict[str, object]
_CALENDAR_ONLY = frozenset(("timezone", "week", "days", "yearly", "makeup", "holidays"))


class Rules(NamedTuple):
    """A policy or calendar as text: what people call it, its file, what it says."""

    name: str
    path: str
    fields: Fields
    calendar: bool


def shown(desk: Desk, at: str | None) -> Item:
    """The policy in force at ``at`` (None: now), as machine output has it."""
    from svcctl.ledger.book import policy_text

    moment = desk.read_time(at)
    policy = desk.book.at(moment)
    later = [one.since for one in desk.book.policies if one.since > policy.since]
    fields = _raw(policy_text(desk.ledger, policy.path), policy.path).fields()
    return {
        "id": policy.since.isoformat(),
        "version": policy.version,
        "path": policy.path,
        "since": policy.since.isoformat(),
        "until": min(later).isoformat() if later else None,
        "values": {key: value for key, value in fields.items() if key != "obligations"},
        "obligations": fields.get("obligations") or {},
    }


# Checking -----------------------------------------------------------------------------------------


def check(ledger: Ledger, today: date) -> list[Problem]:
    """Everything wrong with the ledger's policies and calendars; warnings of the year ahead too."""
    from svcctl.ledger.examining import rule_problems

    found = rule_problems(ledger)
    for name in ledger.names("calendar"):
        path = f"records/calendar/{name}.yaml"
        if not _spoilt(problem for problem in found if problem.path == path):
            found += _unknown_years(ledger.read(path), path, today)
    return found


def check_file(name: str, today: date) -> list[Problem]:
    """Everything wrong with the policy or calendar in the file ``name``; no ledger is needed."""
    from svcctl.ledger.examining import calendar_problems, policy_problems

    data = _given(name)
    raw = _raw(data, name)
    if raw.ok and _is_calendar(name, raw.fields()):
        found = calendar_problems(data, name)
        return found if _spoilt(found) else found + _unknown_years(data, name, today)
    return policy_problems(data, name, _day_of(name))


def _spoilt(problems: Iterable[Problem]) -> bool:
    """Whether a file cannot be used: warnings alone let it."""
    from svcctl.domain.checks.catalogue import severity_of

    return any(severity_of(problem) == "error" for problem in problems)


def _unknown_years(data: bytes, path: str, today: date) -> list[Problem]:
    from svcctl.domain.checks.crossing import unknown_year
    from svcctl.ledger.records import read_calendar

    calendar, raw = read_calendar(data, path)
    line, column = raw.place(("holidays",))
    place = (line, column, raw.excerpt(line))
    following = today.replace(year=today.year + 1, day=min(today.day, 28))
    years = calendar.years_without_data(today, following)
    return [unknown_year(path, year, place) for year in years]


def _given(name: str) -> bytes:
    data = read_given(name)
    if Path(name).absolute().parent.name in ("policy", "calendar"):
        return data  # a ledger's own: whether it is cut off matters
    return data if data.endswith(b"\n") else data + b"\n"


def _raw(data: bytes, path: str) -> RawCard:
    from svcctl.ledger.cardfile import read_card

    return read_card(data, path)


def _day_of(name: str) -> str:
    """The day that a policy's file is named after; a draft may have any name."""
    stem = Path(name).stem
    try:
        return date.fromisoformat(stem).isoformat()
    except ValueError:
        return stem if Path(name).parent.name == "policy" else "2000-01-01"


def _is_calendar(name: str, fields: object) -> bool:
    """Whether a file is a calendar: by its folder, else by the keys that only a calendar has."""
    folder = Path(name).absolute().parent.name
    if folder in ("calendar", "policy"):
        return folder == "calendar"
    return isinstance(fields, dict) and bool(_CALENDAR_ONLY & set(fields))


# Differences --------------------------------------------------------------------------------------


def is_file(typed: str) -> bool:
    """Whether an argument means a file: anything else is a day."""
    return typed.endswith((".yaml", ".yml")) or Path(typed).expanduser().is_file()


def of_file(name: str) -> Rules:
    """The policy or calendar in a file, if it can be used. Raises ``NotFound``, ``Unreadable``."""
    from svcctl.domain.checks.catalogue import severity

    problems = check_file(name, date(2000, 1, 1))
    if any(severity(problem.code) == "error" for problem in problems):
        raise Unreadable(
            "bad-policy",
            Message(N_("{path} cannot be used as rules"), {"path": name}),
            Message(N_("mend the places named"), {}),
            tuple(problems),
        )
    fields = _raw(_given(name), name).fields()
    return Rules(name, name, fields, _is_calendar(name, fields))


def of_day(desk: Desk, typed: str) -> Rules:
    """The policy in force at the beginning of a day."""
    from svcctl.ledger.book import policy_text

    policy = desk.book.at(desk.read_time(typed))
    fields = _raw(policy_text(desk.ledger, policy.path), policy.path).fields()
    return Rules(policy.version, policy.path, fields, False)


def differences(old: Rules, new: Rules) -> list[Change]:
    """How ``new`` differs from ``old``. Raises ``Usage`` for a policy and a calendar."""
    if old.calendar != new.calendar:
        raise Usage(
            "unlike",
            Message(
                N_("{old} and {new} are a policy and a calendar, which cannot be compared"),
                {"old": old.path, "new": new.path},
            ),
            Message(N_("name two policies or two calendars"), {}),
        )
    return changes(old.fields, new.fields, old.calendar)
