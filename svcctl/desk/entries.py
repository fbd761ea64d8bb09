"""Entries of journals as they are read: of a time, with a text, of one desk. Writes none (``journals``).

Knows every journal alike; nothing of what one is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

from svcctl.domain.cases import Case, Event
from svcctl.domain.journals import JournalKind, month_and_desk
from svcctl.domain.problems import N_, Message, Unreadable
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import stored
from svcctl.domain.times import format_instant
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.records import load_lines, read_lines

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.desk.view import View

Item = dict[str, Any]

_NOTED = re.compile(rb'"noted": ?"([^"]*)"')


def entry_id(path: str, event: Event) -> str:
    """Return what an entry of the file at ``path`` is called."""
    return f"{month_and_desk(book_name(path))[0]}/{event.name}"


def book_name(path: str) -> str:
    """Return the id of the journal's file at ``path``, such as ``2026-11.SHA``."""
    return path.rpartition("/")[2].removesuffix(".yaml")


def contested_messages(
    kind: JournalKind, month: str, contest: dict[str, str]
) -> tuple[Message, Message]:
    """Return what two amendments disagree about, and how to take one of them back."""
    return (
        Message(
            N_("{value} is contested: {applied} says {applied_text}, {other} says {other_text}"),
            contest,
        ),
        Message(
            N_("take one back: svcctl {kind} void {month}/{applied} or {month}/{other}"),
            {**contest, "kind": kind.name, "month": month},
        ),
    )


def entries(
    view: View,
    kind: JournalKind,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    everything: bool = False,
) -> list[Item]:
    """Return the entries of ``since`` <= at < ``until`` as of the view's moment, oldest first.

    ``everything``: also those that were voided (``counts`` is false). A file that cannot be read is
    left out: the index reports it with every command.
    """
    found = []
    for path, state in states(view, kind, since, until):
        for item in items_of(kind, path, state, everything):
            at = datetime.fromisoformat(item["at"])
            if (since is None or at >= since) and (until is None or at < until):
                found.append((at, item))
    found.sort(key=lambda one: (one[0], one[1]["noted"], one[1]["id"]))
    return [item for _, item in found]


def containing(view: View, kind: JournalKind, wanted: str, most: int) -> Iterator[tuple[Item, str]]:
    """Yield the newest entries in whose own fields ``wanted`` stands, each with its text's first line.

    What every entry has (its name, times, person, desk) is no answer: it would be all entries.
    """
    sought = wanted.casefold()
    own = dict.fromkeys(field.name for do in kind.entries for field in kind.events[do].own)
    found = 0
    for item in reversed(entries(view, kind)):
        if any(sought in text.casefold() for name in own for text in _texts(item.get(name))):
            yield item, str(item.get("words", "")).split("\n", 1)[0]
            found += 1
        if found == most:
            return


def _texts(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else () if value is None else (str(value),)


def states(
    view: View, kind: JournalKind, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[str, State]]:
    """Yield path and state of each file that may hold entries between two moments."""
    day = timedelta(days=1)  # an entry's month is that of its own offset
    first = "" if since is None else f"{since - day:%Y-%m}"
    last = "9" if until is None else f"{until + day:%Y-%m}"
    for name in view.desk.ledger.names(kind.folder):
        if not first <= month_and_desk(name)[0] <= last:
            continue
        path = f"{RECORDS}/{kind.folder}/{name}.yaml"
        try:
            case, _, _ = load_lines(view.desk.ledger, path)
        except (FileNotFoundError, Unreadable):
            continue
        yield path, replay(case, view.as_of, view.known)


def contests(
    view: View, kind: JournalKind, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Message, Message]]:
    """Yield what two clones of one desk amended otherwise, and how one is taken back."""
    for path, state in states(view, kind, since, until):
        for contest in state.contested.values():
            yield contested_messages(kind, month_and_desk(book_name(path))[0], contest._asdict())


def items_of(
    kind: JournalKind, path: str, state: State, everything: bool = False
) -> Iterator[Item]:
    """Yield the entries that count in a file's state, each as output has it; ``everything``: the voided
    ones too."""
    facts = {fact.event.name: fact.event for fact in state.facts}
    amended = {
        str(event.fields["target"]): event.name for event in facts.values() if event.do == "amended"
    }
    stray = {id(one.event) for one in state.strays}
    listed = [event for event in facts.values() if event.do in kind.entries]
    if everything:
        listed += [e for e in _until(state) if e.do in kind.entries and e.name not in facts]
    for event in listed:
        if id(event) in stray:
            continue  # another line has its name: a finding tells of it
        item: Item = {
            "id": entry_id(path, event),
            "at": format_instant(event.at),
            "noted": format_instant(event.noted),
            "by": event.by,
            "desk": event.desk,
        }
        for name, field in kind.events[event.do].shape.fields.items():
            if name not in kind.events[event.do].order:
                continue
            value = event.fields.get(name)
            if field.type == "tickets":
                item[name] = str(value).split() if value is not None else []
            else:
                item[name] = None if value is None else stored(value)
        item["amended"] = amended.get(event.name)
        item["counts"] = event.name in facts
        yield item


def _until(state: State) -> list[Event]:
    """Return the entries that were voided by the moment ``state`` is of."""
    gone = {str(fact.event.fields["target"]) for fact in state.facts if fact.event.do == "voided"}
    return [event for event in state.case.events if event.name in gone]


def of_desk(desk: Desk, kind: JournalKind, code: str) -> Iterator[tuple[str, Case]]:
    """Yield the files that one desk wrote and that can be read, the one it wrote to last first.

    That need not be the newest month: what happened long ago may be noted, or corrected, today.
    """
    found = []
    for name in desk.ledger.names(kind.folder):
        if month_and_desk(name)[1] == code:
            path = f"{RECORDS}/{kind.folder}/{name}.yaml"
            try:
                data = desk.ledger.read(path)
            except (FileNotFoundError, Unreadable):
                continue  # the index reports it with every command
            found.append((_last_noted(data), name, path, data))
    for _, _, path, data in sorted(found, reverse=True):
        case = read_lines(data, path).case
        if case is not None:
            yield path, case


def _last_noted(data: bytes) -> float:
    """Return when a file's last line was noted, in seconds; later than all where it does not say."""
    noted = _NOTED.search(data.rstrip().rpartition(b"\n")[2])
    try:
        return datetime.fromisoformat(noted[1].decode()).timestamp() if noted else inf
    except ValueError:
        return inf
