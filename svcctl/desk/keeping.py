"""The audit of the history: is all that was ever written down still there, and is it this history?

Knows the order of the questions; not how git is asked (``ledger.history``), nor what must be kept
(``domain.keeping``).

1. Every change against every parent is looked at: most only added lines, which the bytes show.
2. What a change took away is held against what is there now: it may have been put back, have gone to
   another file, or have been given another name after two clones gave out the same one.
3. The history must contain what vouches for it: else it was rewritten as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.sealing import as_it_lies, seal_problems
from svcctl.domain.checks import history_rules
from svcctl.domain.checks.catalogue import severity
from svcctl.domain.keeping import shape_of
from svcctl.domain.problems import N_, GitFailed, Message, Problem, Refusal, Said
from svcctl.ledger import git, history, seals, vouching
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.git import GitDir
from svcctl.ledger.history import Contents
from svcctl.ledger.losses import Losses
from svcctl.ledger.vouching import AUDITED


class HistoryAudit(NamedTuple):
    """What was found; ``head`` is the commit up to which was looked ("" before the first)."""

    findings: list[Problem]
    head: str
    notices: tuple[Message, ...] = ()


def audit_history(desk: Desk, since: str | None = None, *, note: bool = True) -> HistoryAudit:
    """Audit the history up to now, or only what came after the commit ``since``.

    Where nothing was found and ``note`` is true, this clone remembers that it was whole up to here.
    Raises ``Refusal`` without git, ``Usage`` where ``since`` is no commit, ``GitFailed``.
    """
    gitdir = desk.ledger.git
    if gitdir is None:
        raise Refusal("no-history", git.why_without_git())
    head = git.head(gitdir)
    if head is None:
        return HistoryAudit([], "")
    begin = history.revision(gitdir, since) if since else None
    found = [history_rules.cut_off(path, how) for path, how in vouching.hidden_parts(gitdir)]
    anchors, waiting = vouching.anchors(gitdir, head)
    anchors += [
        vouching.Anchor(one.path, one.commit)
        for several in seals.read_seals(desk.ledger).seals.values()
        for one in several
    ]
    found += seal_problems(desk, thorough=True)
    wanted = {anchor.commit for anchor in anchors} | ({begin} if begin else set())
    lacking = vouching.missing(gitdir, head, wanted)
    found += [
        history_rules.missing_anchor(anchor.ref, anchor.commit)
        for anchor in anchors
        if anchor.commit in lacking
    ]
    if begin in lacking:
        found.append(history_rules.missing_anchor(str(since), str(begin)))
    audited = next((one.commit for one in anchors if one.ref == AUDITED), None)
    with Contents(gitdir) as contents:
        rewritten = audited if audited in lacking else None
        touched = _uncommitted(desk, gitdir)
        losses = Losses(gitdir, head, contents, desk.today(), touched)
        found += losses.find(begin, rewritten)
        found += map(history_rules.late_policy, losses.late_policies(begin))
    notices = [] if anchors or waiting else [history_rules.without_anchor()]
    notices += [history_rules.not_merged(one.ref, one.commit) for one in waiting]
    covered = begin is None or (
        audited is not None and not vouching.missing(gitdir, audited, [begin])
    )
    whole = all(severity(one.code) != "error" for one in found)
    if note and whole and covered and audited != head and not gitdir.linked:
        try:
            vouching.move_anchor(gitdir, head, audited)
        except GitFailed as stop:
            text = N_("that this history was found whole could not be noted: {reason}")
            notices.append(Message(text, {"reason": Said.of(stop.message)}))
    return HistoryAudit(found, head, tuple(notices))


def _uncommitted(desk: Desk, gitdir: GitDir) -> dict[str, bytes | None]:
    """What lies in the work tree otherwise than in the last commit, by path."""
    found: dict[str, bytes | None] = {}
    for entry in finish_status(start_status(gitdir)).entries:
        if shape_of(entry.path) is not None:
            found[entry.path] = as_it_lies(desk, entry.path)
    return found
