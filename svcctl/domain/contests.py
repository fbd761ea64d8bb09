"""Values and who set them: what an event replaces, when two are contested, how that is settled.

An event names in ``over`` the event whose values it saw (LEDGER, "A ticket"). A value that another
event set meanwhile is contested: the later one applies, both are kept, until it is settled. Knows
no order of events and no clock: ``replay`` calls it for one event after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from svcctl.domain.cases import CaseKind, Event
from svcctl.domain.identity import event_order
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import Contest, Fact, State

CORRECTING = ("voided", "amended")
RETROACTIVE = (*CORRECTING, "settled")
"""What may change how the events before it count."""


def written_values(kind: CaseKind, event: Event, following: str) -> list[str]:
    """Return the names of the values that ``event`` replaces (``state`` only on a transition).

    A field of the head has its own name; an amended field of an event one such as ``3SHA.visit``.
    """
    if event.do == "amended":
        target, field = as_text(event.fields["target"]), as_text(event.fields["field"])
        return [field if target == "head" else f"{target}.{field}"]
    if event.do == "settled":
        return [as_text(event.fields["value"])]
    return [
        value
        for value, field in kind.events[event.do].sets.items()
        if (value == "state" and following) or (field and field in event.fields)
    ]


def place_amended(kind: CaseKind, value: str) -> tuple[str, str] | None:
    """Return target and field of a value that amendments replace; None for one of the case."""
    target, dot, field = value.partition(".")
    if dot:
        return target, field
    return ("head", value) if value in kind.amendable else None


def setter_of(state: State, value: str) -> str | None:
    """Return the name of the event that set ``value``, or None where none has."""
    setter = state.setters.get(value)
    if setter is None and state.facts:
        where = place_amended(state.case.kind, value)
        if where is not None:
            return state.facts[0].event.name if where[0] == "head" else where[0]
    return setter


class _Given(NamedTuple):
    """What an event gives a value; ``value`` is None where it leaves it empty."""

    value: Value | None


def _given(state: State, value: str, name: str) -> _Given | None:
    """Return what the event called ``name`` gave ``value``; None where it gave it nothing."""
    contest = state.contested.get(value)
    if value == "state" and contest is not None and name == contest.applied:
        return _Given(contest.applied_text)
    fact = next((fact for fact in state.facts if fact.event.name == name), None)
    if fact is None:
        excluded = any(one.name == name for one in state.excluded)
        return _Given(contest.other_text) if contest is not None and excluded else None
    if value == "state":
        return _Given(fact.state)
    kind, event = state.case.kind, fact.event
    where = place_amended(kind, value)
    if where is None:
        return _Given(fact.values.get(value))
    target = where[0]
    if event.do == "settled" and event.fields["value"] == value:
        return _given(state, value, as_text(event.fields["pick"]))
    if event.do == "amended" and written_values(kind, event, "") == [value]:
        made = next((one for one in state.case.events if one.name == target), None)
        return _Given(amended_value(kind, made, event))
    if target == "head" and fact is state.facts[0]:
        return _Given(state.case.head.get(value))
    return None


def settlement(state: State, event: Event) -> _Given | None:
    """Return the value for which ``event`` settles; None where there is nothing to settle so.

    The candidates of a contest can be picked. A settlement that did not see the last of the events
    that set the value counts all the same, and may make it contested again.
    """
    value, pick = as_text(event.fields["value"]), as_text(event.fields["pick"])
    if event.name in state.taken_up:
        return _Given(state.taken_up[event.name])
    if event.name in state.undoing:  # the lines happened again before it
        contest = state.contested.get("state")
        if contest is None:
            return _Given(state.state)
        won = sides(contest, pick)[0]
        return _Given(contest.other_text if won == contest.other else contest.applied_text)
    if not unseen(event, state.setters.get(value)):
        contest = state.contested.get(value)
        if contest is None or pick not in (contest.applied, contest.other):
            return None
    return _given(state, value, pick)


def sides(contest: Contest, pick: str) -> tuple[str, str]:
    """Return which candidate ``pick`` stands for, itself or by its desk, and which one loses."""
    for what in (str, _desk):  # the event itself, else another one of its desk
        if what(contest.applied) == what(pick):
            return contest.applied, contest.other
        if what(contest.other) == what(pick):
            return contest.other, contest.applied
    return contest.applied, contest.other


def _desk(name: str) -> str:
    return event_order(name)[1]


def unseen(event: Event, setter: str | None) -> bool:
    """Whether ``event`` was written without having seen what ``setter`` set."""
    seen = event.over
    if seen is None or setter is None or seen == setter:
        return False
    return event_order(setter) > event_order(seen)


def write(state: State, event: Event, value: str, following: str) -> None:
    """Let ``event`` set ``value``, and see whether that makes it contested or ends a contest."""
    kind = state.case.kind
    new: Value | None
    if event.do == "amended":
        new = event.fields["value"]  # what it amends was replayed with it from the beginning
    elif event.do == "settled":
        settled = settlement(state, event)
        new = settled.value if settled is not None else None
    elif value == "state":
        new = following
    else:
        new = event.fields[kind.events[event.do].sets[value]]
    setter = state.setters.get(value)  # what an event amends, it has seen
    if value in state.contested or unseen(event, setter):
        _contest(state, event, value, _text(new), setter or event.name)
    if value == "state":
        state.state = _text(new)
    elif event.do != "amended" and place_amended(kind, value) is None:
        state.values = dict(state.values)
        change(state.values, {value: new})
    state.setters[value] = event.name


def same_visit(state: State, event: Event) -> Fact | None:
    """Return the start of a visit that ``event``, another start, was written without having seen.

    Both speak of one visit: two desks sent somebody on the same request (LEDGER, "A ticket").
    """
    if event.over is None:
        return None
    seen = event_order(event.over)
    starts = [fact for fact in state.facts if fact.event.do in state.case.kind.visit_starts]
    if not starts or starts[-1].event.order <= seen:
        return None
    other = starts[-1]
    known = any(one.visit == other.visit and one.event.order <= seen for one in starts)
    return None if known else other


def pass_over(state: State, fact: Fact) -> None:
    """Note which starts of a visit count no more after ``fact``: a start itself, or a settlement."""
    kind, event = state.case.kind, fact.event
    if event.do in kind.visit_starts:
        other = same_visit(state, event)
        if other is not None and not set(kind.events[event.do].sets) & set(state.contested):
            state.passed[event.name] = {"": other}
    elif event.do == "settled":
        value = as_text(event.fields["value"])
        starts = _starts(state, as_text(event.fields["pick"]))
        marks = [state.passed.setdefault(name, {}) for name in starts]
        deciding = {by.event.fields.get("value") for one in marks if (by := one.get(""))}
        # Of two values settled apart the first one decides which start stands as a whole.
        for key in (value, "") if deciding <= {value} else (value,):
            for place, one in enumerate(marks):
                one[key] = fact if place else None


def _starts(state: State, name: str) -> list[str]:
    """Return the start that ``name`` goes back to, then the other starts of the same visit."""
    facts = {fact.event.name: fact for fact in state.facts}
    starts = state.case.kind.visit_starts
    asked = set()
    while name in facts and name not in asked and facts[name].event.do not in starts:
        asked.add(name)
        event = facts[name].event
        name = as_text(event.fields["pick"]) if event.do == "settled" else event.over or ""
    if name not in facts or name in asked:
        return []
    visit = facts[name].visit
    alike = [fact for fact in state.facts if fact.event.do in starts and fact.visit == visit]
    return [name, *(fact.event.name for fact in alike if fact.event.name != name)]


def _text(value: Value | None) -> str:
    return "" if value is None else as_text(value)


def _contest(state: State, event: Event, value: str, new: str, setter: str) -> None:
    """Note, keep or end the contest of ``value``, which ``event`` is about to set to ``new``.

    Candidates that are alike leave nothing to decide.
    """
    contest = state.contested.get(value)
    if unseen(event, setter):
        given = _given(state, value, setter)
        old = _text(given.value) if given is not None else new  # what gave nothing contests nothing
        if new != old:
            state.contested[value] = Contest(value, event.name, setter, new, old)
            return
    if contest is None:
        return
    if event.do == "settled" or (new == contest.other_text and not _excludes(state, value)):
        del state.contested[value]
    else:
        state.contested[value] = contest._replace(applied=event.name, applied_text=new)


def _excludes(state: State, value: str) -> bool:
    """Whether lines wait for somebody to decide on ``value``."""
    return value == "state" and bool(state.excluded)


def amended_value(kind: CaseKind, target: Event | None, event: Event) -> Value | None:
    """Return the value that the amendment ``event`` gives ``target`` (None: the head).

    None where it cannot be given: an unknown field, one that stands for good, or a bad value. Of a
    correction only the reason and the time can be corrected: another effect is another correction.
    """
    name = as_text(event.fields["field"])
    amendable = kind.amendable if target is None else kind.events[target.do].amendable
    if name not in amendable or (
        target is not None and target.do in RETROACTIVE and name not in ("reason", "at")
    ):
        return None
    shape = kind.head if target is None else kind.events[target.do].shape
    try:
        return shape.converters[name](as_text(event.fields["value"]))
    except ValueError:
        return None


def change(values: dict[str, Value], changes: Mapping[str, Value | None]) -> None:
    """Put ``changes`` into ``values``; one to None takes the value away."""
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
