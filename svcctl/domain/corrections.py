"""What a correction may not do: take the ground from under events that were built upon it.

Asked by ``decide`` with the states before and after; what a merge brings is kept as it is (``replay``).
"""

from __future__ import annotations

from svcctl.domain.cases import Case, Event
from svcctl.domain.problems import N_, Message, Refusal
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import Value, as_text


def check_correction(before: State, after: State, event: Event) -> None:
    """Refuse a correction that would leave later events without ground to stand on, naming them."""
    known = {(stray.event.name, stray.code) for stray in before.strays}
    broken = [s.event.name for s in after.strays if (s.event.name, s.code) not in known]
    target = as_text(event.fields.get("target") or event.fields["value"])
    broken += [
        contest.applied
        for value, contest in after.contested.items()
        if value not in before.contested and value != _settled_by(before, target)
        if contest.other not in broken
    ]
    if event.do == "settled" and before.excluded:
        broken = []  # the lines that happen after all may leave other values to settle
    elif before.excluded:
        broken += sorted(_left_out_if_picked(after, event) - _left_out_if_picked(before, event))
    if event.do == "voided":
        broken += [
            fact.event.name
            for fact in before.facts
            if fact.event.over == target and fact.event.name not in broken
        ]
        made = next((f for f in before.facts if f.event.name == target), None)
        if made is not None and made.event.do in before.case.kind.visit_starts:
            broken += [
                f.event.name
                for f in before.facts
                if f.visit == made.visit
                and f is not made
                and before.case.kind.events[f.event.do].scoped
                and f.event.name not in broken
            ]
    refuse_built_upon(target, broken)


def _left_out_if_picked(state: State, event: Event) -> set[str]:
    """Return which lines would have no ground if somebody picked the first excluded one next."""
    if not state.excluded:
        return set()
    fields: dict[str, Value] = {"value": "state", "pick": state.excluded[0].name}
    pick = Event(event.n + 1, event.desk, event.at, event.noted, event.by, "settled", fields)
    picked = Case(state.case.kind, state.case.head, [*state.case.events, pick])
    strays = replay(picked).strays
    return {stray.event.name for stray in strays if stray.event is not pick}


def _settled_by(state: State, name: str) -> str:
    """Return the value that the event called ``name`` settled: voiding it is to reopen the question.

    Of a void, what it turned: taking it back may take the settlement back once more.
    """
    events = {event.name: event for event in state.case.events}
    event = events.get(name)
    while event is not None and event.do == "voided":
        event = events.get(as_text(event.fields["target"]))
    return as_text(event.fields["value"]) if event is not None and event.do == "settled" else ""


def refuse_built_upon(target: str, broken: list[str]) -> None:
    """Refuse to change ``target`` where events are named that build on it."""
    if broken:
        raise Refusal(
            "built-upon",
            Message(
                N_("{target} cannot be changed like this: {events} build on it"),
                {"target": target, "events": ", ".join(dict.fromkeys(broken))},
            ),
            Message(N_("void those first, the last one first; or add what is true now"), {}),
        )
