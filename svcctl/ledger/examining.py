"""What the audit looks up in the files themselves: the rules, names and places, a user's own line.

Knows folders and readers; not the index, and nothing of what a rule of service says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from svcctl.domain.cards import BY_FOLDER
from svcctl.domain.checks.catalogue import severity_of
from svcctl.domain.checks.crossing import Place, closed_makeup, expected_place, not_a_record
from svcctl.domain.problems import Problem, Unreadable
from svcctl.ledger import cardfile, gonerules
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.posix import read_record
from svcctl.ledger.records import (
    of_rules,
    policy_in,
    read_calendar,
    read_card,
    read_lines,
    with_excerpts,
)


def rule_problems(ledger: Ledger) -> list[Problem]:
    """Return everything wrong with the policies and calendars, warnings too; [] where all is well."""
    found: list[Problem] = []
    lacking = gonerules.gone(ledger)
    found += map(gonerules.problem, lacking)
    calendars = set(ledger.names("calendar"))
    kept = {
        *calendars,
        *(Path(path).stem for path in lacking if path.startswith(gonerules.RULES[1])),
    }
    policies = ledger.names("policy")
    if not policies and not lacking:
        found.append(Problem("E222", f"{RECORDS}/policy"))
    for name in policies:
        found += _policy_problems(ledger, name, kept)
    for name in sorted(calendars):
        found += _calendar_problems(ledger, name)
    return found


def _policy_problems(ledger: Ledger, name: str, calendars: set[str]) -> list[Problem]:
    path = f"{RECORDS}/policy/{name}.yaml"
    data, found = _bytes(ledger, path)
    if data is None:
        return found
    found = policy_problems(data, path, name)
    raw = cardfile.read_card(data, path)
    named = raw.fields().get("calendar", "CN")
    if raw.ok and isinstance(named, str) and named not in calendars:
        line, column = raw.place(("calendar",))
        args = {"name": named, "path": f"{RECORDS}/calendar/{named}.yaml"}
        found.append(Problem("E223", path, line, column, args, raw.excerpt(line)))
    return found


def policy_problems(data: bytes, path: str, name: str) -> list[Problem]:
    """Return everything wrong with the policy in ``data``, warnings too; ``name`` is its first day."""
    raw = cardfile.read_card(data, path)
    found = of_rules(raw.problems)
    if any(severity_of(problem) == "error" for problem in found):
        return found
    try:
        policy_in(path, name, data)
    except Unreadable as stop:
        found += with_excerpts(raw, stop.problems)
    return found


def _calendar_problems(ledger: Ledger, name: str) -> list[Problem]:
    path = f"{RECORDS}/calendar/{name}.yaml"
    data, found = _bytes(ledger, path)
    if data is None:
        return found
    return calendar_problems(data, path)


def calendar_problems(data: bytes, path: str) -> list[Problem]:
    """Return everything wrong with the calendar in ``data``, warnings too."""
    raw = cardfile.read_card(data, path)
    found = of_rules(raw.problems)
    if any(severity_of(problem) == "error" for problem in found):
        return found
    try:
        calendar, raw = read_calendar(data, path)
    except Unreadable as stop:
        return [*found, *stop.problems]
    if weekday := calendar.card.closed_makeup:
        key = ("makeup",) if "makeup" in raw.fields() else ("holidays",)
        line, column = raw.place(key)
        found.append(closed_makeup(path, weekday, (line, column, raw.excerpt(line))))
    return found


def _bytes(ledger: Ledger, path: str) -> tuple[bytes | None, list[Problem]]:
    """Return a file's bytes, or None and what stands in the way (nothing where it is gone)."""
    try:
        data, problem = read_record(f"{ledger.root}/{path}", path)
    except FileNotFoundError:
        return None, []
    return data, [] if problem is None else [problem]


def record_problems(ledger: Ledger) -> Iterator[Problem]:
    """Yield what is wrong with each ticket and card by itself, read one by one (slow).

    For when the rules cannot be read, so that there can be no index.
    """
    for path in chain(ledger.tickets(), ledger.journals()):
        data, problems = _bytes(ledger, path)
        yield from problems
        if data is not None:
            yield from read_lines(data, path).problems
    for folder, kind in BY_FOLDER.items():
        for name in ledger.names(folder):
            path = f"{RECORDS}/{folder}/{name}.yaml"
            data, problems = _bytes(ledger, path)
            yield from problems
            if data is not None:
                yield from read_card(kind, data, path)[1]


def misplaced(ledger: Ledger) -> list[Problem]:
    """Return a finding for each file under ``records/`` whose name or place is no record's."""
    found = []
    for folder, names in _folders(os.fspath(ledger.root / RECORDS), RECORDS):
        holds_records = not expected_place(f"{folder}/x.yaml")
        for name in names:
            if holds_records and name.endswith(".yaml") and not name.startswith("."):
                continue  # as nearly all are: not looked at one by one
            problem = not_a_record(f"{folder}/{name}")
            if problem is not None:
                found.append(problem)
    return found


def _folders(folder: str, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder from ``folder`` down, relative to the ledger's root, with its files."""
    files = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _folders(entry.path, f"{path}/{entry.name}")
            else:
                files.append(entry.name)
    yield path, files


def text_of(ledger: Ledger, path: str) -> str:
    """Return a record's text as far as it is text, or "" where it cannot be read."""
    data, _ = _bytes(ledger, path)
    return "" if data is None else data.decode("utf-8", "replace")


def key_place(ledger: Ledger, path: str, key: str) -> Place:
    """Return where the value of ``key`` stands in a card; the file as a whole where it is missing."""
    data, _ = _bytes(ledger, path)
    if data is None:
        return 0, 0, ""
    raw = cardfile.read_card(data, path)
    if key not in raw.fields():
        return 0, 0, ""
    line, column = raw.place((key,))
    return line, column, raw.excerpt(line)


def line_of(ledger: Ledger, path: str, line: int) -> str:
    """Return one line (from 1) of a record as far as it is text, or "" where there is none."""
    data, _ = _bytes(ledger, path)
    lines = [] if data is None else data.split(b"\n", line)
    return lines[line - 1].decode("utf-8", "replace") if 0 < line <= len(lines) else ""
