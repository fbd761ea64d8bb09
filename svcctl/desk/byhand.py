"""What a hand changed in the records and nobody committed. Knows git's list of it; not what was changed.

A command's own changes are committed by the command; those of an editor are a person's to commit, for
nobody else can say whether they are meant, and under whose name. No other station gets them before.
"""

from __future__ import annotations

from svcctl.domain.problems import N_, Message
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.git import GitDir

SHOWN = 5


def not_committed(gitdir: GitDir) -> list[tuple[Message, Message]]:
    """Return what is not as it was committed, each with what to do about it; [] mostly.

    Changed and new records in one sentence, those that are gone in another, which comes first: what
    is put back then is not committed with the rest. Raises GitFailed.
    """
    entries = [one for one in finish_status(start_status(gitdir)).entries if _is_record(one.path)]
    changed = [one.path for one in entries if one.kind in ("staged", "dirty", "untracked")]
    names = {_name(path) for path in changed}
    gone = [e.path for e in entries if e.kind == "deleted" and _name(e.path) not in names]
    told = []
    if gone:
        told.append(
            (
                Message(
                    N_("removed here by hand, which no other station takes: {paths}"),
                    {"paths": _shown(gone)},
                ),
                Message(N_("put it back: git checkout HEAD -- {path}"), {"path": gone[0]}),
            )
        )
    if changed:
        told.append(
            (
                Message(
                    N_("changed here and not committed, so no other station gets it: {paths}"),
                    {"paths": _shown(changed)},
                ),
                Message(
                    N_("in {folder}: git add -A {records} && git commit -m WHY, then svcctl sync"),
                    {"folder": str(gitdir.root), "records": RECORDS},
                ),
            )
        )
    return told


def _is_record(path: str) -> bool:
    """Whether it may be one: what an editor leaves beside a file (``.x.swp``, ``x~``) is none."""
    return path.endswith(".yaml") or path.startswith(f"{RECORDS}/attachments/")


def _name(path: str) -> str:
    """What a ticket keeps when it is moved to another folder."""
    return path.rpartition("/")[2]


def _shown(paths: list[str]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" (+{more})" if more > 0 else "")
