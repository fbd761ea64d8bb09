"""Copies of a card outside the records: what an editor and a stopped sync left in this clone.

Knows where they lie; not what is in them, nor whether anybody still wants them.
"""

from __future__ import annotations

from pathlib import Path

from svcctl.domain.cards import CUSTOMER
from svcctl.ledger import posix
from svcctl.ledger.folder import Ledger, card_path
from svcctl.ledger.kept import KEPT
from svcctl.ledger.records import read_card

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


def forget_erased(ledger: Ledger) -> None:
    """Remove what is left here of customers' cards that another station erased.

    Raises ``StorageFailed``.
    """
    private = ledger.private
    copies = [*(private / SYNC_COPIES).glob(card_path(CUSTOMER.folder, "*"))]
    names = {copy.stem for copy in copies}
    names |= {copy.stem.removeprefix("edit-") for copy in private.glob("edit-*.yaml")}
    for name in sorted(filter(CUSTOMER.ids.fullmatch, names)):
        path = card_path(CUSTOMER.folder, name)
        try:
            card, _ = read_card(CUSTOMER, ledger.read(path), path)
        except FileNotFoundError:
            continue
        if card is not None and card.get("erased"):
            forget(private, path)
