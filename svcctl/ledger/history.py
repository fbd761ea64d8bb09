"""What changed in which commit. Knows git; not what a record means.

One ``git log`` lists every change against every parent, also of merges and without leaving out a
branch that a merge did not take from; one ``git cat-file`` gives the contents. Both are read as
streams, so that a long history needs no more memory than a short one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from svcctl.domain.problems import N_, Message, Usage
from svcctl.ledger.git import GitDir, Process, failure, run, start

# Neither replaced objects (git.environment) nor grafts may show another history than there is.
HONEST = {"GIT_GRAFT_FILE": os.devnull}
Extra = Mapping[str, str] | None
"""The environment in which git sees what is asked about: None but in the hook of a hub."""
_LOG = "log --raw -m --root --no-renames --no-abbrev -z --no-ext-diff".split()
_LOG += ["--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate"]
_FORMAT = "--format=%x02%H%x00%P%x00%an%x00%as"
_CONTENTS = ("cat-file", "--batch-command", "--buffer")
_AT_ONCE = 400  # names of blobs: less than a pipe holds, whatever git is doing
_KEPT = 32 << 20  # bytes of contents kept for the change before, which begins where this one ended


class Edge(NamedTuple):
    """One file that differs between a commit and one of its parents: the ids of both contents.

    ``new`` is "" where the file is gone. ``path`` is relative to the ledger's root. ``merge``: the
    commit has several parents, and this is against one of them.
    """

    commit: str
    author: str
    day: str
    merge: bool
    old: str
    new: str
    path: str


def edges(
    gitdir: GitDir, head: str, since: str | None = None, path: str = "", extra: Extra = None
) -> Iterator[Edge]:
    """Yield every change and deletion of a file below the ledger's root up to ``head``, the newest
    commit first; with ``since``, only of commits that it does not contain. With ``path``, only of
    that file, its additions too. Raises GitFailed."""
    words = [*_LOG, "--diff-filter=MDTA" if path else "--diff-filter=MDT", _FORMAT, head]
    words += ["--not", since] if since else []
    # Without these two words git leaves out the merges that took nothing from one side.
    words += ["--full-history", "--sparse", "--", gitdir.prefix + path] if path else []
    process = start(gitdir.top, words, _honest(extra))
    try:
        yield from _parsed(_tokens(process), gitdir.prefix)
        _close(process, "log")
    finally:
        _end(process)


def edges_between(gitdir: GitDir, before: str, after: str) -> Iterator[Edge]:
    """Yield every file that ``after`` has otherwise than ``before``, a commit outside its history.

    The edge names ``before``, and no day: who changed it is not known. Raises GitFailed.
    """
    words = "diff-tree -r -z --raw --no-renames --no-abbrev --diff-filter=MDT".split()
    process = start(gitdir.top, [*words, before, after], HONEST)
    try:
        for edge in _parsed(_tokens(process), gitdir.prefix):
            yield edge._replace(commit=before)
        _close(process, "diff-tree")
    finally:
        _end(process)


def _honest(extra: Extra) -> dict[str, str]:
    return {**HONEST, **(extra or {})}


def _tokens(process: Process) -> Iterator[str]:
    assert process.stdout is not None
    rest = b""
    while chunk := process.stdout.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from [token.decode("utf-8", "surrogateescape") for token in whole]


def _parsed(tokens: Iterator[str], prefix: str) -> Iterator[Edge]:
    commit = author = day = ""
    merge = False
    skipped = len(prefix)
    for token in tokens:
        if token[:1] == "\x02":
            commit, author, day = token[1:], "", ""
            merge = " " in next(tokens)
            author, day = next(tokens), next(tokens)
            continue
        path = next(tokens)
        if path.startswith(prefix):
            _, _, old, new, _ = token.lstrip("\n").split(" ")
            old, new = old.strip("0") and old, new.strip("0") and new
            yield Edge(commit, author, day, merge, old, new, path[skipped:])


def _close(process: Process, what: str) -> None:
    _, err = process.communicate()
    if process.returncode != 0:
        raise failure(what, process.returncode, err)


def _end(process: Process) -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()


class Contents:
    """The contents of blobs, through one ``git cat-file`` for as long as it is open."""

    def __init__(self, gitdir: GitDir, extra: Extra = None) -> None:
        self._process = start(gitdir.top, [*_CONTENTS], _honest(extra), fed=True)
        self._known: dict[str, bytes | None] = {}
        self._size = 0

    def __enter__(self) -> Contents:
        return self

    def __exit__(self, *error: object) -> None:
        _end(self._process)

    def load(self, ids: Iterable[str]) -> None:
        """Have the contents of these at hand for ``get``, and of few others. Raises GitFailed."""
        wanted = dict.fromkeys(ids)
        known = {name: self._known.pop(name) for name in wanted if name in self._known}
        self._known.update(known)  # as last used
        missing = [name for name in wanted if name not in known]
        for begin in range(0, len(missing), _AT_ONCE):
            self._read(missing[begin : begin + _AT_ONCE])
        for name in list(self._known):
            if self._size <= _KEPT or name in wanted:
                break
            self._size -= len(self._known.pop(name) or b"")

    def get(self, name: str) -> bytes | None:
        """Return the content of a blob that was loaded; None where git has no such blob."""
        return self._known[name] if name else None

    def one(self, name: str) -> bytes | None:
        """Return the content of one blob. Raises GitFailed."""
        self.load([name] if name else [])
        return self.get(name)

    def _read(self, names: list[str]) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(_orders(names))
            process.stdin.flush()
        except BrokenPipeError:
            pass  # git ended early: found out below
        for name in names:
            words = process.stdout.readline().split()
            if len(words) != 3:
                if len(words) != 2 or words[1] != b"missing":
                    _close(process, "cat-file")
                    raise failure("cat-file", process.returncode, b" ".join(words))
                self._known[name] = None
                continue
            data = process.stdout.read(int(words[2]) + 1)[:-1]
            self._known[name] = data if words[1] == b"blob" else None
            self._size += len(data)


def _orders(names: Iterable[str]) -> bytes:
    return "".join([*(f"contents {name}\n" for name in names), "flush\n"]).encode("ascii")


def files_of(gitdir: GitDir, commit: str, folder: str, extra: Extra = None) -> dict[str, str]:
    """Return the ids of all files below ``folder`` in a commit, by path from the ledger's root."""
    words = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", gitdir.prefix + folder + "/"]
    found = {}
    for entry in run(gitdir.top, words, extra=_honest(extra)).split(b"\0")[:-1]:
        about, _, path = entry.decode("utf-8", "surrogateescape").partition("\t")
        found[path[len(gitdir.prefix) :]] = about.split(" ")[2]
    return found


