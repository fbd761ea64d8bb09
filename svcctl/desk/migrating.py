"""Formats: which records have another one than this svcctl writes.

Format 1 is the first; there is nothing older to bring forward. A later version of this module holds
one function per step, each from one format to the next, applied under the lock and committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk


def older(desk: Desk) -> list[tuple[str, str]]:
    """Return (path, format) of every record whose format this svcctl does not write."""
    import json

    return [
        (path, json.loads(args).get("found", "?"))
        for path, args in desk.index.connection.execute(
            "select path, args from problems where code='E204' order by path"
        )
    ]
