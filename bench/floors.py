"""What cannot be undercut: an empty program, one question to git, one commit by git's own parts.

Knows the commands; not what is compared with them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.places import WORK, ask, program
from bench.timing import Command, Sample

_EMPTY_TYPER = '''"""An empty Typer program."""

import os

os.environ["TYPER_USE_RICH"] = "0"

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def empty() -> None:
    pass


app()
'''
_DURABLE = ("-c", "core.fsync=committed,loose-object,reference,index")


def bare_python() -> Command:
    """The interpreter that runs svcctl, doing nothing."""
    return Command([sys.executable, "-c", "pass"], WORK)


def empty_typer() -> Command:
    """The same interpreter and the same Typer with one command that does nothing."""
    path = WORK / "empty_typer.py"
    path.write_text(_EMPTY_TYPER, "utf-8")
    return Command([sys.executable, str(path)], WORK)


def status_of_records(root: Path) -> Command:
    """The question of the design: what differs below ``records``."""
    words = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--", "./records"]
    return Command([program("git"), "--no-optional-locks", *words], root)


def status(root: Path) -> Command:
    """The same question about the whole ledger: git then uses what it knows of untracked folders."""
    words = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames"]
    return Command([program("git"), "--no-optional-locks", *words], root)


def status_of(root: Path, places: list[str]) -> Command:
    """The same question about some folders only."""
    words = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames"]
    return Command([program("git"), "--no-optional-locks", *words, "--", *places], root)


def diff_files(root: Path) -> Command:
    """The cheapest way to ask git whether a tracked file was touched."""
    return Command([program("git"), "--no-optional-locks", "diff-files", "--quiet"], root)


def log(root: Path) -> Command:
    """Everything that ever changed, against every parent, as git itself lists it."""
    return Command([program("git"), "--no-pager", "log", "--raw", "-m"], root)


class Plumbing:
    """One commit of given files by git's own parts, flushed to disk as svcctl flushes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git = program("git")

    def uncommitted(self) -> list[str]:
        """The files of the ledger that HEAD does not have as they are."""
        told = ask([self.git, "status", "--porcelain", "-z", "-uall"], cwd=self.root).decode()
        return [line[3:] for line in told.split("\0") if line]

    def commit(self, paths: list[str]) -> Sample:
        """Commit ``paths``; the time is the sum of the four processes' own."""
        git = [self.git, *_DURABLE]
        names = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
        staged = Command([*git, "update-index", "--add", "--", *paths], self.root)()
        written = Command([*git, "write-tree"], self.root)()
        tree = ask([self.git, "write-tree"], cwd=self.root).decode().strip()
        parent = ask([self.git, "rev-parse", "HEAD"], cwd=self.root).decode().strip()
        making = [*git, *names, "commit-tree", tree, "-p", parent, "-m", "one ticket"]
        made = Command(making, self.root)()
        # The same commit again, or another one a second later: either is a valid child of HEAD.
        commit = ask(making, cwd=self.root).decode().strip()
        moved = Command([*git, "update-ref", "HEAD", commit, parent], self.root)()
        return staged.plus(written).plus(made).plus(moved)
