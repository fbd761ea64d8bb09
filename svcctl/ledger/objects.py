"""What git has stored: blobs by id, trees as lists of differences. Knows objects; not what a record is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from svcctl.domain.problems import N_, GitFailed, Message
from svcctl.ledger.changes import EMPTY_TREE
from svcctl.ledger.git import GitDir, failure, run, start

AHEAD = 240
"""How many objects are asked for at once: their names fit into the smallest pipe."""
PLAIN = frozenset(("100644", "100755"))


class Entry(NamedTuple):
    """A file in a tree: git's mode and the id of its content."""

    mode: str
    oid: str


class Difference(NamedTuple):
    """What a path is on both sides of a comparison; None where it is not there."""

    old: Entry | None
    new: Entry | None


def differences(
    gitdir: GitDir, a: str | None, b: str, extra: Mapping[str, str] | None = None
) -> dict[str, Difference]:
    """Return every file that differs between two commits or trees (None: nothing yet).

    Paths are relative to the work tree's top. No renames are looked for. Raises GitFailed.
    """
    if a == b:
        return {}
    words = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id"]
    out = run(gitdir.top, [*words, a or EMPTY_TREE[len(b)], b], extra=extra)
    return dict(raw_differences(out))


def raw_differences(out: bytes) -> Iterator[tuple[str, Difference]]:
    """Read git's raw list of differences, NUL-terminated; the lines of commits are passed over."""
    words = iter(out.decode("utf-8", "surrogateescape").split("\0"))
    for word in words:
        if not word.startswith(":"):
            continue
        old_mode, new_mode, old, new, _ = word[1:].split(" ")
        yield next(words), Difference(_entry(old_mode, old), _entry(new_mode, new))


def _entry(mode: str, oid: str) -> Entry | None:
    return None if mode == "000000" else Entry(mode, oid)


def blob_id(data: bytes, like: str) -> str:
    """Return the id git gives ``data``, in the same hash as the id ``like``."""
    digest = hashlib.new("sha256" if len(like) == 64 else "sha1", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


class Objects:
    """Contents by id or by ``commit:path``, through one ``git cat-file --batch``.

    Use it as a context; the program ends with it.
    """

    def __init__(self, gitdir: GitDir, extra: Mapping[str, str] | None = None) -> None:
        self._process = start(gitdir.top, ["cat-file", "--batch"], extra, fed=True)
        self._ahead: dict[str, bytes | None] = {}

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, *error: object) -> None:
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
            process.stdin = None
        process.communicate()

    def look_ahead(self, names: Sequence[str]) -> None:
        """Read at once what will be asked for next: a question for each would wait for each answer.

        At most ``AHEAD`` names, so that the questions fit into the pipe. Raises GitFailed.
        """
        self._ahead.clear()
        self._ask(names)
        for name in names:
            self._ahead[name] = self._answer()

    def get(self, name: str) -> bytes | None:
        """Return the content of the object ``name``; None where there is none. Raises GitFailed."""
        if name in self._ahead:
            return self._ahead[name]
        self._ask((name,))
        return self._answer()

    def _ask(self, names: Sequence[str]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # git ended early, which its answer tells
            text = "".join(f"{name}\n" for name in names)
            self._process.stdin.write(text.encode("utf-8", "surrogateescape"))
            self._process.stdin.flush()

    def _answer(self) -> bytes | None:
        process = self._process
        assert process.stdout is not None
        head = process.stdout.readline()
        if head.endswith((b" missing\n", b" ambiguous\n")):
            return None
        try:
            size = int(head.split(b" ")[-1])
        except ValueError:
            process.kill()
            process.stdin = None
            raise failure("cat-file", process.wait(), process.communicate()[1]) from None
        data = process.stdout.read(size)
        process.stdout.read(1)
        return data

    def blob(self, oid: str) -> bytes:
        """Return the content of a blob that must be there. Raises GitFailed."""
        data = self.get(oid)
        if data is None:
            raise GitFailed(
                "git-missing-object",
                Message(N_("the object {id} is not in this repository"), {"id": oid}),
                Message(N_("run 'git fsck': a shallow or damaged clone lacks part of the history")),
            )
        return data


def merge_bases(gitdir: GitDir, a: str, b: str) -> list[str]:
    """Return the best common ancestors of two commits; several after criss-cross merges."""
    process = start(gitdir.top, ["merge-base", "--all", a, b])
    out, err = process.communicate()
    if process.returncode > 1:
        raise failure("merge-base", process.returncode, err)
    return out.decode("ascii").split()


def is_ancestor(gitdir: GitDir, a: str, b: str, extra: Mapping[str, str] | None = None) -> bool:
    """Say whether the commit ``a`` is in the history of ``b`` (or is it)."""
    process = start(gitdir.top, ["merge-base", "--is-ancestor", a, b], extra)
    _, err = process.communicate()
    if process.returncode > 1:
        raise failure("merge-base", process.returncode, err)
    return process.returncode == 0
