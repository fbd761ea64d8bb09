"""A ledger on disk: where it is, where each record lies, which desk this clone is.

Knows paths and the clone's own notes; not what a record means, nor git's plumbing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain import identity
from svcctl.domain.problems import N_, Message, NotFound, Refusal, Unreadable
from svcctl.ledger import git
from svcctl.ledger.git import GitDir

if TYPE_CHECKING:
    from svcctl.domain.journals import JournalKind
    from svcctl.ledger.waiting import Waiting

RECORDS = "records"
SYNC_NOTE = "sync-under-way"
"""In the clone's own folder while a sync writes: see ``syncapply``."""


class Station(NamedTuple):
    """What this clone knows of itself: its desk code and who sits at it ("" where nobody said)."""

    desk: str
    me: str
    copied: bool


class Ledger:
    """The folder that holds ``records/``, and the git directory it lives in, if any."""

    def __init__(self, root: Path, waiting: Waiting | None = None) -> None:
        """``waiting``: who waits where another command holds the ledger (None: silently)."""
        self.root = root
        self.waiting = waiting
        self._place = str(root)
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
    def repository(self) -> GitDir | None:
        """The git directory, also where there is no git program to ask about it at the moment.

        Nothing can be committed then; what is written is noted there and committed later.
        """
        if self.git is not None or git.program() is not None:
            return self.git
        for top in (self.root, *self.root.parents):
            path = top / ".git"
            if (path / "HEAD").is_file() and (path / "objects").is_dir():
                prefix = "" if top == self.root else f"{self.root.relative_to(top).as_posix()}/"
                return GitDir(self.root, top, path, prefix, False)
        return None

    @property
    def private(self) -> Path:
        """The folder for what belongs to this clone alone: index, notes, lock."""
        repository = self.repository
        return repository.path / "svcctl" if repository is not None else self.root / ".svcctl"

    def path(self, record: str) -> Path:
        """Return the file of a record, given as a path relative to the ledger's root."""
        return self.root / record

    def read(self, record: str) -> bytes:
        """Return a record's bytes. Raises ``FileNotFoundError``, and ``Unreadable`` for anything but
        a plain file of a record's size; never waits on a pipe and never follows a link."""
        return self.read_and_changed(record)[0]

    def read_and_changed(self, record: str) -> tuple[bytes, int]:
        """As ``read``, and when the file was changed last (its ctime, in nanoseconds)."""
        from svcctl.ledger.posix import read_and_changed

        data, problem, changed = read_and_changed(f"{self._place}/{record}", record)
        if data is None or problem is not None:
            subject = record.rpartition("/")[2].removesuffix(".yaml")
            raise Unreadable(
                "unreadable-record",
                Message(N_("{path} cannot be read"), {"path": record}),
                problems=() if problem is None else (problem._replace(subject=subject),),
            )
        return data, changed

    def names(self, folder: str) -> list[str]:
        """Return the ids of the records in ``records/<folder>`` (flat folders), sorted."""
        return sorted(name[:-5] for name in _listed(self.root / RECORDS / folder) if _named(name))

    def tickets(self) -> Iterator[str]:
        """Yield the path of every ticket file, month by month, relative to the root."""
        base = self.root / RECORDS / "tickets"
        for year in _folders(base):
            for month in _folders(base / year):
                for name in sorted(_listed(base / year / month)):
                    if _named(name):
                        yield f"{RECORDS}/tickets/{year}/{month}/{name}"

    def journals(self) -> Iterator[str]:
        """Yield the path of every journal's file, relative to the root."""
        from svcctl.domain.journals import JOURNALS

        for kind in JOURNALS:
            for name in self.names(kind.folder):
                yield f"{RECORDS}/{kind.folder}/{name}.yaml"

    # The clone's own note -------------------------------------------------------------------

    def station(self) -> Station:
        """Return this clone's note of itself; ``copied`` when the note came here with a copy.

        A note that is damaged says nothing: the clone has to be registered again.
        """
        note = self.private / "station"
        try:
            lines = note.read_bytes().decode("utf-8").split("\n")
            inode = note.stat().st_ino
        except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
            return Station("", "", False)
        fields = dict(line.split("=", 1) for line in lines if "=" in line)
        desk, me = fields.get("desk", ""), fields.get("me", "")
        if identity.DESK.fullmatch(desk) is None:
            return Station("", "", False)
        if identity.STAFF.fullmatch(me) is None:
            me = ""
        return Station(desk, me, fields.get("inode", "") != str(inode))

    def note_station(self, desk: str, me: str) -> None:
        """Write down which desk this clone is, and who sits at it, with the note's own inode.

        A command that is killed leaves the note as it was. Raises ``StorageFailed``.
        """
        from svcctl.ledger.posix import make_folders, storage, sync_folder

        note = self.private / "station"
        fresh = note.with_name("station.new")
        with storage(note):
            make_folders(note.parent)
            fresh.unlink(missing_ok=True)
            with open(fresh, "x", encoding="utf-8") as file:
                inode = os.fstat(file.fileno()).st_ino  # a file keeps it when it is renamed
                file.write(f"desk={desk}\nme={me}\ninode={inode}\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, note)
            sync_folder(note.parent)


def is_ticket(path: str) -> bool:
    """Say whether ``path``, relative to the ledger's root, is where ``Ledger.tickets`` looks."""
    parts = path.split("/")
    return len(parts) == 5 and path.startswith(f"{RECORDS}/tickets/") and _named(parts[4])


def journal_kind(path: str) -> JournalKind | None:
    """Return of which journal the file at ``path`` (relative to the ledger's root) is; None: of none."""
    from svcctl.domain.journals import BY_FOLDER

    folder, _, name = path.rpartition("/")
    if not folder.startswith(f"{RECORDS}/") or not _named(name):
        return None
    return BY_FOLDER.get(folder[len(RECORDS) + 1 :])


def is_case(path: str) -> bool:
    """Say whether ``path`` is a head and a list of lines: a ticket, or a file of a journal."""
    return is_ticket(path) or journal_kind(path) is not None


def is_card(path: str) -> bool:
    """Say whether ``path``, relative to the ledger's root, is where ``Ledger.names`` looks for cards."""
    parts = path.split("/")
    placed = len(parts) == 3 and parts[0] == RECORDS and _named(parts[2])
    return placed and journal_kind(path) is None


def _named(name: str) -> bool:
    """Whether a file of this name is a record: hidden ones belong to editors and to commands."""
    return name.endswith(".yaml") and not name.startswith(".")


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _not_listed(folder, error) from error


def _folders(base: Path) -> list[str]:
    try:
        with os.scandir(base) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _not_listed(base, error) from error


def _not_listed(folder: Path, error: OSError) -> Unreadable:
    return Unreadable(
        "unreadable-folder",
        Message(
            N_("{path} cannot be read: {reason}"),
            {"path": str(folder), "reason": error.strerror or str(error)},
        ),
        Message(N_("give yourself permission to read the folder, then repeat the command"), {}),
    )


def find(given: str | None, start: Path, waiting: Waiting | None = None) -> Ledger:
    """Return the ledger: ``given``, or the nearest folder above ``start`` that holds records/."""
    if given:
        root = expanded(given)
        if not (root / RECORDS).is_dir():
            raise NotFound(
                "no-ledger",
                Message(N_("{path} is no ledger: it has no folder records/"), {"path": str(root)}),
                Message(N_("make one: svcctl init {path} --desk SHA"), {"path": str(root)}),
            )
        return Ledger(root.resolve(), waiting)
    here = Path(os.path.abspath(start))
    for folder in (here, *here.parents):
        if (folder / RECORDS).is_dir():
            return Ledger(folder, waiting)
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


def expanded(given: str | Path) -> Path:
    """Return a path as a person typed it, ``~`` resolved where it names somebody's home."""
    try:
        return Path(given).expanduser()
    except RuntimeError:  # nobody of that name: then it is a name like any other
        return Path(given)


def ticket_path(identifier: str) -> str:
    """Return where the ticket with this id lies, relative to the ledger's root."""
    day = identifier.split("-")[1]
    return f"{RECORDS}/tickets/20{day[:2]}/{day[2:4]}/{identifier}.yaml"


def card_path(folder: str, identifier: str) -> str:
    """Return where a card lies, relative to the ledger's root."""
    return f"{RECORDS}/{folder}/{identifier}.yaml"


def journal_path(kind: JournalKind, month: str, desk: str) -> str:
    """Return where a desk's entries of a month (``2026-11``) lie, relative to the ledger's root."""
    return card_path(kind.folder, f"{month}.{desk}")


def refuse_linked(ledger: Ledger) -> None:
    """Refuse to write into a linked worktree: its index and notes would be another's."""
    if ledger.git is not None and ledger.git.linked:
        raise Refusal(
            "linked-worktree",
            Message(N_("this is a linked git worktree; a desk writes in its own clone only"), {}),
            Message(N_("write in the main work tree, or make a clone for this desk"), {}),
        )
