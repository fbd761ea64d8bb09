"""What one ticket owed and is settled, as one value of the index. Knows how it is packed; not what it says.

Nearly everything that was ever owed was done in time, and nobody searches for it: it is looked at
with its ticket, or counted by the week it was due. A row for each was most of the index's making.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any
from zlib import crc32

Row = tuple[Any, ...]

PACKED = (
    "rule_id number who starts starts_offset started_by not_before due due_offset met met_offset "
    "met_by excused ended paused verdict"
).split()
"""What is packed of each; the rest of ``rows.OWING_COLUMNS`` says nothing of what is settled."""

SETTLED_COLUMNS = ("ticket", "many", "first_due", "last_due", "owings")
"""Of one ticket: how many are settled, between which instants those with a due time fell due."""

_FORM = 2
"""The form of ``marshal`` that every Python reads alike and that depends on the values alone."""


def packed(owings: list[Row | None]) -> bytes:
    """Return these rows as one value; None stands in the place of one that has a row of its own."""
    body = marshal.dumps(owings, _FORM)
    return crc32(body).to_bytes(4, "big") + body


def unpacked(value: bytes) -> Iterator[tuple[int, Row]]:
    """Yield the rows of such a value with their places. Raises ``sqlite3.DatabaseError`` for any other.

    The sum tells a damaged value from a good one before ``marshal``, which trusts what it is given,
    sees it.
    """
    body = value[4:]
    if crc32(body).to_bytes(4, "big") != value[:4]:
        import sqlite3

        raise sqlite3.DatabaseError("a value of the index is damaged")
    rows: list[Row | None] = marshal.loads(body)
    for place, row in enumerate(rows):
        if row is not None:
            yield place, row
