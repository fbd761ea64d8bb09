"""Laws of pauses, due times, priorities and corrections, for every history of a request."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import Told, at, book, event, owed, rules, shipped_calendar, stands, tell
from tickets_at_random import Chance

from svcctl.domain.cases import Case
from svcctl.domain.obligations import obligations
from svcctl.domain.replay import replay

PAUSED = book(
    rules(
        "told: {starts: opened, within: 20h, clock: work, met-by: told, paused-by: paused, "
        "resumed-by: resumed}"
    )
)
BY_PRIORITY = book(
    rules(
        "normal: {starts: opened(priority=normal), within: 30h, met-by: [told, closed], "
        "paused-by: paused, resumed-by: resumed, waived-by: cancelled}",
        "urgent: {starts: opened(priority=urgent), within: 2h, met-by: [told, closed], "
        "paused-by: paused, resumed-by: resumed, waived-by: cancelled}",
        "any: {per: visit, starts: dispatched, within: 1d, met-by: [arrived, finished]}",
    )
)
OPENED = at("11-16 09:00")
moments = st.integers(0, 6 * 24 * 60).map(lambda minutes: OPENED + timedelta(minutes=minutes))


@effort(50)
@given(st.lists(st.tuples(moments, st.integers(0, 3000)), max_size=4))
def test_a_pause_moves_a_deadline_by_exactly_the_clocks_time_inside_it(
    spans: list[tuple[datetime, int]],
) -> None:
    calendar = shipped_calendar()
    pauses = sorted((start, start + timedelta(minutes=length)) for start, length in spans)
    lines: list[Told] = []
    last = OPENED
    for start, end in pauses:
        start, end = max(start, last), max(end, last)  # one after the other, touching at times
        fields = {"for": "customer", "reason": "x"}
        lines += [(start.isoformat(), "paused", fields), (end.isoformat(), "resumed", {})]
        last = end
    (one,) = owed(tell(*lines), PAUSED)
    within, due = PAUSED.policies[0].rules["told"].within, one.due
    assert within is not None
    assert due is not None
    plain = calendar.due(OPENED, within, "work", "open-day")
    inside = sum(
        calendar.work_between(start, min(end, due)) for start, end in one.pauses if start < due
    )
    assert calendar.work_between(OPENED, due) == calendar.work_between(OPENED, plain) + inside


@effort(20)
@given(moments)
def test_one_second_decides(opened: datetime) -> None:
    case = tell(opened=opened.isoformat())
    (one,) = owed(case, PAUSED)
    assert one.due is not None
    for second, standing in ((-1, "met"), (0, "met"), (1, "late")):
        done = event(2, "told", (one.due + timedelta(seconds=second)).isoformat())
        (met,) = owed(Case(case.kind, case.head, [*case.events, done]), PAUSED)
        assert stands(met, "2027-03-01 09:00") == standing


@effort(60)
@given(st.integers(0, 2**32), st.integers(1, 9), st.sampled_from(["urgent", "normal"]))
def test_a_change_of_priority_never_turns_missed_into_met(
    seed: int, place: int, priority: str
) -> None:
    case = Chance(seed).history(9, (0, 0))
    events = [one for one in case.events if one.do not in ("amended", "voided", "settled")]
    plain = Case(case.kind, case.head, events)
    state = replay(plain)
    if not state.facts:
        return
    last = max(fact.at for fact in state.facts)
    when = min(fact.at for fact in state.facts) + (last - OPENED) * place / 9
    fields = {"target": "head", "field": "priority", "value": priority, "reason": "x"}
    number = max(one.n for one in events) + 1
    made = event(number, "amended", when.isoformat(timespec="seconds"), fields)
    after = obligations(replay(Case(case.kind, case.head, [*events, made])), BY_PRIORITY)
    found = {(one.kind, one.number, one.started_by): one for one in after}
    for one in obligations(state, BY_PRIORITY):
        assert one.due is not None
        unmet = one.met is None or one.met > one.due
        over = one.ended is not None and one.ended <= one.due
        if one.due < made.at and unmet and not over and one.paused is None:
            assert found[one.kind, one.number, one.started_by].due == one.due


@effort(60)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_what_is_voided_is_as_if_it_had_not_happened(seed: int, place: int) -> None:
    case = Chance(seed).history(9, (0, 0))
    events = [one for one in case.events if one.do not in ("amended", "voided", "settled")]
    named = {one.name for one in events}
    if len(events) < 2 or len(named) < len(events):
        return
    target = events[1:][place % (len(events) - 1)]
    number = max(one.n for one in events) + 1
    void = event(number, "voided", "12-30 09:00", {"target": target.name, "reason": "x"})
    without = [one for one in events if one is not target]
    voided = replay(Case(case.kind, case.head, [*events, void]))
    assert obligations(voided, BY_PRIORITY) == obligations(
        replay(Case(case.kind, case.head, without)), BY_PRIORITY
    )
