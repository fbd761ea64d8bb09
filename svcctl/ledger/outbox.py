"""The outbox: messages that were written and are not known to have arrived, and marks of those that have.

Lies in the clone's private folder and is no record. A message is a file under ``waiting`` before it is
sent; afterwards a mark without its text lies under ``sent``, and the message is removed. Killed at any
moment, a message is still waiting or marked; between the sending and the mark it is sent again under
the same id. Knows files; sends nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from svcctl.ledger.folder import Ledger
from svcctl.ledger.posix import create, lock, make_folders, replace, sha256, storage, sync_folder

FORMAT = 1


class Waiting(NamedTuple):
    """A message in the outbox. ``target`` names it without secrets; ``keys`` are its list's lines.

    ``letter`` is what is sent, as the desk put it; ``attempts`` counts failures, ``why`` is the last.
    """

    id: str
    target: str
    person: str
    made: str
    keys: tuple[str, ...]
    letter: dict[str, Any]
    attempts: int = 0
    why: str = ""


class Outbox:
    """The outbox of one clone."""

    def __init__(self, ledger: Ledger) -> None:
        self.folder = ledger.private / "outbox"
        self._waiting = self.folder / "waiting"
        self._sent = self.folder / "sent"

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold the outbox, so that no two commands send the same. Raises ``Busy``."""
        with storage(self.folder):
            make_folders(self.folder.parent)
            if not self.folder.is_dir():
                # It holds names and telephone numbers: its owner's alone, and never git's.
                os.mkdir(self.folder, 0o700)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", "ascii")
        with lock(self.folder / "lock"):
            yield

    def waiting(self) -> tuple[list[Waiting], list[Path]]:
        """Return the messages that wait, oldest first, and the files that hold none that can be read."""
        found: list[Waiting] = []
        damaged: list[Path] = []
        for path in _files(self._waiting):
            read = _read(path)
            if read is None:
                damaged.append(path)
            elif not (self._sent / path.name).exists():
                found.append(read)
        found.sort(key=lambda one: (one.made, one.id))
        return found, damaged

    def put(self, message: Waiting) -> None:
        """Write a message down, durably, before it is sent."""
        path = self._waiting / f"{message.id}.json"
        try:
            create(path, _bytes({"svcctl": FORMAT, **message._asdict()}))
        except FileExistsError:
            return  # written down by a command that was killed before it could send it

    def failed(self, message: Waiting, why: str) -> Waiting:
        """Note that a message was not taken, and why; it waits on."""
        tried = message._replace(attempts=message.attempts + 1, why=why)
        path = self._waiting / f"{message.id}.json"
        with storage(path):
            before = path.read_bytes()
        replace(path, _bytes({"svcctl": FORMAT, **tried._asdict()}), sha256(before))
        return tried

    def arrived(self, message: Waiting, at: str) -> None:
        """Mark a message as sent, durably, then remove its text."""
        mark = {
            "svcctl": FORMAT,
            "id": message.id,
            "target": message.target,
            "person": message.person,
            "at": at,
            "keys": message.keys,
        }
        path = self._sent / f"{message.id}.json"
        with suppress(FileExistsError):  # a command was killed before it could remove the text
            create(path, _bytes(mark))
        self.drop(message.id)

    def drop(self, name: str) -> bool:
        """Remove a message that waits; False: there is none of that id."""
        path = self._waiting / f"{name}.json"
        with storage(path):
            if not path.exists():
                return False
            path.unlink()
            sync_folder(path.parent)
        return True

    def taken(self) -> dict[tuple[str, str], dict[str, str]]:
        """Return, by target and person, the lines that were sent or wait, each with its last day."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for folder in (self._sent, self._waiting):
            for path in _files(folder):
                fields = _fields(path)
                if fields is None:
                    continue
                keys = found.setdefault((str(fields["target"]), str(fields["person"])), {})
                day = str(fields.get("at") or fields.get("made"))[:10]
                for key in fields["keys"]:
                    keys[str(key)] = max(day, keys.get(str(key), ""))
        return found

    def forget(self, before: str) -> None:
        """Remove the marks of messages sent before a day (``2026-11-16``)."""
        for path in _files(self._sent):
            fields = _fields(path)
            if fields is not None and str(fields.get("at"))[:10] < before:
                with storage(path):
                    path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    with storage(folder):
        if not folder.is_dir():
            return []
        return sorted(
            folder / name
            for name in os.listdir(folder)
            if name.endswith(".json") and not name.startswith(".")
        )


def _read(path: Path) -> Waiting | None:
    fields = _fields(path)
    if fields is None:
        return None
    try:
        return Waiting(
            id=path.stem,
            target=str(fields["target"]),
            person=str(fields["person"]),
            made=str(fields["made"]),
            keys=tuple(str(key) for key in fields["keys"]),
            letter=dict(fields["letter"]),
            attempts=int(fields["attempts"]),
            why=str(fields["why"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _fields(path: Path) -> dict[str, Any] | None:
    """What a file of the outbox holds; None where that is nothing of ours."""
    try:
        fields = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(fields, dict) or fields.get("svcctl") != FORMAT:
        return None
    if not isinstance(fields.get("keys"), list) or not {"target", "person"} <= set(fields):
        return None
    return fields


def _bytes(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"
