"""The hub: a bare repository where stations meet, and what its hook asks. Knows no clone's files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from svcctl.domain.problems import N_, GitFailed, Message, Refusal
from svcctl.ledger import git, posix
from svcctl.ledger.batch import flush_files
from svcctl.ledger.folder import expanded
from svcctl.ledger.git import GitDir
from svcctl.ledger.hubcheck import MOST, Push, refusals
from svcctl.ledger.remote import BRANCH

HOOK = """#!/bin/sh
# Made by `svcctl hub init`. Nothing gets into the book that svcctl has not looked at.
if command -v svcctl >/dev/null 2>&1; then
    exec svcctl hub receive
fi
if [ -x {python} ]; then
    exec {python} -m svcctl hub receive
fi
echo "svcctl is not found on the hub: nothing is taken until it is installed there" >&2
exit 1
"""

FLUSH = """#!/bin/sh
# Made by `svcctl hub init`. Git flushes what a branch points to and leaves its name to the system:
# a station must not be told that all is sent before that is on the disk, too.
sync . refs refs/heads 2>/dev/null || sync
"""
HOOKS = (("pre-receive", HOOK), ("post-receive", FLUSH))

CONFIG = (
    ("receive.denyNonFastForwards", "true"),
    ("receive.denyDeletes", "true"),
    ("receive.fsckObjects", "true"),
    ("receive.advertisePushOptions", "false"),
    ("core.fsync", "committed,loose-object,reference"),
    ("core.logAllRefUpdates", "true"),
    # A person's own setting must not lead past the hook.
    ("core.hooksPath", "hooks"),
)

QUARANTINE = (
    "GIT_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
"""Where git keeps what was pushed until the hook has said yes."""


def init(given: Path) -> Path:
    """Make ``given`` a hub, or put the hook of this version into one that is there.

    Raises ``Refusal`` where the folder holds anything else.
    """
    root = expanded(given)
    with posix.storage(root):
        posix.make_folders(root)
        root = root.resolve()
        names = os.listdir(root)
    if git.program() is None:
        raise GitFailed("git-absent", git.NOT_INSTALLED, git.INSTALL_IT)
    if names and not _is_bare(root):
        raise Refusal(
            "not-a-hub",
            Message(N_("{path} is not empty and no hub"), {"path": str(root)}),
            Message(N_("choose an empty folder; a hub holds no files of its own")),
        )
    if not _is_made(root):
        git.run(
            root, ["init", "--bare", "--quiet", "--template=", f"--initial-branch={BRANCH}", "."]
        )
        with posix.storage(root):
            flush_files(root)
    git.configure(root, CONFIG)
    _mend_branch(root)
    _put_hooks(root / "hooks")
    return root


def _mend_branch(root: Path) -> None:
    """Let HEAD name the branch on which the stations are, where the one it names never began."""
    extra = {"GIT_DIR": str(root)}
    named = (
        git.run(root, ["symbolic-ref", "HEAD"], extra=extra)
        .decode("utf-8", "surrogateescape")
        .strip()
    )
    words = ["for-each-ref", "--format=%(refname)", "refs/heads"]
    there = git.run(root, words, extra=extra).decode("utf-8", "surrogateescape").split()
    book = f"refs/heads/{BRANCH}"
    if named != book and named not in there and (book in there or not there):
        git.run(root, ["symbolic-ref", "HEAD", book], extra=extra)


def _is_bare(root: Path) -> bool:
    return (root / "HEAD").is_file() and (root / "objects").is_dir() and (root / "refs").is_dir()


def _is_made(root: Path) -> bool:
    """Whether git was done with making the hub: our settings came after that, all at once."""
    if not (root / "config").is_file():
        return False
    last = CONFIG[-1][0]
    words = ["config", "--file", str(root / "config"), "--default", "", "--get", last]
    return git.run(root, words).strip() != b""


def _put_hooks(folder: Path) -> None:
    import shlex
    import sys

    for name, text in HOOKS:
        hook = folder / name
        data = text.replace("{python}", shlex.quote(sys.executable)).encode()
        with posix.storage(hook):
            posix.make_folders(folder)
            if hook.exists() and hook.read_bytes() == data and os.access(hook, os.X_OK):
                continue
            fresh = folder / f"{name}.new"
            fresh.unlink(missing_ok=True)
            posix.create(fresh, data)
            os.chmod(fresh, stat.S_IMODE(os.stat(fresh).st_mode) | 0o111)
            os.replace(fresh, hook)
            posix.sync_folder(folder)


def receive(folder: Path, lines: Iterable[str], clock: Callable[[], datetime]) -> Iterator[Message]:
    """Yield why what is being pushed is not taken; nothing if it is.

    ``lines`` are what git gives its hook: old, new, reference. ``folder`` is the bare repository.
    """
    extra = {name: os.environ[name] for name in QUARANTINE if name in os.environ}
    extra["GIT_DIR"] = os.path.abspath(folder / extra.get("GIT_DIR", "."))
    gitdir = GitDir(folder, folder, folder, "", False)
    book = git.run(folder, ["symbolic-ref", "HEAD"], extra=extra).decode().strip()
    now = clock()
    for text in lines:
        old, new, ref = text.rstrip("\n").split(" ", 2)
        push = Push(_commit(old), _commit(new), ref)
        yield from islice(refusals(gitdir, push, book, now, extra), MOST)


def _commit(oid: str) -> str | None:
    return oid if oid.strip("0") else None
