"""Which folders can change from day to day: all but the sealed months. Knows names; reads no record.

Every command asks this before it asks git anything, so nothing is imported that could wait.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from svcctl.ledger.folder import RECORDS, Ledger

SEALS = f"{RECORDS}/seals"


def sealed_months(ledger: Ledger) -> set[str]:
    """Return the months for which there is a seal, by the names of the cards alone."""
    try:
        names = os.listdir(f"{ledger.root}/{SEALS}")
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {
        name[:7]
        for name in names
        if name.endswith(".yaml") and name[4:5] == "-" and (name[:4] + name[5:7]).isdigit()
    }


def unsettled(ledger: Ledger) -> set[str]:
    """Return the sealed months in which this clone wrote since: git is asked about them again."""
    try:
        return set((ledger.private / "unsealed").read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        return set()


def note_unsettled(ledger: Ledger, months: Iterable[str], *, settled: bool = False) -> None:
    """Note that this clone is about to write in sealed months; ``settled``: they were sealed anew."""
    from svcctl.ledger.posix import storage

    known = unsettled(ledger)
    wanted = known - set(months) if settled else known | set(months)
    if wanted != known:
        place = ledger.private / "unsealed"
        with storage(place):
            fresh = place.with_suffix(".new")
            fresh.write_text(" ".join(sorted(wanted)), "ascii")
            os.replace(fresh, place)


def open_folders(ledger: Ledger) -> tuple[str, ...] | None:
    """Return the folders that can change from day to day, or None where no month is sealed.

    A sealed month changes by commits, which git names by itself; what is edited there by hand is
    seen by the audit, which asks about everything.
    """
    sealed = sealed_months(ledger) - unsettled(ledger)
    if not sealed:
        return None
    base = f"{ledger.root}/{RECORDS}"
    folders = [f"{RECORDS}/{name}" for name in _folders(base) if name != "tickets"]
    for year in _folders(f"{base}/tickets"):
        for month in _folders(f"{base}/tickets/{year}"):
            if f"{year}-{month}" not in sealed:
                folders.append(f"{RECORDS}/tickets/{year}/{month}")
    return tuple(folders)


def _folders(base: str) -> list[str]:
    try:
        with os.scandir(base) as entries:
            return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
