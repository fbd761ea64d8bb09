"""Many files put in place one by one, flushed together. Knows names and bytes, nothing of records.

Each file is whole at any moment, old or new; all of them together are not one step. Whoever calls this
has noted durably what is under way, so that a kill in the middle can be completed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from svcctl.ledger import posix
from svcctl.ledger.batch import sync_file_system

FEW = 8
"""Up to here each file is flushed by itself; above, the whole file system once."""


class Put(NamedTuple):
    """What shall stand at ``place``; ``old`` is what stands there now, None: nothing."""

    place: Path
    old: bytes | None
    data: bytes


def put_all(puts: Sequence[Put]) -> None:
    """Let every place hold its data, durably.

    Raises FileExistsError where something stands in the place of a new file, Busy where a file is not as
    it was read, StorageFailed where the disk refuses; what was put before that stays.
    """
    if len(puts) <= FEW:
        for put in puts:
            if put.old is None:
                posix.create(put.place, put.data)
            else:
                posix.replace(put.place, put.data, posix.sha256(put.old))
        return
    temps: list[Path] = []
    try:
        for put in puts:
            temps.append(_staged(put))
        with posix.storage(puts[0].place):
            if not sync_file_system(puts[0].place.parent):
                for temp in temps:
                    posix.sync_path(temp)
        for put, temp in zip(puts, temps, strict=True):
            with posix.storage(put.place):
                if put.old is None:
                    os.link(temp, put.place)
                else:
                    posix.compare(put.place, posix.sha256(put.old))
                    os.replace(temp, put.place)
    finally:
        for temp in temps:
            posix.discard(temp)
    for folder in {put.place.parent for put in puts}:
        with posix.storage(folder):
            posix.sync_folder(folder)


def _staged(put: Put) -> Path:
    with posix.storage(put.place):
        if put.old is None:
            posix.make_folders(put.place.parent)
            mode = None
        else:
            mode = posix.compare(put.place, posix.sha256(put.old))
        return posix.write_temp(put.place.parent, put.data, mode, flush=False)
