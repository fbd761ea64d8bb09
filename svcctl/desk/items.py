"""Items: what machine output says of a ticket, an obligation, a callback. One shape each, promised.

The same item comes from a replayed case (after a write, or as of another moment) and from the
index; ``docs/output.md`` describes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from svcctl.domain.standing import OWED, standing
from svcctl.domain.times import format_instant

if TYPE_CHECKING:
    from svcctl.domain.judging import Obligation
    from svcctl.domain.replay import State

Item = dict[str, Any]


def obligation_item(
    kind: str,
    number: int,
    owner: str,
    who: str,
    starts: str,
    due: str | None,
    met: str | None,
    state: str,
) -> Item:
    """Return one obligation as machine output has it; instants as text with offset."""
    return {
        "kind": kind,
        "number": number,
        "owner": owner,
        "who": who,
        "starts": starts,
        "due": due,
        "met": met,
        "state": state,
    }


def of_obligation(one: Obligation, as_of: datetime) -> Item:
    """Return the item of an obligation computed from a case."""
    from svcctl.domain.judging import standing_at

    return obligation_item(
        one.kind,
        one.number,
        one.owner,
        one.who,
        format_instant(one.starts),
        format_instant(one.due) if one.due else None,
        format_instant(one.met) if one.met else None,
        standing_at(one, as_of),
    )


def of_row(row: dict[str, Any], as_of: float) -> Item:
    """Return the item of an obligation that the index holds."""
    return obligation_item(
        row["kind"],
        row["number"],
        row["owner"],
        row["who"],
        row["starts_text"],
        row["due_text"],
        row["met_text"],
        standing(row["due"], row["met"], row["excused"], row["ended"], row["paused"], as_of),
    )


def ticket_item(
    values: dict[str, Any], obligations: Sequence[Item], contested: Sequence[Item]
) -> Item:
    """Return a ticket as machine output has it. ``values`` has the index's column names.

    ``contested`` is what ``contested_items`` gives; ``values["name"]`` the customer's name.
    """
    owed = [one for one in obligations if one["state"] in OWED]
    first = min(owed, key=lambda one: (one["due"] is None, str(one["due"])), default=None)
    return {
        "id": values["id"],
        "kind": values["kind"],
        "state": values["state"],
        "priority": values["priority"],
        "opened": values["opened_text"],
        "customer": values["customer"],
        "unit": values["unit"] or None,
        "subject": values["subject"],
        "engineer": values["engineer"] or None,
        "visit": values["visit"] or None,
        "wanted": values["wanted"] or None,
        "category": values["category"] or None,
        "about": values["about"] or None,
        "foreign": values["foreign_id"] or None,
        "contested": list(contested),
        "obligations": list(obligations),
        "name": values["name"] or None,
        "next": first["kind"] if first else None,
        "next_due": first["due"] if first else None,
    }


def contested_items(state: State) -> list[Item]:
    """Return each contested value with its candidates, the one that applies first."""
    events = {event.name: event for event in state.case.events}

    def candidate(name: str, text: str) -> Item:
        event = events[name]
        return {"event": name, "value": text, "by": event.by, "at": format_instant(event.at)}

    return [
        {
            "field": contest.value,
            "candidates": [
                candidate(contest.applied, contest.applied_text),
                candidate(contest.other, contest.other_text),
            ],
        }
        for _, contest in sorted(state.contested.items())
    ]


def of_state(state: State, owed: Iterable[Obligation], as_of: datetime, name: str) -> Item:
    """Return the item of a replayed ticket; ``name`` is the customer's."""
    text = state.text
    values = {
        "id": state.case.id,
        "name": name,
        "state": state.state,
        "opened_text": format_instant(state.opened),
        "foreign_id": text("foreign"),
        **{
            key: text(key)
            for key in (
                "kind priority customer unit subject engineer visit wanted category about"
            ).split()
        },
    }
    return ticket_item(values, [of_obligation(one, as_of) for one in owed], contested_items(state))
