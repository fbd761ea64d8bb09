"""What a policy makes of all histories of one form, found once. Knows obligations, no clock.

Which fact starts, meets, excuses or ends an instance follows from the form of a history alone, where
its events happened in their order; when each is due follows from the times of the case at hand.
"""

from __future__ import annotations

from typing import NamedTuple

from svcctl.domain.calendar import Calendar
from svcctl.domain.judging import Judged, Obligation, in_scope, judged, number_of, once
from svcctl.domain.obligations import Ended, by_start, marked
from svcctl.domain.policy import Policy, Rule
from svcctl.domain.state import Fact, State


class Plan(NamedTuple):
    """An instance of a rule as the form of a history gives it: which of its facts are which.

    Numbers are places among the facts. ``met`` are all that may meet it, in order; ``who`` is the
    dispatch that says whose it is, -1 the ticket's engineer, None nobody.
    """

    rule: Rule
    number: int
    start: int
    met: tuple[int, ...]
    excused: int | None
    waived: int | None
    end: int | None
    who: int | None
    gaps: tuple[tuple[int, int], ...]
    pausing: dict[str, tuple[int, ...]]


def plans(state: State, policy: Policy) -> list[Plan]:
    """Return how ``policy`` judges any history of this form whose events happened in their order.

    The form must hold nothing that was imported, amended, voided or settled.
    """
    found = []
    place = {id(fact): number for number, fact in enumerate(state.facts)}
    ended = Ended(state)
    dispatches = {
        fact.visit: place[id(fact)]
        for fact in state.facts
        if fact.event.do in ("dispatched", "reassigned")
    }
    for name, roles in marked(state, policy).items():
        rule = policy.rules[name]
        if rule.kinds and state.values.get("kind") not in rule.kinds:
            continue
        for start in roles.get("starts", ()):
            number, begun = number_of(rule, start), place[id(start)]
            later = {
                role: tuple(
                    place[id(fact)]
                    for fact in facts
                    if (place[id(fact)] > begun or (rule.in_advance and role == "met_by"))
                    and in_scope(state, rule, number, fact)
                )
                for role, facts in roles.items()
            }
            waived = (
                at
                for at in later.get("waived_by", ())
                if state.facts[at].event.name not in ended.lapsed
            )
            lapsed = ended.lapses(rule)
            end = ended.of(rule, number)
            who = None
            if rule.owner == "engineer":
                who = dispatches.get(number if rule.per == "visit" else start.visit, -1)
            pausing = {
                role: tuple(place[id(fact)] for fact in roles.get(role, ()))
                for role in ("paused_by", "resumed_by")
                if rule.paused_by
            }
            one = Plan(
                rule,
                number,
                begun,
                tuple(
                    at for at in later.get("met_by", ()) if state.facts[at].event.name not in lapsed
                ),
                next(iter(later.get("excused_by", ())), None),
                next(waived, None),
                None if end is None else place[id(end)],
                who,
                tuple((place[id(over)], place[id(again)]) for over, again in ended.gaps),
                pausing,
            )
            found.append(one._replace(gaps=_within(one)))
    return found


def _within(plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return those of the gaps that lie in the time of this instance, and thus put its end off."""
    if plan.rule.within is None:
        return ()
    stops = [] if plan.waived is None else [plan.waived]
    if plan.end is not None and not plan.met:
        stops.append(plan.end)
    if plan.rule.not_before is None:
        stops += plan.met[:1]
    stop = min(stops, default=None)
    return tuple(
        (over, again)
        for over, again in plan.gaps
        if again > plan.start and (stop is None or over < stop)
    )


def planned(
    state: State, policy: Policy, calendar: Calendar, known: list[Plan]
) -> list[Obligation]:
    """Return what ``obligations`` does, where ``known`` are the ``plans`` of the state's form."""
    found: list[Obligation] = []
    facts = state.facts
    for rule, number, begun, meeting, excused, waived, end, whose, over, pausing in known:
        start = facts[begun]
        not_before = None
        met: Fact | None = None
        if rule.not_before is None:
            if meeting:
                met = facts[meeting[0]]
        else:
            not_before = calendar.day_start(start.event.at, rule.not_before.amount)
            for place in meeting:
                if facts[place].event.at >= not_before:
                    met = facts[place]
                    break
        who = ""
        if whose is not None:
            who = state.text("engineer") if whose < 0 else str(facts[whose].event.fields["to"])
        roles = {role: [facts[place] for place in places] for role, places in pausing.items()}
        instance = judged(
            Judged(
                state,
                policy,
                rule,
                roles,
                start,
                calendar,
                number,
                not_before,
                who,
                [(facts[one], facts[again]) for one, again in over],
            ),
            met,
            None if excused is None else facts[excused],
            None if waived is None else facts[waived],
            None if end is None else facts[end].event.at,
        )
        if instance is not None:
            found.append(instance)
    found = once(found)
    found.sort(key=by_start)
    return found
