"""Line ends of another system in files that git holds without them. Knows bytes; not what a record is.

An editor may end lines with CR LF; ``records/.gitattributes`` lets git keep LF. The file in the work
tree stays as the editor left it, and git calls it unchanged: nobody else would ever put it right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from svcctl.ledger.commit import Identity
from svcctl.ledger.git import GitDir, run

AT_ONCE = 32
"""Files whose new sizes git is told of together, as of a small commit."""

ASKED_AT_ONCE = 200
"""Files that git is asked of together: their names fit any system's command line."""


def normal(data: bytes) -> bytes:
    """Return ``data`` with the line ends that records have."""
    return data.replace(b"\r\n", b"\n")


def settle_line_ends(gitdir: GitDir, paths: Sequence[str], who: Identity, when: datetime) -> None:
    """Let files that differ from what git holds in nothing but their line ends be as git holds them.

    ``paths`` are relative to the ledger's root. A file with another difference is somebody's work
    that is not committed yet: it is left alone. What is under way is announced like any commit, so
    that after a kill the next command tells git of it. The caller holds the ledger's lock. Raises
    GitFailed, StorageFailed: nothing is lost, and the rest is done by a later command.
    """
    from svcctl.ledger import posix
    from svcctl.ledger.pending import Pending, settle
    from svcctl.ledger.swap import Put, put_all

    found_there: dict[str, Put] = {}
    for path in paths:
        place = gitdir.root / path
        with posix.storage(place):
            found = place.read_bytes()
        mended = normal(found)
        # Where git itself holds a carriage return, taking it away would be a change for all.
        if mended != found and b"\r" not in mended:
            found_there[path] = Put(place, found, mended)
    held = _held(gitdir, list(found_there))
    puts = {p: put for p, put in found_there.items() if _is(held.get(p, ""), put.data)}
    mendable = list(puts)
    for first in range(0, len(mendable), AT_ONCE):
        part = mendable[first : first + AT_ONCE]
        Pending(gitdir).note(part, "line ends", who, when)
        put_all([puts[path] for path in part])
        settle(gitdir)  # there is nothing to commit: git learns the new sizes, no more


def _held(gitdir: GitDir, paths: Sequence[str]) -> dict[str, str]:
    """Return the names of what git's index has for the files; none for one that is being merged."""
    held = {}
    for first in range(0, len(paths), ASKED_AT_ONCE):
        asked = [gitdir.prefix + path for path in paths[first : first + ASKED_AT_ONCE]]
        out = run(gitdir.top, ["ls-files", "--stage", "-z", "--full-name", "--", *asked])
        for row in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            words, _, path = row.partition("\t")
            _mode, name, stage = words.split(" ")
            if stage == "0":
                held[path.removeprefix(gitdir.prefix)] = name
    return held


def _is(name: str, data: bytes) -> bool:
    from svcctl.ledger.objects import blob_id

    return name != "" and blob_id(data, name) == name
