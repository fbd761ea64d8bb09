"""A ledger on disk: where it is, where each record lies, which desk this clone is.

Knows paths and the clone's own notes; not what a record means, nor git's plumbing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from svcctl.domain.problems import N_, Message, NotFound, Refusal, Unreadable
from svcctl.ledger import git

RECORDS = "records"


class Station(NamedTuple):
    """What this clone knows of itself: its desk code and who sits at it ("" where nobody said)."""

    desk: str
    me: str
    copied: bool


class Ledger:
    """The folder that holds ``records/``, and the git directory it lives in, if any."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git: git.GitDir | None = None
        self._asked = False

    @property
    def git(self) -> git.GitDir | None:
        """The git directory, or None where there is no repository or no git."""
        if not self._asked:
            self._git = git.discover(self.root)
            self._asked = True
        return self._git

    @property
    def private(self) -> Path:
        """The folder for what belongs to this clone alone: index, notes, lock."""
        return self.git.path / "svcctl" if self.git is not None else self.root / ".svcctl"

    def path(self, record: str) -> Path:
        """Return the file of a record, given as a path relative to the ledger's root."""
        return self.root / record

    def read(self, record: str) -> bytes:
        """Return a record's bytes. Raises ``Unreadable`` for anything but a regular file."""
        try:
            descriptor = os.open(self.root / record, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unreadable(
                "unreadable-file",
                Message(
                    N_("{path} cannot be read: {reason}"),
                    {"path": record, "reason": error.strerror or str(error)},
                ),
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def names(self, folder: str) -> list[str]:
        """Return the ids of the records in ``records/<folder>`` (flat folders), sorted."""
        try:
            found = os.listdir(self.root / RECORDS / folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(n[:-5] for n in found if n.endswith(".yaml") and not n.startswith("."))

    def tickets(self) -> Iterator[str]:
        """Yield the path of every ticket file, month by month, relative to the root."""
        base = self.root / RECORDS / "tickets"
        for year in _folders(base):
            for month in _folders(base / year):
                names = os.listdir(base / year / month)
                for name in sorted(names):
                    if name.endswith(".yaml") and not name.startswith("."):
                        yield f"{RECORDS}/tickets/{year}/{month}/{name}"

    # The clone's own note -------------------------------------------------------------------

    def station(self) -> Station:
        """Return this clone's note of itself; ``copied`` when the note came here with a copy."""
        note = self.private / "station"
        try:
            lines = note.read_text("utf-8").splitlines()
            inode = note.stat().st_ino
        except FileNotFoundError:
            return Station("", "", False)
        fields = dict(line.split("=", 1) for line in lines if "=" in line)
        return Station(
            fields.get("desk", ""), fields.get("me", ""), fields.get("inode", "") != str(inode)
        )

    def note_station(self, desk: str, me: str) -> None:
        """Write down which desk this clone is, and who sits at it, with the note's own inode."""
        note = self.private / "station"
        note.parent.mkdir(parents=True, exist_ok=True)
        with open(note, "a", encoding="utf-8") as file:
            inode = os.fstat(file.fileno()).st_ino
            file.truncate(0)
            file.write(f"desk={desk}\nme={me}\ninode={inode}\n")
            file.flush()
            os.fsync(file.fileno())


def _folders(base: Path) -> list[str]:
    try:
        with os.scandir(base) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def find(given: str | None, start: Path) -> Ledger:
    """Return the ledger: ``given``, or the nearest folder above ``start`` that holds records/."""
    if given:
        root = Path(given).expanduser()
        if not (root / RECORDS).is_dir():
            raise NotFound(
                "no-ledger",
                Message(N_("{path} is no ledger: it has no folder records/"), {"path": str(root)}),
                Message(N_("make one: svcctl init {path} --desk SHA"), {"path": str(root)}),
            )
        return Ledger(root.resolve())
    here = Path(os.path.abspath(start))
    for folder in (here, *here.parents):
        if (folder / RECORDS).is_dir():
            return Ledger(folder)
    raise NotFound(
        "no-ledger",
        Message(
            N_("there is no ledger here: no folder records/ in {path} or above"),
            {"path": str(here)},
        ),
        Message(
            N_(
                "go to your ledger, name it with --ledger DIR, or make one: svcctl init . --desk SHA"
            ),
            {},
        ),
    )


def ticket_path(identifier: str) -> str:
    """Return where the ticket with this id lies, relative to the ledger's root."""
    day = identifier.split("-")[1]
    return f"{RECORDS}/tickets/20{day[:2]}/{day[2:4]}/{identifier}.yaml"


def card_path(folder: str, identifier: str) -> str:
    """Return where a card lies, relative to the ledger's root."""
    return f"{RECORDS}/{folder}/{identifier}.yaml"


def refuse_linked(ledger: Ledger) -> None:
    """Refuse to write into a linked worktree: its index and notes would be another's."""
    if ledger.git is not None and ledger.git.linked:
        raise Refusal(
            "linked-worktree",
            Message(N_("this is a linked git worktree; a desk writes in its own clone only"), {}),
            Message(N_("write in the main work tree, or make a clone for this desk"), {}),
        )
