"""Replay: places of events, corrections at their own place, contested values and their end."""

from __future__ import annotations

import pytest
from ticketplay import Told, at, event, merged, names, tell

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import Contest, State, over_of, replay
from svcctl.domain.ticket import TICKET

REVIEWED: Told = ("11-16 09:05", "reviewed", {"cover": "free"})
DISPATCHED: Told = (
    "11-16 09:10",
    "dispatched",
    {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"},
)
ARRIVED: Told = ("11-17 10:00", "arrived")
FIXED: Told = ("11-17 11:00", "finished", {"result": "fixed"})
NOT_FIXED: Told = ("11-17 11:00", "finished", {"result": "not-fixed"})


def then(case: Case, *more: Event) -> Case:
    """The case with more events at its end."""
    return Case(case.kind, case.head, [*case.events, *more])


def void(n: int, target: str, desk: str = "SHA") -> Event:
    return event(n, "voided", "11-20 09:00", {"target": target, "reason": "x"}, desk=desk)


def amend(
    n: int, target: str, field: str, value: str, desk: str = "SHA", over: str | None = None
) -> Event:
    fields = {"target": target, "field": field, "value": value, "reason": "x"}
    return event(n, "amended", "11-20 09:00", fields, desk=desk, over=over)


def settle(n: int, value: str, pick: str, desk: str = "SHA", over: str | None = None) -> Event:
    fields = {"value": value, "pick": pick, "reason": "x"}
    return event(n, "settled", "11-20 10:00", fields, desk=desk, over=over)


def dispatch(n: int, to: str, desk: str, over: str) -> Event:
    fields = {"to": to, "visit": "2026-11-17T10:00:00+08:00"}
    return event(n, "dispatched", "11-16 10:00", fields, desk=desk, over=over)


def codes(state: State) -> list[tuple[str, str]]:
    return [(stray.event.name, stray.code) for stray in state.strays]


# Places ---------------------------------------------------------------------------------------


def test_visits_cycles_and_attempts_are_numbered() -> None:
    case = tell(
        ("11-16 09:01", "contacted", {"result": "unreached"}),
        ("11-16 09:02", "contacted", {"result": "reached"}),
        REVIEWED,
        DISPATCHED,
        ARRIVED,
        ("11-17 11:00", "finished", {"result": "parts-needed"}),
        ("11-18 09:00", "dispatched", {"to": "wang.wei", "visit": "2026-11-19T10:00:00+08:00"}),
        ("11-18 09:05", "slip-returned", {"signed": "true", "third-copy": "left", "visit-no": "1"}),
        ("11-19 10:00", "arrived"),
        ("11-19 11:00", "finished", {"result": "fixed"}),
        ("11-20 09:00", "called-back", {"result": "unreached"}),
        ("11-20 10:00", "called-back", {"result": "reached", "working": "no"}),
        ("11-20 11:00", "called-back", {"result": "unreached"}),
        ("11-20 12:00", "dispatched", {"to": "li.na", "visit": "2026-11-21T10:00:00+08:00"}),
    )
    state = replay(case)
    assert state.strays == []
    found = [(f.event.do, f.visit, f.visits, f.cycle, f.attempt) for f in state.facts]
    assert found == [
        ("opened", 0, 0, 1, 1),
        ("contacted", 0, 0, 1, 1),
        ("contacted", 0, 0, 1, 2),
        ("reviewed", 0, 0, 1, 1),
        ("dispatched", 1, 1, 1, 1),
        ("arrived", 1, 1, 1, 1),
        ("finished", 1, 1, 1, 1),
        ("dispatched", 2, 2, 1, 2),
        ("slip-returned", 1, 2, 1, 1),
        ("arrived", 2, 2, 1, 2),
        ("finished", 2, 2, 1, 2),
        ("called-back", 2, 2, 1, 1),
        ("called-back", 2, 2, 1, 2),
        ("called-back", 2, 2, 2, 1),
        ("dispatched", 3, 3, 2, 1),
    ]
    assert (state.visits, state.cycle, state.state) == (3, 2, "dispatched")


def test_each_fact_keeps_the_counts_and_values_of_its_own_moment() -> None:
    state = replay(tell(REVIEWED, DISPATCHED, FIXED, FIXED))
    assert [fact.lookup("had-finished") for fact in state.facts] == [0, 0, 0, 0, 1]
    assert [fact.lookup("engineer") for fact in state.facts] == [None, None, *["wang.wei"] * 3]
    assert [fact.lookup("state") for fact in state.facts] == [
        "new",
        "ready",
        "dispatched",
        "finished",
        "finished",
    ]
    assert state.facts[2].lookup("number") == 1
    assert state.facts[2].lookup("kind") == "repair"
    assert state.facts[2].lookup("nothing") is None
    assert state.facts[2].at == at("11-16 09:10")


def test_an_event_of_an_unknown_visit_is_a_stray() -> None:
    case = tell(REVIEWED, DISPATCHED)
    state = replay(then(case, event(4, "arrived", fields={"visit-no": "2"})))
    assert codes(state) == [("4SHA", "E207")]
    assert state.state == "dispatched"


def test_an_event_that_cannot_follow_is_kept_as_a_stray_and_changes_nothing() -> None:
    case = tell(REVIEWED)
    before = replay(case)
    state = replay(then(case, event(3, "arrived", over="2SHA")))
    assert codes(state) == [("3SHA", "E207")]
    assert state.strays[0].args == {"event": "3SHA", "do": "arrived", "state": "ready"}
    assert (state.state, state.values, state.setters) == (
        before.state,
        before.values,
        before.setters,
    )


def test_a_second_opening_is_a_stray_and_so_is_the_second_of_two_events_of_one_name() -> None:
    twice = event(2, "told")
    state = replay(then(tell(), twice, event(2, "replied"), event(3, "opened")))
    assert codes(state) == [("2SHA", "E303"), ("3SHA", "E207")]
    assert names(state) == ["1SHA", "2SHA"]


def test_values_are_told_as_text() -> None:
    state = replay(tell(REVIEWED, DISPATCHED, unit="SN1"))
    assert state.text("visit") == "2026-11-17T10:00:00+08:00"
    assert state.text("unit") == "SN1"
    assert state.text("wanted") == ""
    assert state.setters["engineer"] == "3SHA"
    assert state.setters["unit"] == "1SHA"


# Corrections ----------------------------------------------------------------------------------


def test_a_void_takes_effect_at_its_own_place() -> None:
    case = tell(REVIEWED, DISPATCHED)
    voided = then(case, void(4, "3SHA"))
    assert replay(voided, until=at("11-19 09:00")).state == "dispatched"
    after = replay(voided)
    assert after.state == "ready"
    assert after.visits == 0
    assert after.text("engineer") == ""
    assert names(after) == ["1SHA", "2SHA", "4SHA"]


def test_what_was_known_before_the_void_stays_as_it_was() -> None:
    case = then(tell(REVIEWED, DISPATCHED), void(4, "3SHA"))
    assert replay(case, known=at("11-19 09:00")).state == "dispatched"
    assert replay(case, known=at("11-21 09:00")).state == "ready"


def test_a_void_of_a_void_brings_the_event_back_and_a_third_takes_it_away_again() -> None:
    case = then(tell(REVIEWED, DISPATCHED), void(4, "3SHA"), void(5, "4SHA"))
    assert replay(case).state == "dispatched"
    assert names(replay(case)) == ["1SHA", "2SHA", "3SHA", "5SHA"]
    again = then(case, void(6, "5SHA"))
    assert replay(again).state == "ready"
    assert names(replay(again)) == ["1SHA", "2SHA", "4SHA", "6SHA"]


@pytest.mark.parametrize(
    ("why", "target"),
    [("the opening stands", "1SHA"), ("not there", "9SHA"), ("it comes later", "5SHA")],
)
def test_a_void_without_a_target_is_a_stray(why: str, target: str) -> None:
    state = replay(then(tell(REVIEWED, DISPATCHED), void(4, target), event(5, "told")))
    assert codes(state) == [("4SHA", "E209")], why
    assert state.state == "dispatched"


def test_what_is_void_already_cannot_be_voided_or_amended() -> None:
    case = then(
        tell(REVIEWED, DISPATCHED),
        void(4, "3SHA"),
        void(5, "3SHA"),
        amend(6, "3SHA", "to", "li.na"),
    )
    assert codes(replay(case)) == [("5SHA", "E209"), ("6SHA", "E209")]


def test_a_case_of_which_the_opening_has_not_happened_yet_is_not_there() -> None:
    case = tell(REVIEWED)
    case.events[0] = event(1, "opened", "11-25 09:00")
    state = replay(then(case, void(3, "2SHA")), until=at("11-21 09:00"))
    assert names(state) == []


def test_an_amendment_of_an_event_counts_from_the_event_on() -> None:
    case = then(tell(REVIEWED, DISPATCHED, NOT_FIXED), amend(5, "4SHA", "result", "fixed"))
    state = replay(case)
    assert state.state == "finished"
    assert state.facts[3].event.fields["result"] == "fixed"
    assert case.events[3].fields["result"] == "not-fixed"
    assert replay(case, until=at("11-19 09:00")).state == "waiting"


def test_an_amended_time_is_the_time_that_counts() -> None:
    case = then(tell(REVIEWED), amend(3, "2SHA", "at", "2026-11-16T09:01:00+08:00"))
    assert replay(case).facts[1].at == at("11-16 09:01")


def test_an_amendment_of_the_head_counts_from_the_beginning() -> None:
    closed: Told = ("11-16 12:00", "closed")
    case = then(tell(closed, kind="inquiry"), amend(3, "head", "kind", "repair"))
    assert replay(then(tell(closed, kind="inquiry"))).state == "closed"
    state = replay(case)
    assert codes(state) == [("2SHA", "E207")]
    assert state.text("kind") == "repair"
    assert state.case.head["kind"] == "inquiry"


def test_the_last_amendment_counts_and_voiding_it_gives_back_the_one_before() -> None:
    one = amend(2, "head", "subject", "漏水")
    two = amend(3, "head", "subject", "噪音", over="2SHA")
    assert replay(then(tell(), one)).text("subject") == "漏水"
    both = then(tell(), one, two)
    assert replay(both).text("subject") == "噪音"
    assert replay(both).contested == {}
    assert replay(then(both, void(4, "3SHA"))).text("subject") == "漏水"
    assert replay(then(both, void(4, "3SHA"), void(5, "2SHA"))).text("subject") == "不制冷"
    assert replay(then(both, void(4, "2SHA"))).text("subject") == "噪音"


def test_an_amendment_then_the_void_of_what_it_amends() -> None:
    case = then(tell(REVIEWED, DISPATCHED), amend(4, "3SHA", "to", "li.na"), void(5, "3SHA"))
    state = replay(case)
    assert (state.state, state.text("engineer")) == ("ready", "")
    assert names(state) == ["1SHA", "2SHA", "4SHA", "5SHA"]
    assert replay(then(case, void(6, "5SHA"))).text("engineer") == "li.na"


@pytest.mark.parametrize(
    ("target", "field", "value", "code"),
    [
        ("9SHA", "at", "2026-11-16T09:00:00+08:00", "E209"),
        ("2SHA", "cover", "gratis", "E210"),
        ("2SHA", "colour", "red", "E210"),
        ("2SHA", "n", "7", "E210"),
        ("2SHA", "by", "li.na", "E210"),
        ("2SHA", "noted", "2026-11-16T09:00:00+08:00", "E210"),
        ("2SHA", "do", "closed", "E210"),
        ("2SHA", "over", "1SHA", "E210"),
        ("head", "id", "SHA-261116-02D", "E210"),
        ("head", "opened", "2026-11-16T08:00:00+08:00", "E210"),
        ("head", "format", "2", "E210"),
        ("head", "state", "closed", "E210"),
        ("head", "priority", "very", "E210"),
        ("head", "subject", "two\nlines", "E210"),
    ],
)
def test_an_amendment_of_what_stands_for_good_is_a_stray(
    target: str, field: str, value: str, code: str
) -> None:
    case = tell(REVIEWED)
    state = replay(then(case, amend(3, target, field, value)))
    assert codes(state) == [("3SHA", code)]
    assert state.values == replay(case).values


def test_of_a_correction_only_reason_and_time_can_be_amended() -> None:
    case = then(tell(REVIEWED, DISPATCHED), void(4, "3SHA"))
    assert codes(replay(then(case, amend(5, "4SHA", "target", "2SHA")))) == [("5SHA", "E210")]
    state = replay(then(case, amend(5, "4SHA", "reason", "better words")))
    assert codes(state) == []
    assert state.facts[2].event.fields["reason"] == "better words"


# Contested values -----------------------------------------------------------------------------

BASE = tell(REVIEWED)
APART = merged(
    BASE, [dispatch(3, "wang.wei", "BJ", "2SHA")], [dispatch(3, "chen.jing", "SHA", "2SHA")]
)


def test_two_desks_that_dispatch_from_the_same_base_are_contested() -> None:
    state = replay(APART)
    assert state.contested == {
        "engineer": Contest("engineer", "3SHA", "3BJ", "chen.jing", "wang.wei")
    }
    assert state.text("engineer") == "chen.jing"
    assert [fact.visit for fact in state.facts] == [0, 0, 1, 1]
    assert state.strays == []


def test_a_state_is_contested_where_two_desks_lead_it_different_ways() -> None:
    sent = tell(REVIEWED, DISPATCHED)
    state = replay(
        merged(
            sent,
            [event(4, "finished", fields={"result": "fixed"}, desk="BJ", over="3SHA")],
            [event(4, "finished", fields={"result": "not-fixed"}, over="3SHA")],
        )
    )
    assert state.contested == {"state": Contest("state", "4SHA", "4BJ", "waiting", "finished")}
    assert state.state == "waiting"


def test_candidates_that_are_alike_leave_nothing_to_decide() -> None:
    sent = tell(REVIEWED, DISPATCHED)
    both = merged(
        sent,
        [event(4, "finished", fields={"result": "fixed"}, desk="BJ", over="3SHA")],
        [event(4, "arrived", over="3SHA")],
    )
    assert replay(both).contested == {}
    assert replay(both).state == "finished"


def test_desks_that_follow_one_another_are_not_contested() -> None:
    case = then(BASE, dispatch(3, "wang.wei", "BJ", "2SHA"), dispatch(4, "chen.jing", "SHA", "3BJ"))
    assert replay(case).contested == {}
    assert replay(case).text("engineer") == "chen.jing"


def test_desks_that_write_different_values_are_not_contested() -> None:
    state = replay(
        merged(
            BASE,
            [event(3, "quoted", fields={"amount": "80.00"}, desk="BJ", over="1SHA")],
            [dispatch(3, "wang.wei", "SHA", "2SHA")],
        )
    )
    assert state.contested == {}


def test_the_first_value_ever_given_can_be_contested_too() -> None:
    quotes = [
        event(3, "quoted", fields={"amount": a}, desk=d, over="1SHA")
        for a, d in (("80.00", "BJ"), ("90.00", "SHA"))
    ]
    state = replay(then(BASE, *quotes))
    assert state.contested["quote"] == Contest("quote", "3SHA", "3BJ", "90.00", "80.00")


def test_a_contest_outlasts_what_one_desk_wrote_on_without_knowing_of_it() -> None:
    more = event(
        4,
        "reassigned",
        fields={"to": "zhao.min", "approved": "li.na", "reason": "ill"},
        over="3SHA",
    )
    state = replay(then(APART, more))
    assert state.contested["engineer"] == Contest("engineer", "4SHA", "3BJ", "zhao.min", "wang.wei")


def test_a_contest_ends_when_the_desk_comes_to_the_same_value_by_itself() -> None:
    fields = {"to": "wang.wei", "approved": "li.na", "reason": "ill"}
    assert replay(then(APART, event(4, "reassigned", fields=fields, over="3SHA"))).contested == {}


def test_a_third_desk_is_held_against_what_applies() -> None:
    state = replay(then(APART, dispatch(4, "zhao.min", "BJ", "3BJ")))
    assert state.contested["engineer"] == Contest(
        "engineer", "4BJ", "3SHA", "zhao.min", "chen.jing"
    )


def test_what_names_nothing_it_saw_contests_nothing() -> None:
    late = dispatch(3, "wang.wei", "BJ", "2SHA")
    late.over = None
    assert replay(merged(BASE, [late], [dispatch(3, "chen.jing", "SHA", "2SHA")])).contested
    other = dispatch(3, "chen.jing", "SHA", "2SHA")
    other.over = None
    assert replay(merged(BASE, [late], [other])).contested == {}


@pytest.mark.parametrize(("pick", "engineer"), [("3SHA", "chen.jing"), ("3BJ", "wang.wei")])
def test_settling_ends_the_contest_with_the_value_picked(pick: str, engineer: str) -> None:
    settled = then(APART, settle(4, "engineer", pick, over="3SHA"))
    state = replay(settled)
    assert (state.contested, state.strays) == ({}, [])
    assert state.text("engineer") == engineer
    assert state.setters["engineer"] == "4SHA"
    again = then(settled, dispatch(5, "zhao.min", "SHA", "4SHA"))
    assert replay(again).contested == {}
    assert replay(then(settled, void(5, "4SHA"))).contested == replay(APART).contested


def test_a_settled_instant_stays_an_instant() -> None:
    other = event(
        3,
        "dispatched",
        fields={"to": "chen.jing", "visit": "2026-11-18T10:00:00+08:00"},
        over="2SHA",
    )
    case = merged(BASE, [dispatch(3, "chen.jing", "BJ", "2SHA")], [other])
    state = replay(then(case, settle(4, "visit", "3BJ", over="3SHA")))
    assert state.values["visit"] == at("11-17 10:00")


def test_a_settled_state_is_the_one_picked() -> None:
    sent = tell(REVIEWED, DISPATCHED)
    case = merged(
        sent,
        [event(4, "finished", fields={"result": "fixed"}, desk="BJ", over="3SHA")],
        [event(4, "finished", fields={"result": "not-fixed"}, over="3SHA")],
    )
    assert replay(then(case, settle(5, "state", "4BJ", over="4SHA"))).state == "finished"


@pytest.mark.parametrize(
    ("value", "pick"),
    [("visit", "3SHA"), ("engineer", "2SHA"), ("engineer", "9SHA"), ("nonsense", "3SHA")],
)
def test_a_settlement_without_a_contest_or_of_no_candidate_is_a_stray(
    value: str, pick: str
) -> None:
    state = replay(then(APART, settle(4, value, pick, over="3SHA")))
    assert codes(state) == [("4SHA", "E207")]
    assert state.contested == replay(APART).contested


def test_two_desks_that_settle_alike_agree_and_otherwise_it_is_contested_again() -> None:
    def both(one: str, other: str) -> State:
        return replay(
            merged(
                APART,
                [settle(4, "engineer", one, desk="BJ", over="3SHA")],
                [settle(4, "engineer", other, over="3SHA")],
            )
        )

    alike = both("3BJ", "3BJ")
    assert (alike.contested, alike.strays, alike.text("engineer")) == ({}, [], "wang.wei")
    state = both("3BJ", "3SHA")
    assert state.contested == {
        "engineer": Contest("engineer", "4SHA", "4BJ", "chen.jing", "wang.wei")
    }
    assert state.text("engineer") == "chen.jing"


def test_a_settlement_that_did_not_see_a_later_value_is_contested_with_it() -> None:
    case = merged(
        APART,
        [dispatch(4, "zhao.min", "BJ", "3BJ")],
        [settle(5, "engineer", "3BJ", over="3SHA")],
    )
    state = replay(case)
    assert state.contested == {
        "engineer": Contest("engineer", "5SHA", "4BJ", "wang.wei", "zhao.min")
    }


def test_voiding_one_candidate_ends_the_contest() -> None:
    state = replay(then(APART, void(4, "3BJ")))
    assert (state.contested, state.text("engineer")) == ({}, "chen.jing")
    other = replay(then(APART, void(4, "3SHA")))
    assert (other.contested, other.text("engineer")) == ({}, "wang.wei")


HEADS = merged(
    tell(),
    [amend(2, "head", "subject", "漏水", desk="BJ", over="1SHA")],
    [amend(2, "head", "subject", "噪音", over="1SHA")],
)


def test_two_desks_that_amend_one_field_of_the_head_are_contested() -> None:
    state = replay(HEADS)
    assert state.contested == {"subject": Contest("subject", "2SHA", "2BJ", "噪音", "漏水")}
    assert state.text("subject") == "噪音"


@pytest.mark.parametrize(("pick", "subject"), [("2SHA", "噪音"), ("2BJ", "漏水")])
def test_a_settled_field_of_the_head_is_the_one_picked_and_can_be_amended_again(
    pick: str, subject: str
) -> None:
    settled = then(HEADS, settle(3, "subject", pick, over="2SHA"))
    assert replay(settled).contested == {}
    assert replay(settled).text("subject") == subject
    again = then(settled, amend(4, "head", "subject", "异味", over="3SHA"))
    assert replay(again).text("subject") == "异味"
    assert replay(again).contested == {}
    assert replay(then(again, void(5, "4SHA"))).text("subject") == subject


FIELDS = merged(
    tell(REVIEWED, DISPATCHED),
    [amend(4, "3SHA", "to", "li.na", desk="BJ", over="3SHA")],
    [amend(4, "3SHA", "to", "chen.jing", over="3SHA")],
)


def test_two_desks_that_amend_one_field_of_an_event_are_contested() -> None:
    state = replay(FIELDS)
    assert state.contested == {"3SHA.to": Contest("3SHA.to", "4SHA", "4BJ", "chen.jing", "li.na")}
    assert state.text("engineer") == "chen.jing"


@pytest.mark.parametrize(("pick", "engineer"), [("4SHA", "chen.jing"), ("4BJ", "li.na")])
def test_a_settled_field_of_an_event_counts_from_the_event_on(pick: str, engineer: str) -> None:
    settled = then(FIELDS, settle(5, "3SHA.to", pick, over="4SHA"))
    state = replay(settled)
    assert (state.contested, state.strays) == ({}, [])
    assert state.text("engineer") == engineer
    assert state.facts[2].event.fields["to"] == engineer
    assert replay(then(settled, void(6, "5SHA"))).contested == replay(FIELDS).contested


def test_two_settlements_of_an_amended_field_are_contested_again() -> None:
    case = merged(
        FIELDS,
        [settle(5, "3SHA.to", "4BJ", desk="BJ", over="4SHA")],
        [settle(5, "3SHA.to", "4SHA", over="4SHA")],
    )
    state = replay(case)
    assert state.contested == {"3SHA.to": Contest("3SHA.to", "5SHA", "5BJ", "chen.jing", "li.na")}
    assert state.text("engineer") == "chen.jing"
    last = replay(then(case, settle(6, "3SHA.to", "5BJ", over="5SHA")))
    assert (last.contested, last.text("engineer")) == ({}, "li.na")


def test_voiding_the_amendment_that_was_picked_leaves_the_other() -> None:
    settled = then(FIELDS, settle(5, "3SHA.to", "4BJ", over="4SHA"))
    assert replay(then(settled, void(6, "4BJ"))).text("engineer") == "chen.jing"


# What an event must name as what it saw ---------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "over"),
    [
        (event(9, "reviewed", fields={"cover": "paid"}), "3SHA"),
        (event(9, "finished", fields={"result": "fixed"}), "3SHA"),
        (event(9, "quoted", fields={"amount": "1.00"}), "1SHA"),
        (event(9, "told"), None),
        (event(9, "closed"), None),
        (amend(9, "head", "subject", "x"), "4SHA"),
        (amend(9, "head", "wanted", "2026-11-20"), "1SHA"),
        (amend(9, "3SHA", "to", "x"), "5SHA"),
        (amend(9, "3SHA", "visit", "2026-11-20T10:00:00+08:00"), "3SHA"),
        (void(9, "3SHA"), None),
    ],
)
def test_an_event_names_the_last_setter_of_what_it_replaces(made: Event, over: str | None) -> None:
    case = then(
        tell(REVIEWED, DISPATCHED),
        amend(4, "head", "subject", "漏水", over="1SHA"),
        amend(5, "3SHA", "to", "li.na", over="3SHA"),
    )
    assert over_of(replay(case), made) == over


def test_without_any_event_there_is_nothing_to_name() -> None:
    empty = State(Case(TICKET, tell().head, []))
    assert over_of(empty, event(1, "reviewed", fields={"cover": "free"})) is None
    assert over_of(empty, amend(1, "head", "subject", "x")) is None


def test_a_settlement_written_blindly_changes_nothing_unless_what_it_picks_set_the_value() -> None:
    blind = settle(5, "3SHA.to", "2SHA", over="3SHA")
    assert codes(replay(then(FIELDS, blind))) == [("5SHA", "E207")]
    original = settle(3, "subject", "1SHA", over="1BJ")
    state = replay(then(tell(), amend(2, "head", "subject", "漏水", over="1SHA"), original))
    assert state.text("subject") == "不制冷"
    assert state.contested == {"subject": Contest("subject", "3SHA", "2SHA", "不制冷", "漏水")}
