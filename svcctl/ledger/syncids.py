"""Two records that got one id in two clones: one gets another. Knows the plan of a merge; no git writing.

The pushed record keeps the id, the other gets the next free one of the same desk and the first one
as ``alias``. What referred to it on that side follows: a ticket by an amendment of its head (a head
never changes), a card by its field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.cards import BY_FOLDER
from svcctl.domain.cases import Case, Event
from svcctl.domain.journals import month_and_desk
from svcctl.domain.merge import with_id
from svcctl.domain.problems import N_, Message, Refusal
from svcctl.domain.replay import over_of, replay
from svcctl.domain.schema import as_text
from svcctl.domain.ticket import TICKET
from svcctl.ledger.cardfile import read_card, set_fields
from svcctl.ledger.folder import card_path, is_card, is_ticket, journal_kind, ticket_path
from svcctl.ledger.git import run
from svcctl.ledger.records import read_lines, read_ticket
from svcctl.ledger.syncplan import NewId, Planner


class Scribe(NamedTuple):
    """Who writes the amendments that a new id needs: the desk, the person (or ""), the moment."""

    desk: str
    person: str
    now: datetime


def give_new_ids(planner: Planner, scribe: Scribe) -> None:
    """Settle what ``planner`` found collided: new files, and everything that follows."""
    taken: set[str] = set()
    for path in planner.collided:
        record = planner.inside(path)
        entry = planner.sides(path).ours
        assert entry is not None
        data = planner.read(entry)
        if is_ticket(record):
            kind, (old, new, data) = "ticket", _new_ticket(planner, record, data, taken)
            place = ticket_path(new)
        else:
            kind, (old, new, data) = "customer", _new_customer(planner, record, data, taken)
            place = card_path("customers", new)
        taken.add(new)
        planner.settle(planner.gitdir.prefix + place, data)
        followers = tuple(_follow(planner, kind, old, new, scribe))
        planner.plan.new_ids.append(NewId(kind, old, new, followers))


def _new_ticket(
    planner: Planner, record: str, data: bytes, taken: set[str]
) -> tuple[str, str, bytes]:
    case = read_ticket(data, record).case
    old = record.rpartition("/")[2].removesuffix(".yaml")
    found = identity.TICKET.fullmatch(old)
    if case is None or found is None:
        raise _unreadable(record)
    day = datetime.strptime(found[2], "%y%m%d").date()

    def make(number: int) -> str | None:
        return identity.ticket_id(found[1], day, number)

    known = taken | _names(planner, record.rpartition("/")[0])
    new = _next_free(identity.TICKET, old, known, make)
    return old, new, with_id(case, new).text()


def _new_customer(
    planner: Planner, record: str, data: bytes, taken: set[str]
) -> tuple[str, str, bytes]:
    old = record.rpartition("/")[2].removesuffix(".yaml")
    found = identity.CUSTOMER.fullmatch(old)
    if found is None or not read_card(data, record).ok:
        raise _unreadable(record)

    def make(number: int) -> str | None:
        return identity.customer_id(found[1], number)

    known = taken | _names(planner, record.rpartition("/")[0])
    new = _next_free(identity.CUSTOMER, old, known, make)
    alias = read_card(data, record).fields().get("alias", old)
    return old, new, set_fields(data, {"id": new, "alias": str(alias)})


def _next_free(
    pattern: re.Pattern[str], old: str, known: set[str], make: Callable[[int], str | None]
) -> str:
    stem = old.rpartition("-")[0]
    place = 3 if pattern is identity.TICKET else 2
    numbers = [
        int(found[place])
        for name in known
        if name.startswith(f"{stem}-") and (found := pattern.fullmatch(name))
    ]
    number = max(numbers, default=0) + 1
    while (new := make(number)) is None or new in known:
        number += 1
    return new


def _names(planner: Planner, folder: str) -> set[str]:
    """The ids in a folder, on both sides and in the plan."""
    place = f"{planner.gitdir.prefix}{folder}/"
    names = {path for path in planner.plan.files if path.startswith(place)}
    for commit in (planner.ours, planner.theirs):
        out = run(planner.gitdir.top, ["ls-tree", "--name-only", "-z", commit, place])
        names |= set(out.decode("utf-8", "surrogateescape").split("\0"))
    return {name.rpartition("/")[2].removesuffix(".yaml") for name in names}


def _unreadable(record: str) -> Refusal:
    return Refusal(
        "unreadable-twin",
        Message(
            N_("two records have the id of {path}, and the one here cannot be read"),
            {"path": record},
        ),
        Message(N_("mend or remove the file here, commit it, then sync again")),
    )


# What follows ---------------------------------------------------------------------------------------


def _follow(planner: Planner, kind: str, old: str, new: str, scribe: Scribe) -> Iterator[str]:
    """Let what this side wrote about ``old`` speak of ``new``; yield the records concerned."""
    moved = {one.old: one.new for one in planner.plan.new_ids}
    for path in sorted(planner.trees.changed_here):
        record = planner.inside(path)
        name = record.rpartition("/")[2].removesuffix(".yaml")
        if name in moved and path in planner.collided:
            path = planner.gitdir.prefix + ticket_path(moved[name]) if is_ticket(record) else path
        if is_ticket(record):
            followed = _follow_in_ticket(planner, path, record, (kind, old, new), scribe)
        elif journal_kind(record) is not None:
            followed = _follow_in_journal(planner, path, record, (kind, old, new), scribe)
        elif is_card(record) and name != old:
            followed = _follow_in_card(planner, path, record, (kind, old, new))
        else:
            followed = None
        if followed is not None:
            planner.settle(path, followed)
            yield planner.inside(path)


def _follow_in_ticket(
    planner: Planner, path: str, record: str, what: tuple[str, str, str], scribe: Scribe
) -> bytes | None:
    kind, old, new = what
    source = planner.gitdir.prefix + record
    sides = planner.sides(source)
    now_there = planner.content(path)
    if sides.ours is None or now_there is None:
        return None
    mine = read_ticket(planner.read(sides.ours), record).case
    before = read_ticket(planner.read(sides.base), record).case if sides.base else None
    merged = read_ticket(now_there, planner.inside(path)).case
    if mine is None or merged is None:
        return None
    events = list(merged.events)
    for field in TICKET.head.fields.values():
        if field.type != kind or field.name in ("id", "alias"):
            continue
        if replay(mine).text(field.name) != old:
            continue
        if before is not None and replay(before).text(field.name) == old:
            continue  # it was so before the clones parted: that is the pushed one
        case = Case(merged.kind, merged.head, events)
        events.append(_amendment(case, field.name, new, mine, scribe))
    if len(events) == len(merged.events):
        return None
    return Case(merged.kind, merged.head, events).text()


def _follow_in_journal(
    planner: Planner, path: str, record: str, what: tuple[str, str, str], scribe: Scribe
) -> bytes | None:
    """Amend the entries of this side that name ``old``; in another desk's book nobody else writes."""
    kind, old, new = what
    sides, now_there = planner.sides(path), planner.content(path)
    if kind != "ticket" or sides.ours is None or now_there is None:
        return None
    mine = read_lines(planner.read(sides.ours), record).case
    before = read_lines(planner.read(sides.base), record).case if sides.base else None
    merged = read_lines(now_there, record).case
    if mine is None or merged is None or month_and_desk(mine.id)[1] != scribe.desk:
        return None
    known = {event.canonical() for event in before.events} if before is not None else set()
    written = {event.name: event for event in mine.events if event.canonical() not in known}
    case = merged
    for fact in replay(merged).facts:
        own = written.get(fact.event.was or fact.event.name)
        if own is None or own.fields != _as_written(merged, fact.event.name).fields:
            continue  # the pushed one of that name, or known to both: it means the pushed ticket
        for name, field in case.kind.events[fact.event.do].shape.fields.items():
            ids = as_text(fact.event.fields.get(name, "")).split()
            if field.type != "tickets" or old not in ids:
                continue
            value = " ".join(new if one == old else one for one in ids)
            fields = {"target": fact.event.name, "field": name, "value": value}
            event = _appended(case, "amended", fields, mine, scribe)
            case = Case(case.kind, case.head, [*case.events, event])
    return None if case is merged else case.text()


