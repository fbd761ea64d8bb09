"""Merging for git itself: what ``git merge`` and ``git pull`` call for each record. Knows three files.

Git pairs files by likeness, so the three may belong to different records: they are refused then. Theirs
is taken as the pushed side, as it is in ``git pull``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from svcctl.domain.problems import N_, Message
from svcctl.ledger import git, posix
from svcctl.ledger.cardfile import read_card
from svcctl.ledger.folder import RECORDS, is_case
from svcctl.ledger.git import GitDir
from svcctl.ledger.mergefile import is_card_file, marked, merge_file


def merge_for_git(base: Path, ours: Path, theirs: Path, path: str) -> Message | None:
    """Write the merge of the three files into ``ours``; why it could not be, or None.

    ``path`` is the record's place in the work tree. On a stop both bodies stand in ``ours``,
    between markers.
    """
    with posix.storage(ours):
        before, here, there = (file.read_bytes() for file in (base, ours, theirs))
    record = path[path.index(f"{RECORDS}/") :] if f"{RECORDS}/" in path else path
    strangers = _strangers(record, (before, here, there))
    if strangers is not None:
        why: Message | None = strangers
        result = marked(there, here)
    else:
        merged = merge_file(record, there, here, [before] if before else [])
        if merged.conflict is not None or merged.data is None:
            why = merged.conflict.why if merged.conflict else Message(N_("it cannot be merged"))
            result = (merged.conflict.marked if merged.conflict else b"") or marked(there, here)
        else:
            why, result = None, merged.data
    if result:
        with posix.storage(ours):
            ours.write_bytes(result)
    return why


def _strangers(record: str, versions: tuple[bytes, bytes, bytes]) -> Message | None:
    """Say so where a version states another id than the file's name; unreadable ones say nothing."""
    if not is_case(record) and not is_card_file(record):
        return None
    name = record.rpartition("/")[2].removesuffix(".yaml")
    for data in versions:
        stated = _stated(data)
        if stated and stated != name:
            return Message(
                N_("git brought together {id} and {name}: two records, which are not mixed"),
                {"id": stated, "name": name},
            )
    return None


def _stated(data: bytes) -> str:
    for key in (b"id:", b"serial:"):
        for line in data.split(b"\n"):
            if line.startswith(b"events:"):
                break
            if line.startswith(key):
                fields = read_card(line + b"\n", "").fields()
                return str(next(iter(fields.values()), ""))
    return ""


def arm(gitdir: GitDir) -> None:
    """Let git in this clone call the driver for records. Raises GitFailed."""
    if armed(gitdir) == command():
        return
    git.run(gitdir.top, ["config", "merge.svcctl.name", "svcctl: records are united, never mixed"])
    git.run(gitdir.top, ["config", "merge.svcctl.driver", command()])


def armed(gitdir: GitDir) -> str:
    """Return what git in this clone calls for records, "" where it merges their lines itself."""
    words = ["config", "--local", "--default", "", "--get", "merge.svcctl.driver"]
    return git.run(gitdir.top, words).decode("utf-8", "replace").strip()


def command() -> str:
    """Return the driver's command line for git, which gives it to a shell."""
    return f"{program()} merge-driver %O %A %B %P"


def program() -> str:
    """Return how a shell starts this program: by name where PATH has it, else by its interpreter."""
    import shlex
    from shutil import which

    if which("svcctl"):
        return "svcctl"
    return f"{shlex.quote(sys.executable)} -m svcctl"
