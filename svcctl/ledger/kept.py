"""What the last audit printed, kept beside the index for as long as nothing changes. Knows a file; not
what stands in it.

Disposable like the index: where it is missing, damaged or of another version, nothing is kept.
"""

from __future__ import annotations

import os
from zlib import crc32

from svcctl import __version__
from svcctl.ledger.folder import Ledger

KEPT = "audit.kept"
"""Its name in the clone's own folder."""


def kept(ledger: Ledger, name: str) -> str | None:
    """Return the text kept under ``name``, or None."""
    try:
        data = (ledger.private / KEPT).read_bytes()
    except OSError:
        return None
    head, _, body = data.partition(b"\n")
    # The sum tells a damaged file from a good one before anything in it is believed.
    return body.decode() if head == _head(name, body) else None


def keep(ledger: Ledger, name: str, text: str) -> None:
    """Keep ``text`` under ``name``, instead of anything kept before.

    Where it cannot be written (a full disk, a folder that is read only) the next audit looks again.
    """
    body = text.encode()
    target = ledger.private / KEPT
    temporary = target.with_name(f"audit.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(_head(name, body) + b"\n" + body)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)


def _head(name: str, body: bytes) -> bytes:
    return f"{crc32(body):08x} {__version__} {name}".replace("\n", " ").encode()
