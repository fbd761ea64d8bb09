"""What a hand changed in the records and nobody committed. Knows git's list of it; not what was changed.

A command's own changes are committed by the command; those of an editor are a person's to commit, for
nobody else can say whether they are meant, and under whose name. No other station gets them before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from svcctl.domain.keeping import in_force, shape_of
from svcctl.domain.problems import N_, Message
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.git import GitDir
from svcctl.ledger.untouched import lacking

SHOWN = 5


def not_committed(ledger: Ledger, gitdir: GitDir, now: datetime) -> list[tuple[Message, Message]]:
    """Return what is not as it was committed, each with what to do about it; [] mostly.

    Changed and new records in one sentence, before it those that are gone, and those that lack what
    is kept for good: these are to be put back, and not committed with the rest. Raises GitFailed.
    """
    entries = [one for one in finish_status(start_status(gitdir)).entries if _is_record(one.path)]
    changed = [one.path for one in entries if one.kind in ("staged", "dirty", "untracked")]
    names = {_name(path) for path in changed}
    gone = [e.path for e in entries if e.kind == "deleted" and _name(e.path) not in names]
    broken = _breaking(ledger, gitdir, changed, f"{now:%Y-%m-%d}")
    changed = [path for path in changed if path not in broken]
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
    if broken:
        told.append(
            (
                Message(
                    N_(
                        "changed here by hand in what is kept for good, which no hub takes: {paths}"
                    ),
                    {"paths": _shown(broken)},
                ),
                Message(
                    N_(
                        "do not commit it: git diff HEAD -- :/{path} shows it; put the lines back as "
                        "they were (git checkout HEAD -- :/{path} does, and drops those not committed yet)"
                    ),
                    {"path": gitdir.prefix + broken[0]},
                ),
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
                )
                if not broken
                else Message(
                    N_("then, in {folder}: git add -A {records} && git commit -m WHY -- {records}"),
                    {"folder": str(gitdir.root), "records": " ".join(changed[:SHOWN])},
                ),
            )
        )
    return told


def _breaking(ledger: Ledger, gitdir: GitDir, paths: Iterable[str], today: str) -> list[str]:
    """Return those of ``paths`` that lack a committed line which is kept for good.

    Rules are kept from the day they hold; before the first ticket they have judged nothing.
    """
    policies = [f"{RECORDS}/policy/{name}.yaml" for name in ledger.names("policy")]
    judged = next(ledger.tickets(), None) is not None
    files = []
    for path in paths:
        shape = shape_of(path)
        if shape is None or (
            shape == "policy" and not (judged and in_force(path, policies, today))
        ):
            continue
        try:
            files.append((path, ledger.read(path)))
        except OSError:
            continue  # reading it says why, wherever it is read
    found = lacking(gitdir, files) if files else []
    # A ticket that somebody moved (E304) lacks nothing: there is nothing in its place to put back.
    return list(dict.fromkeys(one.path for one in found if one.code != "E304"))


def _is_record(path: str) -> bool:
    """Whether it may be one: what an editor leaves beside a file (``.x.swp``, ``x~``) is none."""
    return path.endswith(".yaml") or path.startswith(f"{RECORDS}/attachments/")


def _name(path: str) -> str:
    """What a ticket keeps when it is moved to another folder."""
    return path.rpartition("/")[2]


def _shown(paths: list[str]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" (+{more})" if more > 0 else "")
