"""What svcctl promises about its speed, in numbers. Knows no command and measures nothing."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bench.timing import Figure

Verdict = Literal["held", "not held", "not measured"]
PROMISED_SIZE = 100_000


class Promise(NamedTuple):
    """One line of the table: the group that measures it, its text, the limit and its unit.

    ``below`` promises stay under the limit, the others do not go over it. ``sized``: promised for
    the largest ledger, so that a run with smaller ones says so in the verdict.
    """

    group: str
    text: str
    limit: float
    unit: str = "x"
    below: bool = False
    sized: bool = True


PROMISES = {
    "version": Promise(
        "start-up", "`--version` within 1.3x of an empty Typer program", 1.3, sized=False
    ),
    "due-empty": Promise(
        "start-up",
        "`callbacks due` on an empty ledger within 1.3x of an empty Typer program",
        1.3,
        sized=False,
    ),
    "new": Promise(
        "new", "`ticket new --no-commit` in the largest ledger within 1.3x of the smallest", 1.3
    ),
    "commit": Promise(
        "commit", "the commit of `ticket new` at most 1.5x of git's own plumbing", 1.5
    ),
    "due-task": Promise(
        "callbacks", "`callbacks due`, index warm, not slower than `task overdue limit:50`", 1.0
    ),
    "due-ids": Promise(
        "callbacks",
        "`callbacks due -o ids` within 1.3x of an empty Typer program and one git status",
        1.3,
    ),
    "due-table": Promise("callbacks", "`callbacks due` as a table within 2x of the same", 2.0),
    "rebuild": Promise(
        "rebuild", "`index rebuild` from nothing not slower than `bean-check --no-cache`", 1.0
    ),
    "audit-full": Promise(
        "audit", "full `audit`, index warm, faster than `hledger check`", 1.0, below=True
    ),
    "audit-again": Promise(
        "audit",
        "`audit`, nothing changed since the last, within 3x of `git diff-files` and an empty Typer program",
        3.0,
    ),
    "history": Promise(
        "history",
        "`audit --history` on 10,000 commits within 4x of `git log --raw -m`",
        4.0,
        sized=False,
    ),
    "sync": Promise(
        "sync", "`sync` of 1,000 changed tickets under 10 s", 10.0, "s", below=True, sized=False
    ),
    "due-sealed": Promise(
        "sealed",
        "`callbacks due -o ids`, nine tenths of the tickets sealed, within 1.5x of an empty Typer "
        "program and the git status of the open months",
        1.5,
    ),
    "import": Promise(
        "import", "import of the 20,769 real rows under 60 s", 60.0, "s", below=True, sized=False
    ),
    "ten-years": Promise(
        "deadlines",
        "when ten years of working time are over, within 5 ms inside the process",
        5.0,
        "ms",
        below=True,
        sized=False,
    ),
    "memory": Promise(
        "memory", "peak memory of an interactive command under 150 MB", 150.0, "MB", below=True
    ),
}
"""In the order of the page."""


class Row(NamedTuple):
    """One promise with what was found: the figure, or why there is none (``note``)."""

    promise: str
    size: int
    figure: Figure | None
    verdict: Verdict
    note: str


def judged(promise: str, size: int, figure: Figure, note: str) -> Row:
    """The row of a figure; its median decides."""
    stated = PROMISES[promise]
    held = figure.median < stated.limit if stated.below else figure.median <= stated.limit
    return Row(promise, size, figure, "held" if held else "not held", note)


def unmeasured(promise: str, size: int, why: str) -> Row:
    """The row of a promise that cannot be measured here."""
    return Row(promise, size, None, "not measured", why)
