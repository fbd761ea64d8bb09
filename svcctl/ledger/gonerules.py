"""Which policies and calendars git has and the folders lack. Knows names of files; not what they say."""

from __future__ import annotations

import os
from contextlib import suppress

from svcctl.domain.problems import GitFailed, Problem
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.git import GitDir, head, run

RULES = (f"{RECORDS}/policy/", f"{RECORDS}/calendar/")
"""Where the rules lie: a change there changes what every ticket owes."""


def gone(ledger: Ledger) -> list[str]:
    """Return the paths of rules that git's last commit has and that are not there.

    Git is asked only where a name is lacking that was there before; those seen are noted in the
    clone's own folder. Without git nothing is known of what is gone.
    """
    if ledger.git is None:
        return []
    there = {
        f"{folder}{name}.yaml"
        for folder in RULES
        for name in ledger.names(folder[len(RECORDS) + 1 : -1])
        if not os.path.isdir(f"{ledger.root}/{folder}{name}.yaml")
    }
    seen = _seen(ledger)
    if seen is not None and seen == there:
        return []
    missing = [] if seen is not None and seen < there else sorted(_committed(ledger.git) - there)
    _note(ledger, there | set(missing))
    return missing


def forget(ledger: Ledger) -> None:
    """Let git be asked the next time: rules came or went."""
    with suppress(OSError):  # where nothing can be taken away, nothing could be noted either
        (ledger.private / "rules").unlink()


def problem(path: str) -> Problem:
    """Return the finding about rules that are gone."""
    subject = path.rpartition("/")[2].removesuffix(".yaml")
    return Problem("E224", path, args={"path": path}, subject=subject)


def _seen(ledger: Ledger) -> set[str] | None:
    try:
        text = (ledger.private / "rules").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    # A note that a kill or a loss of power tore is none.
    return set(text.split("\n")[:-2]) if text.endswith("\n.\n") else None


def _note(ledger: Ledger, names: set[str]) -> None:
    """Note which rules were seen; where that cannot be kept, git is asked each time."""
    place = ledger.private / "rules"
    fresh = place.with_name(f"rules.{os.getpid()}")
    try:
        fresh.write_bytes("".join(f"{name}\n" for name in (*sorted(names), ".")).encode("utf-8"))
        os.replace(fresh, place)
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _committed(gitdir: GitDir) -> set[str]:
    """Return the rules that the last commit has; none where git cannot tell."""
    if head(gitdir) is None:
        return set()
    folders = [gitdir.prefix + folder for folder in RULES]
    try:
        out = run(gitdir.top, ["ls-tree", "-z", "--full-tree", "--name-only", "HEAD", *folders])
    except GitFailed:
        return set()  # the commands that need git say what is wrong with it
    names = (name[len(gitdir.prefix) :] for name in out.decode("utf-8", "replace").split("\0"))
    return {name for name in names if name.endswith(".yaml") and not _hidden(name)}


def _hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")
