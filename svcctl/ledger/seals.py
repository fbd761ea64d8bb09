"""Seals on the disk and in git: which months are sealed, and whether they are as they were.

Knows files, trees and git's signatures; not when a month may be sealed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from svcctl.domain.keeping import Line
from svcctl.domain.problems import N_, GitFailed, Message, Problem
from svcctl.domain.seals import Seal, digest_of, folder_of, read_seal
from svcctl.ledger import cardfile
from svcctl.ledger.commit import Identity
from svcctl.ledger.folder import Ledger
from svcctl.ledger.git import GitDir, run, start
from svcctl.ledger.history import Contents, files_of
from svcctl.ledger.holding import lines_of
from svcctl.ledger.openmonths import SEALS

_TAG = "svcctl-seal-under-way"


class Read(NamedTuple):
    """The seals that can be read, by month and number, and a finding for each that cannot."""

    seals: dict[str, list[Seal]]
    problems: list[Problem]


def read_seals(ledger: Ledger) -> Read:
    """Return every seal of the ledger."""
    seals: dict[str, list[Seal]] = {}
    problems: list[Problem] = []
    for name in ledger.names("seals"):
        path = f"{SEALS}/{name}.yaml"
        raw = cardfile.read_card(ledger.read(path), path)
        problems += raw.problems
        if not raw.ok:
            continue
        seal, flaws = read_seal(name, raw.fields())
        for flaw in flaws:
            line, column = raw.place((flaw.key,))
            problems.append(Problem(flaw.code, path, line, column, flaw.args, raw.excerpt(line)))
        if seal is not None:
            seals.setdefault(seal.month, []).append(seal)
    for found in seals.values():
        found.sort(key=lambda seal: seal.number)
    return Read(seals, problems)


def trees(gitdir: GitDir, commit: str, months: Iterable[str]) -> dict[str, str]:
    """Return git's id of each month's folder in a commit; "" where there is none. Raises GitFailed."""
    places = {gitdir.prefix + folder_of(month): month for month in months}
    found = dict.fromkeys(places.values(), "")
    if not places:
        return found
    out = run(gitdir.top, ["ls-tree", "-d", "-z", "--full-tree", commit, "--", *places])
    for entry in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        found[places[path]] = about.split(" ")[2]
    return found


def month_in(gitdir: GitDir, tree: str, month: str) -> dict[str, str]:
    """Return the ids of a month's files by path, from git's id of its folder. Raises GitFailed."""
    out = run(gitdir.top, ["ls-tree", "-r", "-z", "--full-tree", tree])
    found = {}
    for entry in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, _, name = entry.partition("\t")
        found[f"{folder_of(month)}/{name}"] = about.split(" ")[2]
    return found


def records(contents: Contents, files: dict[str, str]) -> Iterator[tuple[str, list[Line]]]:
    """Yield path and lines of each ticket among ``files`` (ids by path). Raises GitFailed."""
    for path, name in files.items():
        if path.endswith(".yaml"):
            yield path, lines_of(path, contents.one(name))


def recomputed(gitdir: GitDir, contents: Contents, seal: Seal) -> tuple[int, str]:
    """Return count and digest of what a seal names. Raises GitFailed where git lacks it."""
    found = list(records(contents, month_in(gitdir, seal.tree, seal.month)))
    return len(found), digest_of(found)


def added_since(
    gitdir: GitDir, head: str, seal: Seal, besides: Collection[str] = ()
) -> dict[str, tuple[str, str]]:
    """Return what is committed in a sealed month otherwise than when it was sealed, and ``besides``:
    path to both ids ("" where there is none)."""
    before = month_in(gitdir, seal.tree, seal.month)
    after = files_of(gitdir, head, folder_of(seal.month))
    return {
        path: (before.get(path, ""), after.get(path, ""))
        for path in sorted({*before, *after, *besides})
        if before.get(path) != after.get(path) or path in besides
    }


# Signatures ---------------------------------------------------------------------------------------


def sign(gitdir: GitDir, seal: Seal, who: Identity) -> str:
    """Return git's own signature over the seal: a signed tag's text, made with the key git is told of.

    Raises GitFailed where git has no key, or the key does not work.
    """
    by = {"GIT_COMMITTER_NAME": who.name, "GIT_COMMITTER_EMAIL": who.email}
    words = ["tag", "--sign", "--force", "--cleanup=verbatim", "-F", "-", _TAG, seal.commit]
    try:
        run(gitdir.top, words, seal.signed_text().encode(), by)
        return run(gitdir.top, ["cat-file", "tag", f"refs/tags/{_TAG}"]).decode("utf-8", "replace")
    except GitFailed as stop:
        raise GitFailed(
            stop.code,
            stop.message,
            Message(N_("tell git which key to sign with: user.signingKey, and gpg.format for ssh")),
        ) from stop
    finally:
        process = start(gitdir.top, ["update-ref", "-d", f"refs/tags/{_TAG}"])
        process.communicate()
