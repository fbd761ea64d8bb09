"""A hub and three stations for tests, made by the program itself. Knows how to make and copy them."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import made_ledgers as made

from svcctl.ledger.folder import Ledger

CODES = ("SHA", "BJA", "GZA")
PEOPLE = ("desk1", "mgr1", "eng1")
"""Who sits at each."""


class Stations(NamedTuple):
    """The folders: a bare repository, and a clone of it for each desk."""

    hub: Path
    sha: Path
    bja: Path
    gza: Path

    @property
    def all(self) -> tuple[Path, Path, Path]:
        return (self.sha, self.bja, self.gza)


@functools.cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="stations-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    hub = folder / "hub"
    made.sure("", "hub", "init", str(hub))
    first = made.copy(folder / "SHA")
    made.sure(first, "init", first, "--desk", "SHA")
    made.git(first, "remote", "add", "origin", str(hub))
    made.sure(first, "sync")
    for code, person in zip(CODES[1:], PEOPLE[1:], strict=True):
        place = folder / code
        made.sure(place, "init", "--from", str(hub), "--desk", code)
        made.sure(place, "me", person)
        made.sure(place, "sync")
    for code in CODES:
        made.sure(folder / code, "sync")
    return folder


def stations(folder: Path, *, hook: bool = False) -> Stations:
    """Put a copy of the hub and its stations into ``folder``, all of them alike.

    ``hook``: the hub looks at what is pushed, which takes it a process each time.
    """
    three = copied(_template(), folder)
    if not hook:
        made.git(three.hub, "config", "core.hooksPath", "none")
    return three


def copied(there: Path, folder: Path) -> Stations:
    """Put a copy of the hub and the stations in ``there`` into ``folder``; each is the desk it was."""
    for code in ("hub", *CODES):
        shutil.copytree(there / code, folder / code, symlinks=True)
    for code, person in zip(CODES, PEOPLE, strict=True):
        point(folder / code, folder / "hub")
        Ledger(folder / code).note_station(code, person)
    return Stations(folder / "hub", *(folder / code for code in CODES))


def twin(three: Stations) -> Path:
    """A copy of the clone SHA that goes on as the same desk: what must not be, and happens."""
    place = three.sha.with_name("twin")
    shutil.copytree(three.sha, place, symlinks=True)
    Ledger(place).note_station("SHA", "desk1")
    return place


def point(clone: Path, hub: Path) -> None:
    """Let ``clone`` sync with ``hub``."""
    config = clone / ".git" / "config"
    lines = config.read_text("utf-8").split("\n")
    config.write_text(
        "\n".join(f"\turl = {hub}" if line.startswith("\turl =") else line for line in lines),
        "utf-8",
    )


def tree(clone: Path, commit: str = "HEAD") -> str:
    """The id of the tree of a commit."""
    return made.git(clone, "rev-parse", f"{commit}^{{tree}}").strip()
