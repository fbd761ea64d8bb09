"""Laws of replay: over every history, sensible or not, of one desk or of two that were merged."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import book, head, names, stands, tell
from tickets_at_random import OPENED, histories, in_order

from svcctl.domain.cases import Case, Event
from svcctl.domain.obligations import obligations
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import Value
from svcctl.domain.standing import STANDINGS
from svcctl.domain.ticket import TABLE, TICKET


def seen(state: State) -> tuple[object, ...]:
    """All that a state says."""
    return (
        state.state,
        state.values,
        state.setters,
        state.contested,
        [(f.event, f.visit, f.visits, f.cycle, f.attempt, f.state, f.values) for f in state.facts],
        state.strays,
        state.visits,
        state.cycle,
        state.counts,
    )


def part(case: Case, count: int) -> Case:
    return Case(case.kind, case.head, case.events[:count])


@effort(100)
@given(histories())
def test_replay_of_any_prefix_of_any_history_succeeds_and_ends_in_a_declared_state(
    case: Case,
) -> None:
    for count in range(len(case.events) + 1):
        state = replay(part(case, count))
        assert state.state in TABLE
        assert {fact.state for fact in state.facts} <= set(TABLE)
        assert state.is_ended == (state.state in TICKET.ended)


@effort(100)
@given(histories())
def test_replay_is_deterministic_and_changes_nothing_it_was_given(case: Case) -> None:
    before = case.text(), dict(case.head)
    first = seen(replay(case))
    assert seen(replay(case)) == first
    assert (case.text(), dict(case.head)) == before
    again = Case(case.kind, dict(case.head), [event.amended({}) for event in case.events])
    assert seen(replay(again)) == first


@effort(100)
@given(histories())
def test_every_event_counts_is_voided_or_is_listed_as_a_stray(case: Case) -> None:
    state = replay(case)
    counted = names(state)
    strays = [stray.event.name for stray in state.strays]
    targets = {event.fields["target"] for event in case.events if event.do == "voided"}
    dismissed = [event.name for event in state.dismissed]
    for event in case.events:
        assert event.name in counted or event.name in {*strays, *targets, *dismissed}
    assert sorted(counted) == sorted(set(counted))
    assert {stray.code for stray in state.strays} <= {"E207", "E209", "E210", "E211", "E303"}


@effort(100)
@given(histories())
def test_a_contest_names_two_events_that_count_and_two_different_values(case: Case) -> None:
    state = replay(case)
    counted = names(state)
    for value, contest in state.contested.items():
        assert contest.value == value
        excluded = [event.name for event in state.excluded] if value == "state" else []
        assert contest.applied in counted
        assert contest.other in (*counted, *excluded)
        assert contest.applied_text != contest.other_text
        if "." not in value and value != "state":
            assert state.text(value) == contest.applied_text
        if value == "state":
            assert state.state == contest.applied_text


@effort(100)
@given(histories(), st.integers(0, 40 * 24 * 60), st.integers(0, 40 * 24 * 60))
def test_asking_as_of_a_moment_is_replaying_what_had_happened_and_was_known_by_then(
    case: Case, happened: int, noted: int
) -> None:
    until, known = OPENED + timedelta(minutes=happened), OPENED + timedelta(minutes=noted)
    kept = [event for event in case.events if event.at <= until and event.noted <= known]
    state = replay(case, until, known)
    if kept[:1] == case.events[:1]:
        assert seen(state) == seen(replay(Case(case.kind, case.head, kept)))
    assert all(any(event.name == fact.event.name for event in kept) for fact in state.facts)


@effort(100)
@given(histories())
def test_the_places_of_events_are_counted_from_one_without_gaps(case: Case) -> None:
    visits, cycle = 0, 1
    attempts: dict[tuple[int, str], int] = {}
    counts: dict[str, int] = {}
    for fact in replay(case).facts:
        if fact.event.do == "dispatched":
            assert fact.visit == visits + 1 or (1 <= fact.visit <= visits and fact.event.over)
            visits = max(visits, fact.visit)
        assert fact.visits == visits
        assert 0 <= fact.visit <= visits
        assert fact.cycle in (cycle, cycle + 1)
        cycle = fact.cycle
        key = (cycle, fact.event.do)
        attempts[key] = attempts.get(key, 0) + 1
        assert fact.attempt == attempts[key]
        for do in TICKET.events:
            assert fact.lookup(f"had-{do}") == counts.get(do, 0)
        counts[fact.event.do] = counts.get(fact.event.do, 0) + 1


@effort(100)
@given(histories(), st.integers(0, 20))
def test_a_void_leaves_what_it_names_out_and_a_void_of_the_void_brings_it_back(
    case: Case, place: int
) -> None:
    target = case.events[place % len(case.events)]
    if target is case.events[0] or target.do in ("voided", "amended", "settled"):
        return
    before = replay(case)
    if target.name not in names(before):
        return
    last = case.events[-1].n

    def void(n: int, name: str) -> Event:
        fields: dict[str, Value] = {"target": name, "reason": "x"}
        return Event(n, "SHA", OPENED, OPENED, "li.na", "voided", fields)

    voided = Case(case.kind, case.head, [*case.events, void(last + 1, target.name)])
    without = replay(voided)
    assert target.name not in names(without)
    assert f"{last + 1}SHA" in names(without)
    back = Case(case.kind, case.head, [*voided.events, void(last + 2, f"{last + 1}SHA")])
    again = replay(back)
    assert seen(again)[:4] == seen(before)[:4]
    assert names(again) == [*names(before), f"{last + 2}SHA"]
    assert replay(part(back, len(case.events))).state == before.state


@effort(100)
@given(histories())
def test_obligations_of_any_history_can_be_told_and_are_told_alike(case: Case) -> None:
    state = replay(case)
    found = obligations(state, book())
    assert found == obligations(replay(case), book())
    counted = set(names(state))
    for one in found:
        assert one.started_by in counted
        assert not one.met_by or one.met_by in counted
        assert one.due is None or one.due >= one.starts or one.rule.startswith("until ")
        assert (one.met is None) == (one.met_by == "")
        assert one.ended is None or one.ended >= one.starts
        due = one.due or one.starts
        for moment in (one.starts, due, due + timedelta(days=400)):
            assert stands(one, moment.isoformat()) in STANDINGS


@effort(100)
@given(histories(), st.permutations(range(21)))
def test_the_order_in_which_files_were_merged_does_not_matter(case: Case, order: list[int]) -> None:
    shuffled = [case.events[place] for place in order if place < len(case.events)]
    unique = {event.name: event for event in shuffled}
    one = in_order(unique.values())
    other = in_order(sorted(unique.values(), key=lambda event: event.canonical()))
    assert seen(replay(one)) == seen(replay(other))


def test_a_history_without_events_is_new() -> None:
    state = replay(Case(TICKET, head(), []))
    assert (state.state, state.facts, state.strays) == ("new", [], [])
    assert replay(tell()).state == "new"