def holds_any(gitdir: GitDir, commit: str, folder: str, extra: Extra = None) -> bool:
    """Say whether there is anything below ``folder`` in a commit."""
    words = ["ls-tree", "--full-tree", commit, "--", gitdir.prefix + folder + "/"]
    return bool(run(gitdir.top, words, extra=_honest(extra)))


def with_alias(gitdir: GitDir, commit: str, identifier: str, extra: Extra = None) -> list[str]:
    """Return the paths of the tickets that had this id before (``alias``)."""
    places = gitdir.prefix + "records/tickets"
    words = ["grep", "-l", "-z", "-F", "-e", f"alias: {identifier}", commit, "--", places]
    process = start(gitdir.top, words, _honest(extra))
    out, err = process.communicate()
    if process.returncode > 1:
        raise failure("grep", process.returncode, err)
    names = out.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return [name.partition(":")[2][len(gitdir.prefix) :] for name in names]


def day_of(gitdir: GitDir, commit: str, extra: Extra = None) -> tuple[str, list[str]]:
    """Return the latest day that a commit or one of its parents states, and its parents."""
    words = ["show", "--no-patch", "--no-show-signature", "--format=%cs %P", commit]
    day, *parents = run(gitdir.top, words, extra=_honest(extra)).decode("ascii").split()
    if parents:
        dates = [*words[:-2], "--format=%cs", *parents]
        day = max(day, *run(gitdir.top, dates, extra=_honest(extra)).decode("ascii").split())
    return day, parents


def revision(gitdir: GitDir, typed: str) -> str:
    """Return the commit that a person means. Raises ``Usage``."""
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", typed + "^{commit}"]
    process = start(gitdir.top, words)
    out, _ = process.communicate()
    name = out.decode("ascii", "replace").strip()
    if process.returncode != 0 or not name:
        raise Usage(
            "no-such-revision",
            Message(N_("“{typed}” names no commit of this ledger"), {"typed": typed}),
            Message(N_("give a commit, a tag or a branch, such as HEAD~100 or origin/main"), {}),
        )
    return name
