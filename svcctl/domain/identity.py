"""Ids: how they are built, checked and recognised. Knows no files; who has which id is not its business.

``SHA-261122-07M``: desk, date of opening, the day's running number, one check character
(ISO 7064 MOD 37,36 over the letters and digits before it). ``SHA-C0042K``: the same for cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_UNREADABLE = "IO"  # too like 1 and 0 on paper and on the telephone

DESK = re.compile(r"[A-HJ-NP-Z]{2,4}")
TICKET = re.compile(r"([A-HJ-NP-Z]{2,4})-([0-9]{6})-([0-9]{2,})([0-9A-Z])")
CUSTOMER = re.compile(r"([A-HJ-NP-Z]{2,4})-C([0-9]{4,})([0-9A-Z])")
UNIT = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]{0,46}[A-Z0-9])?")
STAFF = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
TICKETS = re.compile(rf"{TICKET.pattern}(?: {TICKET.pattern})*")
JOURNAL = re.compile(r"((?:19|2[0-9])[0-9]{2}-(?:0[1-9]|1[0-2]))\.([A-HJ-NP-Z]{2,4})")
EVENT = re.compile(r"([1-9][0-9]{0,8})([A-HJ-NP-Z]{2,4})")

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"
)
"""Full-width letters, digits and signs as a Chinese keyboard gives them; every dash as the plain one."""


def check_character(payload: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character of ``payload`` (letters A-Z, digits, dashes).

    Dashes are not counted. Raises ``KeyError`` for any other character.
    """
    # All but the last two is the same for a whole day's tickets.
    product = _summed(payload[-2:], _summed_before(payload[:-2]))
    return ALPHABET[(37 - product) % 36]


def _summed(payload: str, product: int) -> int:
    for character in payload:
        if character == "-":
            continue
        total = (product + _VALUE[character]) % 36 or 36
        product = total * 2 % 37
    return product


@lru_cache(maxsize=1024)
def _summed_before(payload: str) -> int:
    return _summed(payload, 36)


def is_sound(identifier: str) -> bool:
    """Say whether the last character of ``identifier`` is the check character of the rest."""
    try:
        return check_character(identifier[:-1]) == identifier[-1:]
    except KeyError:
        return False


def ticket_id(desk: str, opened: date, number: int) -> str | None:
    """Return the id of the desk's ``number``-th ticket of that day; None if the number is skipped.

    A number is skipped when its check character would be I or O.
    """
    return _with_check(f"{desk}-{opened:%y%m%d}-{number:02d}")


def customer_id(desk: str, number: int) -> str | None:
    """Return the desk's ``number``-th customer id, or None if the number is skipped."""
    return _with_check(f"{desk}-C{number:04d}")


def _with_check(stem: str) -> str | None:
    character = check_character(stem)
    return None if character in _UNREADABLE else stem + character


def event_order(name: str) -> tuple[int, str]:
    """Return the sort key of an event name such as ``3SHA``: (3, "SHA")."""
    found = EVENT.fullmatch(name)
    if found is None:
        return (0, name)
    return (int(found[1]), found[2])


def normalise(text: str) -> str:
    """Return what a person typed as an id, in the form ids have: upper case, half width."""
    return half_width(text).upper()


def half_width(text: str) -> str:
    """Return ``text`` trimmed, its full-width letters, digits and signs as a plain keyboard has them."""
    return text.strip().translate(_NARROW)


def near(typed: str, known: list[str], most: int = 5) -> list[str]:
    """Return the ids in ``known`` that ``typed`` may have been meant to be, best first.

    One wrong, missing, doubled or swapped character is near, for a longer text two; so is the same
    number with another check character, or with none.
    """
    typed = normalise(typed)
    # Two edits make any two short words alike.
    reach = min(2, len(typed) // 2)
    scored = []
    for identifier in known:
        tail = identifier[-len(typed) :] if len(typed) < len(identifier) else identifier
        distance = min(_distance(typed, identifier), _distance(typed, tail))
        without_check = identifier[:-1]
        if typed.isdigit() and without_check.endswith(typed):
            scored.append((0, identifier))
        elif distance <= reach or (typed[:-1] and without_check.endswith(typed[:-1])):
            scored.append((distance, identifier))
    return [identifier for _, identifier in sorted(scored)[:most]]


def near_names(
    typed: str, known: Iterable[tuple[str, str, str]], most: int = 5
) -> list[tuple[str, str, str]]:
    """Return those of ``known`` (name, phone in digits, id) that ``typed`` may have been meant to be.

    A name or a number with one wrong, missing, doubled or swapped character: names are taken down by
    ear (周兰, 周栏), and of a number dictated over the telephone one digit is soon wrong.
    """
    name = half_width(typed)
    digits = "".join(re.findall("[0-9]", name))
    is_number = len(digits) >= 7 and not any(map(str.isalpha, name))
    found = []
    for one in known:
        said, theirs = (digits, one[1]) if is_number else (name, one[0])
        if len(said) > 1 and set(said) & set(theirs) and _distance(said, theirs) <= 1:
            found.append(one)
            if len(found) == most:
                break
    return found


def _distance(left: str, right: str) -> int:
    """Return the number of edits (insert, delete, replace, swap neighbours) between two words."""
    if abs(len(left) - len(right)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
