"""What the shell completes: ids, people, states. Asks the index; the frame swallows any failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from svcctl.desk.desk import Desk, open_desk

Offers = list[tuple[str, str]]
MOST = 50


def _desk() -> Desk:
    from datetime import UTC, datetime

    return open_desk(None, lambda: datetime.now(UTC))


def _like(prefix: str) -> str:
    """Return the pattern of what begins with ``prefix``, whose own % and _ stand for themselves."""
    return re.sub(r"([\\%_])", r"\\\1", prefix) + "%"


def _begins(text: str | None, prefix: str) -> bool:
    """Whether ``text`` begins with ``prefix``, in small letters or capitals."""
    return bool(text) and str(text).casefold().startswith(prefix.casefold())


def tickets(prefix: str) -> Offers:
    """Return open tickets whose id begins, or whose tail begins, with ``prefix``."""
    wanted = prefix.upper()
    rows = _desk().index.connection.execute(
        "select id, subject from tickets where ended=0 and (id like ? escape '\\' "
        "or substr(id, 12) like ? escape '\\') order by opened desc limit ?",
        (_like(wanted), _like(wanted), MOST),
    )
    return [
        (name if name.startswith(wanted) else name.rpartition("-")[2], subject)
        for name, subject in rows
    ]


def _cards(kind: str, prefix: str) -> Offers:
    """Ids, names or telephone numbers, whichever was begun: shells offer only what begins like that."""
    like = _like(prefix)
    rows = _desk().index.connection.execute(
        "select id, name, phone from cards where kind=? and (id like ? escape '\\' "
        "or name like ? escape '\\' or phone like ? escape '\\') order by id limit ?",
        (kind, like, like, like if len(prefix) >= 3 else "-", MOST),
    )
    offers = []
    for identifier, name, phone in rows:
        begun = next((one for one in (name, phone) if _begins(one, prefix)), None)
        if _begins(identifier, prefix):
            offers.append((identifier, name or ""))
        elif begun is not None:
            offers.append((begun, identifier))
    return offers


def staff(prefix: str) -> Offers:
    """Return people whose id or name begins with ``prefix``."""
    return _cards("staff", prefix)


def customers(prefix: str) -> Offers:
    """Return customers whose id, name or telephone number begins with ``prefix``."""
    return _cards("customer", prefix)


def units(prefix: str) -> Offers:
    """Return units whose serial number begins with ``prefix``."""
    return _cards("unit", prefix.upper())


def states(prefix: str) -> Offers:
    """Return the states of a ticket that begin with ``prefix``."""
    from svcctl.domain.ticket import TICKET

    return _labelled(tuple(TICKET.states), "state", prefix)


def owed(prefix: str) -> Offers:
    """Return what the ledger's policies say is owed, where it begins with ``prefix``."""
    return _labelled(_desk().book.owed_names(), "obligation", prefix)


def measures(prefix: str) -> Offers:
    """Return the weekly measures that begin, or whose titles begin, with ``prefix``."""
    from svcctl.desk.counted import titles
    from svcctl.views.language import _

    named = [(name, _(title)) for name, title in titles().items()]
    return [
        (name, title) if _begins(name, prefix) else (title, name)
        for name, title in named
        if _begins(name, prefix) or _begins(title, prefix)
    ]


def words(prefix: str, place: str, field: str) -> Offers:
    """Return the words of a field that begin, or whose labels begin, with ``prefix``.

    ``place``: an event, ``head``, a card's kind, or ``slip`` for what a slip is printed on.
    """
    from svcctl.domain.cards import KINDS
    from svcctl.domain.ticket import TICKET

    if place == "slip":
        from typing import get_args

        from svcctl.views.slip import SHEETS, Copy

        known = tuple(SHEETS) if field == "paper" else get_args(Copy)
    elif place in KINDS:
        known = KINDS[place].shape.fields[field].words
    else:
        shape = TICKET.head if place == "head" else TICKET.events[place].shape
        known = shape.fields[field].words
    return _labelled(known, field, prefix)


def _labelled(known: Sequence[str], field: str, prefix: str) -> Offers:
    from svcctl.views.language import word

    labels = [(one, word(one, field)) for one in known]
    return [
        (one, label if label != one else "") if _begins(one, prefix) else (label, one)
        for one, label in labels
        if _begins(one, prefix) or _begins(label, prefix)
    ]


def codes(prefix: str) -> Offers:
    """Return the audit's codes that begin with ``prefix``."""
    from svcctl.domain.checks.catalogue import CODES

    return [(c.code, c.title) for c in CODES.values() if c.code.startswith(prefix.upper())]
