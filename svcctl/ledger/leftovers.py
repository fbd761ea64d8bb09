"""Copies of a card outside the records: what an editor and a stopped sync left in this clone.

Knows where they lie; not what is in them, nor whether anybody still wants them.
"""

from __future__ import annotations

from pathlib import Path

from svcctl.ledger import posix
from svcctl.ledger.kept import KEPT

SYNC_COPIES = "sync"


def edit_copy(private: Path, name: str) -> Path:
    """Return where the text of ``svcctl edit`` lies while it is edited, and stays if not accepted."""
    return private / f"edit-{name}.yaml"


def forget(private: Path, path: str) -> None:
    """Remove every copy of the card at ``path`` (``records/customers/…``), and what shows its lines.

    Raises ``StorageFailed``.
    """
    name = path.rpartition("/")[2].removesuffix(".yaml")
    for copy in (edit_copy(private, name), private / SYNC_COPIES / path, private / KEPT):
        with posix.storage(copy):
            copy.unlink(missing_ok=True)
