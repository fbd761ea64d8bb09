"""What to say where an event cannot follow: why not, and what can be done instead. Decides nothing."""

from __future__ import annotations

from svcctl.domain.cases import Event
from svcctl.domain.patterns import Pattern
from svcctl.domain.problems import N_, Message, Refusal
from svcctl.domain.schema import as_text
from svcctl.domain.state import State

OF_IMPORTS = "from"
"""The field that lets a line leave out the steps before it: an import's alone."""

HINTS = {
    ("new", "dispatched"): N_(
        "first `svcctl ticket review {id} --cover free`, or `svcctl ticket review {id} --cover paid`; for an emergency, --emergency REASON"
    ),
    ("quoting", "dispatched"): N_(
        "the customer's acceptance comes first: `svcctl ticket accept {id}`; for an emergency, --emergency REASON"
    ),
    ("new", "closed"): N_("finish it first, or `svcctl ticket cancel {id} --reason …`"),
    ("ready", "closed"): N_("finish it first, or `svcctl ticket cancel {id} --reason …`"),
    ("dispatched", "closed"): N_(
        "the work is not finished: `svcctl ticket finish {id} --result …`"
    ),
    ("on-site", "closed"): N_("the work is not finished: `svcctl ticket finish {id} --result …`"),
    ("waiting", "closed"): N_(
        "another visit is needed: `svcctl ticket dispatch {id} --to … --visit …`"
    ),
    ("closed", "dispatched"): N_("reopen it first: `svcctl ticket reopen {id} --reason …`"),
    ("closed", "finished"): N_("reopen it first: `svcctl ticket reopen {id} --reason …`"),
    ("closed", "arrived"): N_("reopen it first: `svcctl ticket reopen {id} --reason …`"),
    ("ready", "arrived"): N_("nobody was sent yet: `svcctl ticket dispatch {id} --to … --visit …`"),
    ("ready", "finished"): N_(
        "nobody was sent yet: `svcctl ticket dispatch {id} --to … --visit …`; solved by telephone: --result by-phone"
    ),
    ("new", "finished"): N_("nobody was sent yet; solved by telephone: --result by-phone"),
}
"""What to do first, by the state and the event that cannot follow it."""

NEXT = {
    "new": N_(
        "the review comes next: `svcctl ticket review {id} --cover free`, or `svcctl ticket review {id} --cover paid`; what can follow: {following}"
    ),
    "quoting": N_(
        "the customer's acceptance comes next: `svcctl ticket accept {id}`; what can follow: {following}"
    ),
    "ready": N_(
        "sending somebody comes next: `svcctl ticket dispatch {id} --to … --visit …`; what can follow: {following}"
    ),
    "waiting": N_(
        "another visit comes next: `svcctl ticket dispatch {id} --to … --visit …`; what can follow: {following}"
    ),
}
"""What comes next as a rule, by the state, where no more is known of what was meant."""


def does_not_follow(state: State, event: Event, code: str) -> Refusal:
    """Return the refusal of ``event``, which replay left out with this code."""
    if code in ("E209", "E210"):
        return Refusal(
            "no-such-target",
            Message(
                N_("{target} has nothing to correct there"),
                {
                    "target": " ".join(
                        as_text(event.fields[key])
                        for key in ("target", "field", "value")
                        if key in event.fields
                    )
                },
            ),
            Message(
                N_("`svcctl ticket show {id}` lists the events and their names"),
                {"id": state.case.id},
            ),
        )
    if "state" in state.contested:
        return still_contested(state, "state")
    stated = event.fields.get("visit-no")
    if isinstance(stated, int) and not 1 <= stated <= state.visits:
        return Refusal(
            "no-such-visit",
            Message(
                N_("there is no visit {number}; this ticket has {visits}"),
                {"number": str(stated), "visits": str(state.visits)},
            ),
            Message(N_("`svcctl ticket show {id}` lists the visits"), {"id": state.case.id}),
        )
    hint = HINTS.get((state.state, event.do))
    if hint is None and event.do in ("slip-returned", "slip-explained"):
        hint = N_("no visit was dispatched, so there is no slip")
    if hint is None and event.do == "called-back":
        hint = N_("nothing is finished yet; a call before the visit is `svcctl ticket contact`")
    following = [
        do
        for do, ways in state.case.kind.table[state.state].items()
        if do not in ("imported", event.do) and any(_is_open(state, way) for way, _next in ways)
    ]
    if hint is None:
        hint = NEXT.get(state.state, N_("what can follow: {following}"))
    return Refusal(
        "does-not-follow",
        Message(
            N_("{id} is {state}: {do} cannot follow"),
            {"id": state.case.id, "state": state.state, "do": event.do},
        ),
        Message(hint, {"id": state.case.id, "following": ", ".join(following)}),
    )


def _is_open(state: State, way: Pattern) -> bool:
    """Whether a person can go this way: of the event's fields any can be given, but not those that an
    import alone writes; what is asked of the ticket itself has to be so."""
    head = state.case.kind.head.fields
    return all(
        one.field != OF_IMPORTS and (one.field not in head or one.holds(state.values.get))
        for one in way.conditions
    )


def still_contested(state: State, value: str) -> Refusal:
    """Return the refusal of what builds on ``value`` while it is contested, naming both candidates."""
    contest = state.contested[value]
    return Refusal(
        "contested",
        Message(
            N_("{value} is contested: {applied} says {applied_text}, {other} says {other_text}"),
            {
                "value": value,
                "applied": contest.applied,
                "applied_text": contest.applied_text,
                "other": contest.other,
                "other_text": contest.other_text,
            },
        ),
        Message(
            N_(
                "settle it first, with one of these:\n"
                "svcctl ticket settle {id} --pick {applied} --reason …\n"
                "svcctl ticket settle {id} --pick {other} --reason …"
            ),
            {
                "id": state.case.id,
                "applied": contest.applied,
                "other": contest.other,
            },
        ),
    )
