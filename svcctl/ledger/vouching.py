"""Which commits vouch for a history, and whether it holds them. Knows git; no record.

A history that was rewritten as a whole shows no loss in itself: it is known by a commit it lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from svcctl.ledger.git import GitDir, finish, run, start
from svcctl.ledger.history import HONEST
from svcctl.ledger.objects import is_ancestor, merge_bases
from svcctl.ledger.remote import SYNCED, TRACKING

AUDITED = "refs/svcctl/audited"
"""The commit whose history this clone last found whole."""


class Anchor(NamedTuple):
    """A reference to a commit that the history must contain."""

    ref: str
    commit: str


class Anchors(NamedTuple):
    """What must be in the history, and heads of remotes that were fetched but are not merged yet."""

    held: list[Anchor]
    waiting: list[Anchor]


def anchors(gitdir: GitDir, head: str) -> Anchors:
    """Return what vouches for the history of ``head``: what this clone last audited, what a sync last
    had from each remote or sent there, what git pushed from here, every other remote-tracking head.

    ``git fetch`` alone moves a remote-tracking head. What it names is waiting where it goes on from
    what this clone had from there; where that is not known, from ``head`` itself. A branch that was
    never one with this history vouches for nothing. Raises GitFailed.
    """
    words = ["for-each-ref", "--format=%(objectname) %(objecttype) %(symref) %(refname)"]
    out = run(gitdir.top, [*words, AUDITED, SYNCED, TRACKING])
    found = []
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        name, kind, symbolic, ref = line.split(" ", 3)
        if kind == "commit" and not symbolic:
            found.append(Anchor(ref, name))
    synced = {ref: commit for ref, commit in found if ref.startswith(SYNCED + "/")}
    lacking = missing(gitdir, head, (commit for _, commit in found))
    result = Anchors([], [])
    for anchor in found:
        if anchor.commit not in lacking or not anchor.ref.startswith(TRACKING + "/"):
            result.held.append(anchor)
            continue
        sent = [Anchor(anchor.ref, name) for name in _sent(gitdir, anchor.ref)]
        result.held.extend(sent)
        had = synced.get(SYNCED + anchor.ref.removeprefix(TRACKING))
        if anchor in sent or not _is_there(gitdir, anchor.commit):
            result.held.append(anchor)
        elif is_ancestor(gitdir, had or head, anchor.commit):
            result.waiting.append(anchor)
        elif had or merge_bases(gitdir, head, anchor.commit):
            result.held.append(anchor)
    return Anchors(list(dict.fromkeys(result.held)), result.waiting)


def _is_there(gitdir: GitDir, commit: str) -> bool:
    process = start(gitdir.top, ["cat-file", "-e", commit])
    process.communicate()
    return process.returncode == 0


def _sent(gitdir: GitDir, ref: str) -> list[str]:
    """Return the commits that git noted as pushed from here, where it keeps such a log."""
    words = ["log", "--walk-reflogs", "--no-show-signature", "--format=%H %gs", ref, "--"]
    process = start(gitdir.top, words, HONEST)
    out, _ = process.communicate()
    lines = out.decode("utf-8", "surrogateescape").splitlines() if not process.returncode else []
    return [line.partition(" ")[0] for line in lines if line.endswith(" update by push")]


def missing(gitdir: GitDir, head: str, commits: Iterable[str]) -> set[str]:
    """Return those of ``commits`` that the history of ``head`` lacks. Raises GitFailed."""
    wanted = set(commits)
    if not wanted:
        return set()
    there = run(
        gitdir.top,
        ["cat-file", "--batch-check=%(objectname)"],
        "".join(f"{name}\n" for name in sorted(wanted)).encode("ascii"),
    )
    absent = {line.split()[0] for line in there.decode().splitlines() if line.endswith(" missing")}
    known = sorted(wanted - absent)
    if not known:
        return absent
    out = run(gitdir.top, ["rev-list", *known, "--not", head], extra=HONEST)
    return absent | wanted.intersection(out.decode("ascii").split())


def hidden_parts(gitdir: GitDir) -> list[tuple[str, str]]:
    """Return what takes a part of the history out of sight: a file of git's, and git's word for it."""
    common = gitdir.path
    if gitdir.linked:
        common = (gitdir.path / (gitdir.path / "commondir").read_text("utf-8").strip()).resolve()
    found = []
    for name, how in (("shallow", "shallow"), ("info/grafts", "grafts")):
        file = common / name
        if file.is_file() and file.stat().st_size:
            found.append((f".git/{name}", how))
    return found


def move_anchor(gitdir: GitDir, head: str, before: str | None) -> None:
    """Note that the history of ``head`` was found whole. Raises GitFailed."""
    words = ["update-ref", "--create-reflog", "-m", "svcctl: audited"]
    process = start(gitdir.top, [*words, AUDITED, head, before or "0" * len(head)])
    finish(process, "update-ref")
