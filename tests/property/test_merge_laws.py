"""Laws of merging: what clones wrote apart becomes one history, whatever they wrote and in which order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import head
from tickets_at_random import OPENED, Chance

from svcctl.domain.cases import Case, Event
from svcctl.domain.checks.identity_rules import journal_problems
from svcctl.domain.journals import LOG
from svcctl.domain.merge import (
    MergedFields,
    Nested,
    lost_events,
    merge_cases,
    merge_fields,
    merge_lines,
)
from svcctl.domain.replay import replay
from svcctl.domain.schema import Value
from svcctl.domain.ticket import TICKET

SEEDS = st.integers(0, 2**32)


def apart(seed: int, desks: tuple[str, ...]) -> list[Case]:
    """What clones of these desks made of one beginning, without hearing of each other."""
    chance = Chance(seed)
    common = [Event(1, "SHA", OPENED, OPENED, "li.na", "opened")]
    for n in range(2, chance.random.randint(2, 6)):
        common.append(chance.event(n, "SHA", common))
    sides = []
    for desk in desks:
        own = list(common)
        for _ in range(chance.random.randint(0, 4)):
            own.append(chance.event(own[-1].n + 1, desk, own))
        sides.append(Case(TICKET, head(), own))
    return sides


def noted_apart(seed: int, desks: tuple[str, ...]) -> list[Case]:
    """As ``apart``, with a file of the daily log: entries, amendments and voids."""
    random = Random(seed)
    head: dict[str, Value] = {"id": "2026-11.SHA", "kind": "log"}

    def event(n: int, desk: str, before: list[Event]) -> Event:
        fields: dict[str, Value] = {"words": random.choice("甲乙丙")}
        do = random.choice(("logged", "logged", "amended", "voided")) if before else "logged"
        if do != "logged":
            fields = {"target": random.choice(before).name, "reason": "r"}
        if do == "amended":
            fields |= {"field": "words", "value": random.choice("丁戊")}
        return Event(n, desk, OPENED, OPENED, "li.na", do, fields)

    common: list[Event] = []
    for n in range(1, random.randint(2, 5)):
        common.append(event(n, "SHA", common))
    sides = []
    for desk in desks:
        own = list(common)
        for _ in range(random.randint(0, 4)):
            own.append(event(own[-1].n + 1, desk, own))
        sides.append(Case(LOG, head, own))
    return sides


each_shape = pytest.mark.parametrize("apart", [apart, noted_apart], ids=["ticket", "journal"])
Apart = Callable[[int, tuple[str, ...]], list[Case]]


def union(pushed: Case, other: Case) -> Case:
    return merge_cases(pushed, other).case


@each_shape
@effort(50)
@given(SEEDS)
def test_histories_of_different_desks_merge_alike_in_every_order(apart: Apart, seed: int) -> None:
    sides = apart(seed, ("SHA", "BJA", "GZ"))
    results = {
        union(union(sides[a], sides[b]), sides[c]).text() for a, b, c in permutations(range(3))
    }
    results |= {
        union(sides[a], union(sides[b], sides[c])).text() for a, b, c in permutations(range(3))
    }
    assert len(results) == 1
    written = {event.canonical() for side in sides for event in side.events}
    merged = union(union(*sides[:2]), sides[2])
    assert {event.canonical() for event in merged.events} == written
    assert [event.order for event in merged.events] == sorted(e.order for e in merged.events)


def said(event: Event) -> str:
    """What an event says apart from its name and the names it refers to."""
    fields = {k: v for k, v in event.fields.items() if k not in ("target", "pick", "value")}
    return Event(1, event.desk, event.at, event.noted, event.by, event.do, fields).canonical()


@each_shape
@effort(80)
@given(SEEDS)
def test_two_clones_that_wrote_as_one_desk_lose_nothing_and_the_pushed_side_stays_as_it_was(
    apart: Apart,
    seed: int,
) -> None:
    pushed, other = apart(seed, ("SHA", "SHA"))
    merged = merge_cases(pushed, other)
    lines = {event.canonical() for event in merged.case.events}
    assert {event.canonical() for event in pushed.events} <= lines
    assert not lost_events(pushed, merged.case)
    assert not lost_events(other, merged.case)
    first = {event.canonical() for event in pushed.events}
    expected = [said(event) for event in pushed.events]
    expected += [said(event) for event in other.events if event.canonical() not in first]
    assert sorted(map(said, merged.case.events)) == sorted(expected)
    names = [event.name for event in merged.case.events]
    assert len(set(names)) == len(names)
    for old, new in merged.renamed:
        assert new.was == (old.was or old.name)
    replay(merged.case)


@each_shape
@effort(80)
@given(SEEDS)
def test_merging_again_what_is_in_already_changes_nothing_under_its_old_name_either(
    apart: Apart,
    seed: int,
) -> None:
    first, second, third = apart(seed, ("SHA", "SHA", "SHA"))
    merged = union(first, second)
    assert union(merged, merged).text() == merged.text()
    assert union(merged, first).text() == merged.text()
    assert union(merged, second).text() == merged.text()
    all_three = union(merged, third)
    for side in (first, second, third, merged):
        assert union(all_three, side).text() == all_three.text()


@effort(40)
@given(SEEDS)
def test_in_a_journal_that_clones_of_one_desk_wrote_no_number_is_missed(seed: int) -> None:
    first, second, third = noted_apart(seed, ("SHA", "SHA", "SHA"))
    for merged in (union(union(first, second), third), union(first, union(second, third))):
        month = f"{OPENED:%Y-%m}"
        case = Case(LOG, {**merged.head, "id": f"{month}.SHA"}, merged.events)
        assert journal_problems(f"records/logs/{month}.SHA.yaml", case, []) == []


@effort(40)
@given(SEEDS)
def test_an_event_renamed_is_followed_by_the_lines_that_meant_it(seed: int) -> None:
    chance = Chance(seed)
    base = [Event(1, "SHA", OPENED, OPENED, "li.na", "opened")]
    pushed = Case(TICKET, head(), [*base, chance.event(2, "SHA", base)])
    own = chance.event(2, "SHA", base)
    void = Event(3, "SHA", OPENED, OPENED, "li.na", "voided", {"target": "2SHA", "reason": "x"})
    merged = merge_cases(pushed, Case(TICKET, head(), [*base, own, void]))
    if merged.renamed:
        assert [event.name for event in merged.case.events] == ["1SHA", "2SHA", "4SHA", "5SHA"]
        assert merged.case.events[3].fields["target"] == "4SHA"
    else:
        assert own.canonical() == pushed.events[1].canonical()


@each_shape
@effort(40)
@given(SEEDS)
def test_what_somebody_took_out_of_a_history_comes_back(apart: Apart, seed: int) -> None:
    ours, theirs = apart(seed, ("SHA", "BJA"))
    taken = Case(ours.kind, ours.head, [event for event in ours.events if event.n % 2])
    merged = merge_cases(taken, theirs, [ours]).case
    assert not lost_events(ours, merged)
    assert not lost_events(theirs, merged)
    assert len(lost_events(ours, taken)) == sum(1 for event in ours.events if event.n % 2 == 0)


WORDS = st.sampled_from(["a", "b", "c"])
FIELDS = st.recursive(
    st.dictionaries(st.sampled_from(["k", "l", "m", "n"]), WORDS | st.lists(WORDS, max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from(["k", "l", "m", "n"]), WORDS | inner),
    max_leaves=6,
)


def told(merged: MergedFields) -> tuple[object, ...]:
    return merged.values, set(map(repr, merged.conflicts))


@effort(160)
@given(FIELDS, FIELDS, FIELDS)
def test_cards_merge_alike_from_both_sides_and_never_in_silence(
    base: dict[str, Nested], one: dict[str, Nested], two: dict[str, Nested]
) -> None:
    left, right = merge_fields(one, two, [base]), merge_fields(two, one, [base])
    mirrored = [type(c)(c.key, c.other, c.pushed) for c in right.conflicts]
    assert set(map(repr, left.conflicts)) == set(map(repr, mirrored))
    if not left.conflicts:
        assert left.values == right.values
        assert merge_fields(left.values, one, [one]).values == left.values
        assert merge_fields(left.values, two, [two]).values == left.values
    assert told(merge_fields(one, base, [base])) == (one, set())
    assert told(merge_fields(one, one, [])) == (one, set())


@effort(160)
@given(FIELDS, FIELDS, FIELDS)
def test_every_value_of_a_merged_card_is_what_a_side_gave_it(
    base: dict[str, Nested], one: dict[str, Nested], two: dict[str, Nested]
) -> None:
    merged = merge_fields(one, two, [base])
    for key in {*base, *one, *two}:
        value = merged.values.get(key)
        if isinstance(value, dict):
            continue
        assert value in (one.get(key), two.get(key))
        if one.get(key) != base.get(key) and two.get(key) == base.get(key):
            assert value == one.get(key)


@effort(40)
@given(FIELDS, FIELDS)
def test_two_new_cards_of_one_name_are_never_mixed(
    one: dict[str, Nested], two: dict[str, Nested]
) -> None:
    merged = merge_fields(one, two, [])
    assert bool(merged.conflicts) == (one != two)
    assert merged.values.keys() >= one.keys()


def test_where_several_bases_disagree_a_field_that_differs_is_for_a_person() -> None:
    bases = [{"phone": "1", "name": "a"}, {"phone": "2", "name": "a"}]
    merged = merge_fields({"phone": "1", "name": "a"}, {"phone": "2", "name": "b"}, bases)
    assert [conflict.key for conflict in merged.conflicts] == [("phone",)]
    assert merged.values["name"] == "b"


def test_a_card_whose_personal_data_was_taken_out_wins_whole() -> None:
    base: dict[str, Nested] = {"id": "SHA-C0042J", "name": "a", "phone": "1"}
    erased: dict[str, Nested] = {
        "id": "SHA-C0042J",
        "name": "-",
        "erased": "2026-11-22T09:00:00+08:00",
    }
    changed = {**base, "phone": "2"}
    assert merge_fields(erased, changed, [base]) == MergedFields(erased, ())
    assert merge_fields(changed, erased, [base]) == MergedFields(erased, ())


LINES = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6)


@effort(160)
@given(LINES, LINES, LINES)
def test_lines_merge_alike_from_both_sides(base: list[str], one: list[str], two: list[str]) -> None:
    assert merge_lines(base, one, two) == merge_lines(base, two, one)
    assert merge_lines(base, base, two) == two
    assert merge_lines(base, two, two) == two


def test_lines_that_both_sides_changed_in_different_places_keep_both_changes() -> None:
    assert merge_lines(list("abcde"), list("Abcde"), list("abcdeF")) == list("AbcdeF")
    assert merge_lines(list("abcde"), list("abXde"), list("abYde")) is None
