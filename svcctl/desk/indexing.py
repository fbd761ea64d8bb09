"""The index as a thing to look at: its size, whether it says what the files say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svcctl.ledger import git
from svcctl.ledger import index as indexes
from svcctl.ledger.rows import OBLIGATION_COLUMNS

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk

_COMPARED = {
    "tickets": "path",
    "obligations": "path || ' ' || kind || ' ' || number || ' ' || started_by",
    "problems": "path || ' ' || line || ' ' || code",
    "cards": "path",
}
_COLUMNS = dict.fromkeys(_COMPARED, "*") | {"obligations": ", ".join(OBLIGATION_COLUMNS)}
"""Row numbers, which differ with the order of reading, are not compared."""


def rebuild(desk: Desk) -> None:
    """Build the index from nothing."""
    desk.forget_index()
    indexes.rebuild(desk.ledger).connection.close()
    if desk.ledger.git is not None:
        git.remember(desk.ledger.git)


def status(desk: Desk) -> dict[str, Any]:
    """Return the index's file, its counts and how it knows that it is fresh."""
    index = desk.index
    counts = {
        table: index.connection.execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("tickets", "obligations", "cards", "problems")
    }
    way = index.connection.execute("select value from meta where key='way'").fetchone()
    return {
        "id": str(index.path),
        "path": str(index.path),
        **counts,
        "reread": index.reread,
        "way": way[0] if way else None,
    }


def verify(desk: Desk) -> list[dict[str, str]]:
    """Return where the index differs from one made from nothing; a wrong one is removed."""
    fresh = indexes.in_memory(desk.ledger)
    found: list[dict[str, str]] = []
    for table, key in _COMPARED.items():
        kept, made = (
            {
                (row[0], row[1:])
                for row in one.connection.execute(f"select {key}, {_COLUMNS[table]} from {table}")
            }
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