def _as_written(case: Case, name: str) -> Event:
    return next(event for event in case.events if event.name == name)


def _amendment(case: Case, field: str, value: str, mine: Case, scribe: Scribe) -> Event:
    fields = {"target": "head", "field": field, "value": value}
    return _appended(case, "amended", fields, mine, scribe)


def _appended(case: Case, do: str, fields: dict[str, str], mine: Case, scribe: Scribe) -> Event:
    last = case.events[-1]
    event = Event(
        max(event.n for event in case.events) + 1,
        scribe.desk or last.desk,
        scribe.now,
        scribe.now,
        scribe.person or mine.events[-1].by,
        do,
        {**fields, "reason": "two clones gave one id"},
    )
    event.over = over_of(replay(case), event)
    return event


def _follow_in_card(
    planner: Planner, path: str, record: str, what: tuple[str, str, str]
) -> bytes | None:
    kind, old, new = what
    shape = BY_FOLDER.get(record.split("/")[1])
    sides = planner.sides(path)
    data = planner.content(path)
    if shape is None or data is None or sides.ours is None:
        return None
    card = read_card(planner.read(sides.ours), record).fields()
    base = read_card(planner.read(sides.base), record).fields() if sides.base else {}
    changes = {
        name: new
        for name, field in shape.shape.fields.items()
        if field.type == kind and name not in ("id", "alias")
        if card.get(name) == old and base.get(name) != old
    }
    return set_fields(data, changes) if changes else None
