"""Examples of family E4: what else is owed and was not done in time. Data only."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    ARRIVED,
    BEGUN,
    CALLED,
    CLOSED,
    CONTACTED,
    DONE,
    FINISHED,
    OPENED,
    POLICY,
    RETURNED,
    REVIEWED,
    TICKET,
    Edit,
    Example,
    Put,
    ticket,
    told,
)
from svcctl.domain.problems import N_


def _within(rule: str, old: str, new: str) -> Edit:
    """The policy's line ``rule`` with another limit."""
    start, end = _WITHIN[rule]
    return Edit(POLICY, f"{start}within: {old}{end}", f"{start}within: {new}{end}")


_WITHIN = {
    "first-contact": ("starts: [dispatched, reassigned], ", ", met-by: [contacted"),
    "complaint-resolved": ("starts: opened, ", ", met-by: [closed]"),
    "payment": ("paid(part)], ", ", outlasts-closing"),
}
"""What stands around the limits of lines that every new ledger's policy has."""


EXAMPLES = (
    Example(
        "E420",
        N_(
            "The engineer came after the time agreed with the customer. Who comes too late calls and "
            "agrees on another time; `ticket reassign` and `ticket amend` write it down."
        ),
        (
            Put(
                TICKET,
                ticket(
                    *BEGUN,
                    told("17T10:20", "eng1", "arrived", over="4SHA"),
                    FINISHED,
                    RETURNED,
                    CALLED,
                ),
            ),
        ),
        f"{TICKET}:14:1",
    ),
    Example(
        "E421",
        N_(
            "The customer of urgent work is told the result at once, of other work within the time that "
            "the policy sets. What counts is being told, a call that reached the customer, or the "
            "signature on the slip."
        ),
        (Put(TICKET, ticket(*DONE, RETURNED, CALLED, CLOSED, priority="urgent")),),
        f"{TICKET}:16:1",
    ),
    Example(
        "E422",
        N_("A complaint was looked into, and the customer was not told in time what came of it."),
        (
            Put(
                TICKET,
                ticket(
                    OPENED,
                    CONTACTED,
                    told("16T15:00", "mgr1", "investigated", cause="漏约", liability="ours"),
                    kind="complaint",
                ),
            ),
        ),
        f"{TICKET}:13:1",
    ),
    Example(
        "E423",
        N_(
            "An answer was put off and promised for a time, when the request was taken or in a call. "
            "That time has passed without it."
        ),
        (
            Put(
                TICKET,
                ticket(
                    OPENED,
                    {**CONTACTED, "answer-by": "2026-11-18"},
                    kind="inquiry",
                ),
            ),
        ),
        f"{TICKET}:12:1",
    ),
    Example(
        "E424",
        N_(
            "A solution was found, and the customer did not hear of it in time, which is at most one "
            "day."
        ),
        (
            Put(
                TICKET,
                ticket(
                    OPENED, CONTACTED, told("16T15:00", "eng1", "solution-known"), kind="support"
                ),
            ),
        ),
        f"{TICKET}:13:1",
    ),
    Example(
        "E425",
        N_(
            "Who is sent calls the customer within the policy's time. A new ledger's policy sets none; "
            "here it is two hours."
        ),
        (_within("first-contact", '""', "2h"),),
        f"{TICKET}:14:1",
    ),
    Example(
        "E426",
        N_(
            "Every matter has an outcome. A new ledger's policy sets no time for that; here it is one "
            "day."
        ),
        (
            _within("complaint-resolved", "unlimited", "1d"),
            Put(TICKET, ticket(OPENED, CONTACTED, kind="complaint")),
        ),
        f"{TICKET}:11:1",
    ),
    Example(
        "E427",
        N_(
            "Paid work was done and the money is not in. A new ledger's policy sets no time for that; "
            "here it is one day."
        ),
        (
            _within("payment", "unlimited", "1d"),
            Put(
                TICKET,
                ticket(
                    OPENED,
                    CONTACTED,
                    {**REVIEWED, "cover": "paid"},
                    told("16T09:15", "desk1", "accepted", over="3SHA"),
                    {**BEGUN[-1], "over": "4SHA"},
                    {**ARRIVED, "over": "5SHA"},
                    {**FINISHED, "over": "6SHA"},
                    RETURNED,
                    CALLED,
                ),
            ),
        ),
        f"{TICKET}:17:1",
    ),
)
