"""Merging for git itself: what ``git merge`` and ``git pull`` call for each record. Knows three files.

Git pairs files by likeness, so the three may belong to different records: they are refused then. Which
side others know already decides only where two lines have one name. A line that a remote has keeps
it; where no remote has either, theirs does, as in ``git pull``, and ours in a rebase, which puts
what is here on top of what was fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from svcctl.domain.problems import N_, Message
from svcctl.ledger import git, posix
from svcctl.ledger.cardfile import read_card
from svcctl.ledger.folder import RECORDS, is_case
from svcctl.ledger.git import GitDir
from svcctl.ledger.mergefile import FileMerge, is_card_file, marked, merge_file
from svcctl.ledger.objects import Objects
from svcctl.ledger.records import read_lines
from svcctl.ledger.remote import SYNCED, TRACKING


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
        merged = _merged(record, path, (there, here), [before] if before else [])
        if merged.conflict is not None or merged.data is None:
            why = merged.conflict.why if merged.conflict else Message(N_("it cannot be merged"))
            result = (merged.conflict.marked if merged.conflict else b"") or marked(there, here)
        else:
            why, result = None, merged.data
    if result:
        with posix.storage(ours):
            ours.write_bytes(result)
    return why


def _merged(
    record: str, path: str, sides: tuple[bytes, bytes], bases: Sequence[bytes]
) -> FileMerge:
    """Merge theirs and ours, as it is where lines of the two clash: the side that is known elsewhere first."""
    theirs, ours = sides
    usual = merge_file(record, theirs, ours, bases)
    if not usual.renamed:
        return usual
    gitdir = git.discover(Path.cwd())
    if gitdir is None:
        return usual
    known = _known_elsewhere(gitdir, path, record)
    other = merge_file(record, ours, theirs, bases)
    here, there = (_count(merged, known) for merged in (usual, other))
    if here == there:
        rebased = any((gitdir.path / name).exists() for name in ("rebase-merge", "rebase-apply"))
        return other if rebased else usual
    return other if here > there else usual


def _count(merged: FileMerge, known: set[str]) -> int:
    """How many lines that are known elsewhere would lose their names."""
    return sum(one.old.canonical() in known for one in merged.renamed)


def _known_elsewhere(gitdir: GitDir, path: str, record: str) -> set[str]:
    """The lines of a ticket or journal that the remotes have, as far as this clone knows."""
    words = ["for-each-ref", "--format=%(objectname)", TRACKING, SYNCED]
    commits = dict.fromkeys(git.run(gitdir.top, words).decode("ascii").split())
    with Objects(gitdir) as objects:
        found = [objects.get(f"{commit}:{path}") for commit in commits]
    cases = [read_lines(data, record).case for data in found if data is not None]
    return {event.canonical() for case in cases if case is not None for event in case.events}


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
    """Let git in this clone call the driver for records. Raises GitFailed, StorageFailed."""
    if armed(gitdir) == command():
        return
    name = "svcctl: records are united, never mixed"
    git.configure(gitdir.path, [("merge.svcctl.name", name), ("merge.svcctl.driver", command())])


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
