"""Findings about more than one record: what refers to what. Knows no file system and no index.

Each function turns one row of the question asked (``ledger.ask_audit``) into a ``Problem``; the
codes and their words are those of the families they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from svcctl.domain.identity import JOURNAL
from svcctl.domain.journals import BY_FOLDER
from svcctl.domain.problems import Problem

Place = tuple[int, int, str]
"""Line and column from 1 (0: the file as a whole), and the user's own line."""

FLAT = ("policy", "calendar", "desks", "staff", "customers", "units")
OTHERS = ("parts", "claims", "seals", "roster", "registers", "knowledge", "attachments")
_CARD = re.compile(r"[^./][^/]*\.yaml")
_TICKET = re.compile(r"[0-9]{4}/[0-9]{2}/[^./][^/]*\.yaml")
_TICKETS = "records/tickets/2026/11/SHA-261122-07M.yaml"


PEOPLE = ("by", "to", "approved")
"""Fields of events that name a person."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer",),
    "unit": ("unit",),
    "staff": PEOPLE,
    "ticket": ("about", "tickets"),
}
"""The keys under which a record names a card of each kind."""


def place_of(text: str, keys: tuple[str, ...], value: str) -> Place:
    """Return where one of ``keys`` first has ``value`` in a record's text: in YAML or in JSON."""
    names = "|".join(map(re.escape, keys))
    pattern = (
        rf"(?<![\w-])(?:{names})[\"']?\s*:\s*[\"']?(?:[A-Z0-9-]+ )*(?={re.escape(value)}(?![\w.-]))"
    )
    found = re.search(pattern, text)
    if found is None:
        return 0, 0, ""
    start = text.rfind("\n", 0, found.end()) + 1
    end = text.find("\n", start)
    line = text.count("\n", 0, start) + 1
    return line, found.end() - start + 1, text[start : end if end >= 0 else len(text)]


def naming_problem(path: str, subject: str, kind: str, value: str, text: str) -> Problem:
    """Return the finding (E305) that ``value``, a ``kind`` named in the record ``text``, has no card."""
    keys = KEYS[kind]
    key, place = keys[0], (0, 0, "")
    for candidate in keys:
        found = place_of(text, (candidate,), value)
        if found[0] and (not place[0] or found < place):
            key, place = candidate, found
    line, column, excerpt = place
    return Problem("E305", path, line, column, {"key": key, "value": value}, excerpt, subject)


def desk_place(text: str, desk: str, subject: str) -> Place:
    """Return where a desk is named in a ticket: in an event, else in the ticket's id."""
    place = place_of(text, ("desk",), desk)
    return place if place[0] else place_of(text, ("id",), subject)


def same_id(path: str, identifier: str, other: str, place: Place) -> Problem:
    """Return the finding that ``identifier`` is the id of the record in ``other`` too."""
    line, column, excerpt = place
    args = {"id": identifier, "other": other}
    return Problem("E304", path, line, column, args, excerpt, identifier)


def no_desk(path: str, subject: str, desk: str, place: Place) -> Problem:
    """Return the finding that a desk wrote here which is not registered."""
    line, column, excerpt = place
    return Problem("E308", path, line, column, {"value": desk}, excerpt, subject)


def attachment_problem(path: str, subject: str, file: str, state: str, place: Place) -> Problem:
    """Return the finding about an attached file that is ``missing``, ``altered`` or a ``pointer``."""
    line, column, excerpt = place
    args = {"file": file, "how": state}
    code = "E312" if state == "altered" else "E311"
    return Problem(code, path, line, column, args, excerpt, subject)


def stray_attachment(path: str) -> Problem:
    """Return the finding that no ticket names a file below records/attachments."""
    return Problem("E313", path)


def no_phone(path: str, place: Place) -> Problem:
    """Return the finding that the policy in force names no service phone."""
    line, column, excerpt = place
    return Problem("E416", path, line, column, {}, excerpt)


def closed_makeup(path: str, weekday: str, place: Place) -> Problem:
    """Return the finding that make-up working days have the windows of a day that has none."""
    line, column, excerpt = place
    return Problem("E240", path, line, column, {"value": weekday}, excerpt)


def unknown_year(path: str, year: int, place: Place) -> Problem:
    """Return the finding that a calendar has no statutory holidays for a year it is asked about."""
    line, column, excerpt = place
    args = {"year": str(year), "package": "chinesecalendar", "key": "days"}
    return Problem("E239", path, line, column, args, excerpt)


def expected_place(path: str) -> str:
    """Return the form of a record's path that ``path`` should have, or "" where it has it.

    ``path`` is below ``records/``. What the department keeps in folders of other kinds is not
    judged here, nor are hidden files.
    """
    _, _, inside = path.partition("/")
    folder, slash, name = inside.partition("/")
    if path.rpartition("/")[2].startswith(".") or (folder in OTHERS and slash):
        return ""
    if folder in FLAT and slash:
        return "" if _CARD.fullmatch(name) else f"records/{folder}/NAME.yaml"
    journal, _, name_there = inside.rpartition("/")
    if journal in BY_FOLDER:
        known = JOURNAL.fullmatch(name_there.removesuffix(".yaml"))
        right = known is not None and name_there.endswith(".yaml")
        return "" if right else f"records/{journal}/2026-11.SHA.yaml"
    if folder == "tickets" and slash:
        return "" if _TICKET.fullmatch(name) else _TICKETS
    return "records/" + "|".join(("tickets", *BY_FOLDER, *FLAT, *OTHERS)) + "/…"


def kept_out_of_git(path: str, why: str) -> Problem | None:
    """Return the finding that git does not look at a record; None where it is no record.

    ``why``: ``ignored``, ``assume-unchanged`` or ``skip-worktree``.
    """
    if path.rpartition("/")[2].startswith(".") or expected_place(path):
        return None
    return Problem("E309", path, 0, 0, {"how": why, "path": path})


def not_a_record(path: str) -> Problem | None:
    """Return the finding that a file under ``records/`` is where no record is; else None."""
    expected = expected_place(path)
    return Problem("E310", path, 0, 0, {"expected": expected}) if expected else None
