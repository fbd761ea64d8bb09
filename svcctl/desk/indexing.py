"""The index as a thing to look at: its size, whether it says what the files say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svcctl.ledger import git
from svcctl.ledger import index as indexes
from svcctl.ledger.rows import OBLIGATION_COLUMNS
from svcctl.ledger.settled import SETTLED_COLUMNS

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk

_OWED = ", ".join(OBLIGATION_COLUMNS)
_PACKED = ", ".join(SETTLED_COLUMNS[1:])
_COMPARED = (
    ("tickets", "path, * from tickets"),
    (
        "obligations",
        f"path || ' ' || kind || ' ' || number || ' ' || started_by, {_OWED} from unsettled",
    ),
    ("obligations", f"path, {_PACKED} from settled join tickets t on t.rowid = ticket"),
    ("problems", "path || ' ' || line || ' ' || code, * from problems"),
    ("cards", "path, * from cards"),
    ("journals", "path, * from journals"),
    ("rules", "policy || ' ' || rule, * from rules"),
)
"""What is compared: what it is called, and the key of each row with all of it. Row numbers, which
differ with the order of reading, are none of it."""


def rebuild(desk: Desk) -> None:
    """Build the index from nothing."""
    gitdir = desk.ledger.git
    remembering = None if gitdir is None else git.start_remembering(gitdir)
    try:
        desk.take_index(indexes.rebuild(desk.ledger))
    finally:
        if gitdir is not None and remembering is not None:
            git.finish_remembering(gitdir, remembering)


def status(desk: Desk) -> dict[str, Any]:
    """Return the index's file, its counts and how it knows that it is fresh."""
    index = desk.index
    ask = index.connection.execute
    counts = {
        name: ask(f"select {question}").fetchone()[0]
        for name, question in {
            "tickets": "count(*) from tickets",
            "obligations": "(select count(*) from owings) + coalesce(sum(many), 0) from settled",
            "cards": "count(*) from cards",
            "journals": "count(*) from journals",
            "problems": "count(*) from problems",
        }.items()
    }
    way = index.connection.execute("select value from meta where key='way'").fetchone()
    return {
        "id": str(index.database.path),
        "path": str(index.database.path),
        **counts,
        "reread": index.reread,
        "way": way[0] if way else None,
    }


def verify(desk: Desk) -> list[dict[str, str]]:
    """Return where the index differs from one made from nothing; a wrong one is removed."""
    fresh = indexes.in_memory(desk.ledger)
    found: list[dict[str, str]] = []
    for table, question in _COMPARED:
        kept, made = (
            {(row[0], row[1:]) for row in one.connection.execute(f"select {question}")}
            for one in (desk.index, fresh)
        )
        for name, _ in sorted(kept - made, key=lambda row: str(row[0])):
            found.append({"table": table, "key": str(name), "how": "not in the files"})
        for name, _ in sorted(made - kept, key=lambda row: str(row[0])):
            found.append({"table": table, "key": str(name), "how": "missing or different"})
    fresh.connection.close()
    if found:
        desk.forget_index()
        indexes.discard(desk.ledger)
    return found
