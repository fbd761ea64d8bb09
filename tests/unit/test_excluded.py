"""Two desks' lines that exclude one another: one side is left out, named, and a person picks."""

from __future__ import annotations

import pytest
from test_decide import refused
from ticketplay import event, merged, tell, wish

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import Contest, State, replay, step

BASE = tell(
    ("11-16 09:05", "reviewed", {"cover": "free"}),
    ("11-16 09:10", "dispatched", {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"}),
)
CANCELLED = event(4, "cancelled", "11-17 08:00", {"reason": "x"}, desk="BJ", over="3SHA")
VISITED = [
    event(4, "noted", "11-17 10:00", {"words": "x"}),
    event(5, "arrived", "11-17 10:01", over="3SHA"),
    event(6, "finished", "11-17 11:00", {"result": "fixed"}, over="5SHA"),
]
APART = merged(BASE, VISITED, [CANCELLED])


def settled(pick: str) -> Case:
    fields = {"value": "state", "pick": pick, "reason": "x"}
    made = event(7, "settled", "11-18 09:00", fields, over="4BJ")
    return Case(APART.kind, APART.head, [*APART.events, made])


def strays(case: Case) -> list[tuple[str, str]]:
    return [(stray.event.name, stray.code) for stray in replay(case).strays]


def test_the_state_is_contested_and_the_lines_left_out_are_named() -> None:
    state = replay(APART)
    assert state.state == "cancelled"
    assert strays(APART) == [("5SHA", "E211"), ("6SHA", "E211")]
    [contest] = state.contested.values()
    assert contest == Contest("state", "4BJ", "5SHA", "cancelled", contest.other_text)
    assert (
        contest.other_text == replay(Case(BASE.kind, BASE.head, [*BASE.events, VISITED[1]])).state
    )


def test_who_picks_the_side_that_stands_dismisses_the_other() -> None:
    state = replay(settled("4BJ"))
    assert (state.state, state.contested, state.strays) == ("cancelled", {}, [])
    assert [one.name for one in state.dismissed] == ["5SHA", "6SHA"]


def test_who_picks_the_other_side_lets_its_lines_happen() -> None:
    state = replay(settled("5SHA"))
    alone = replay(Case(BASE.kind, BASE.head, [*BASE.events, *VISITED]))
    assert (state.state, state.contested, state.strays) == (alone.state, {}, [])
    assert {"5SHA", "6SHA"} <= {fact.event.name for fact in state.facts}


def test_a_line_taken_back_is_left_out_no_more() -> None:
    lines = [*APART.events]
    for number, name in enumerate(("6SHA", "5SHA"), start=7):
        lines.append(event(number, "voided", "11-18 09:00", {"target": name, "reason": "x"}))
    state = replay(Case(APART.kind, APART.head, lines))
    assert (state.state, state.contested, state.strays) == ("cancelled", {}, [])


@pytest.mark.parametrize(
    "line",
    [
        event(5, "arrived", "11-17 10:00", desk="BJ", over="4BJ"),
        event(5, "called-back", "11-17 10:00", {"result": "reached", "working": "yes"}),
    ],
)
def test_what_no_state_before_allowed_or_its_own_desk_has_ended_merely_does_not_follow(
    line: Event,
) -> None:
    case = Case(BASE.kind, BASE.head, [*BASE.events, CANCELLED, line])
    assert strays(case) == [(line.name, "E207")]
    assert replay(case).contested == {}


# What a desk had before it --------------------------------------------------------------------------


def test_a_line_before_what_it_names_may_be_unseen_as_well() -> None:
    opened = tell()
    sent = {"to": "li.na", "visit": "2026-11-17T10:00:00+08:00", "emergency": "x"}
    case = merged(
        opened,
        [event(2, "dispatched", "11-16 10:00", sent, desk="BJ", over="1SHA")],
        [
            event(2, "reviewed", "11-16 10:00", {"cover": "paid"}, over="1SHA"),
            event(3, "reviewed", "11-16 11:00", {"cover": "declined"}, over="2SHA"),
        ],
    )
    assert strays(case) == [("3SHA", "E211")]
    assert replay(case).contested["state"] == Contest(
        "state", "2BJ", "3SHA", "dispatched", "declined"
    )


def test_a_void_of_a_void_meets_what_its_desk_had_not_seen() -> None:
    arrived = event(4, "arrived", "11-17 10:00", over="3SHA")
    void = event(5, "voided", "11-17 10:01", {"target": "4SHA", "reason": "x"})
    unsent = event(6, "voided", "11-17 10:02", {"target": "3SHA", "reason": "x"})
    back = event(6, "voided", "11-17 10:03", {"target": "5SHA", "reason": "x"}, desk="BJ")
    case = merged(BASE, [arrived, void, unsent], [back])
    assert strays(case) == [("4SHA", "E211")]
    made = event(7, "settled", "11-18 09:00", {"value": "state", "pick": "4SHA", "reason": "x"})
    state = replay(Case(case.kind, case.head, [*case.events, made]))
    assert (state.state, state.contested, state.strays) == ("on-site", {}, [])


def test_a_line_of_a_visit_that_another_desk_took_back_is_contested_in_the_same_state() -> None:
    twice = {"to": "li.na", "visit": "2026-11-18T10:00:00+08:00"}
    both = Case(BASE.kind, BASE.head, [*BASE.events, event(4, "dispatched", "11-16 12:00", twice,
                over="3SHA")])  # fmt: skip
    void = event(5, "voided", "11-16 13:00", {"target": "4SHA", "reason": "x"})
    slip = {"reason": "x", "visit-no": "2"}
    said = event(5, "slip-explained", "11-18 12:00", slip, desk="BJ")
    case = merged(both, [void], [said])
    assert strays(case) == [("5BJ", "E211")]
    assert replay(case).contested["state"].other == "5BJ"


def test_who_sends_again_begins_another_visit_whatever_came_between_unseen() -> None:
    ready = Case(BASE.kind, BASE.head, BASE.events[:2])

    def sent(n: int, desk: str, over: str) -> Event:
        fields = {"to": "li.na", "visit": f"2026-11-{16 + n}T10:00:00+08:00"}
        return event(n, "dispatched", "11-16 10:00", fields, desk=desk, over=over)

    case = merged(ready, [sent(3, "BJ", "2SHA"), sent(4, "BJ", "3BJ")], [sent(3, "SHA", "2SHA")])
    assert [fact.visit for fact in replay(case).facts[2:]] == [1, 1, 2]


def test_a_third_desks_line_that_follows_neither_side_is_contested_next() -> None:
    sent = {"to": "li.na", "visit": "2026-11-17T10:00:00+08:00", "emergency": "x"}
    case = merged(
        tell(),
        [
            event(2, "dispatched", "11-16 10:00", sent, desk="BJ", over="1SHA"),
            event(5, "arrived", "11-17 10:00", desk="BJ", over="2BJ"),
        ],
        [event(2, "reviewed", "11-16 10:00", {"cover": "declined"}, over="1SHA")],
        [event(4, "cancelled", "11-16 12:00", {"reason": "x"}, desk="GZ", over="2BJ")],
        [event(6, "settled", "11-17 12:00", {"value": "state", "pick": "2SHA", "reason": "x"},
               desk="GZ", over="4GZ")],
    )  # fmt: skip
    state = replay(case)
    assert state.state == "declined"
    assert [(stray.event.name, stray.code) for stray in state.strays] == [("5BJ", "E211")]
    contest = state.contested["state"]
    assert (contest.applied, contest.other) == ("6GZ", "5BJ")
    fields = {"value": "state", "pick": contest.applied, "reason": "x"}
    kept = replay(Case(case.kind, case.head, [*case.events, event(7, "settled", "11-18 09:00",
                  fields, over="6GZ")]))  # fmt: skip
    assert (kept.state, kept.contested.keys() & {"state"}, kept.strays) == ("declined", set(), [])


def test_a_correction_that_leaves_an_excluded_line_without_ground_is_refused() -> None:
    reviewed = event(2, "reviewed", "11-16 10:00", {"cover": "paid"}, over="1SHA")
    accepted = event(3, "accepted", "11-16 11:00", over="2SHA")
    cancelled = event(2, "cancelled", "11-16 10:30", {"reason": "x"}, desk="BJ", over="1SHA")
    case = merged(tell(), [reviewed, accepted], [cancelled])
    assert strays(case) == [("2SHA", "E211"), ("3SHA", "E211")]
    asked = wish(
        "amended", "11-18 10:00", target="2SHA", field="cover", value="declined", reason="x"
    )
    assert refused(case, asked).code == "built-upon"


@pytest.mark.parametrize("dos", [("voided", "dispatched", "arrived"), ("settled", "cancelled")])
def test_a_file_full_of_lines_that_do_not_follow_is_looked_at_for_a_while_only(
    dos: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def counted(state: State, made: Event) -> None:
        steps.append(made.name)
        assert len(steps) < 20_000
        step(state, made)

    monkeypatch.setattr("svcctl.domain.state.ENOUGH", 5_000)
    monkeypatch.setattr("svcctl.domain.replay.step", counted)
    lines = [event(1, "opened")]
    for n in range(2, 80):
        do, desk = dos[n % len(dos)], ("SHA", "BJ", "GZ")[n % 3]
        fields = {
            "voided": {"target": lines[(n - 1) // 2].name, "reason": "x"},
            "dispatched": {"to": "li.na", "visit": "2026-11-17T10:00:00+08:00"},
            "settled": {"value": "state", "pick": lines[(n - 1) // 2].name, "reason": "x"},
            "cancelled": {"reason": "x"},
        }.get(do, {})
        lines.append(event(n, do, "11-16 10:00", fields, desk=desk, over=lines[(n - 1) // 3].name))
    state = replay(Case(BASE.kind, BASE.head, lines))
    assert state.strays
    assert state.views.left == 0


def test_corrections_are_not_taken_back_where_it_was_not_found_out_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted = event(4, "amended", "11-16 11:00", {"target": "head", "field": "subject",
                  "value": "y", "reason": "x"}, over="1SHA")  # fmt: skip
    void = event(5, "voided", "11-16 11:01", {"target": "3SHA", "reason": "x"})
    arrived = event(4, "arrived", "11-17 10:00", desk="BJ", over="3SHA")
    case = merged(BASE, [noted, void], [arrived])
    assert replay(case).undone == {"4BJ": ["5SHA"]}
    monkeypatch.setattr("svcctl.domain.state.ENOUGH", 25)
    state = replay(case)
    assert (state.undone, state.contested, strays(case)) == ({}, {}, [("4BJ", "E207")])


def test_who_picks_the_side_behind_a_void_gets_its_state_whatever_else_follows_then() -> None:
    void = event(4, "voided", "11-16 10:00", {"target": "3SHA", "reason": "x"})
    ended = event(5, "cancelled", "11-16 10:01", {"reason": "x"}, over="2SHA")
    there = [
        event(4, "arrived", "11-17 10:00", desk="BJ", over="3SHA"),
        event(5, "finished", "11-17 11:00", {"result": "fixed"}, desk="BJ", over="4BJ"),
    ]
    for lines, expected in ((there[:1], "on-site"), (there, "finished")):
        case = merged(BASE, [void, ended], lines)
        for pick, state in (("5SHA", "cancelled"), ("4BJ", expected)):
            fields = {"value": "state", "pick": pick, "reason": "x"}
            made = event(9, "settled", "11-18 09:00", fields, over="5SHA")
            after = replay(Case(case.kind, case.head, [*case.events, made]))
            assert (after.state, after.contested, after.strays) == (state, {}, [])


def test_lines_of_a_third_desk_are_not_lost_by_picking_among_the_other_two() -> None:
    case = merged(
        BASE,
        [event(4, "finished", "11-17 10:00", {"result": "fixed"}, desk="BJ", over="3SHA")],
        [event(4, "cancelled", "11-17 10:00", {"reason": "x"}, desk="GZ", over="3SHA")],
        [
            event(4, "arrived", "11-17 10:00", over="3SHA"),
            event(5, "finished", "11-17 11:00", {"result": "parts-needed"}, over="4SHA"),
        ],
    )
    assert {replay(case).contested["state"].applied, replay(case).contested["state"].other} == {
        "4GZ",
        "4BJ",
    }
    for pick in ("4GZ", "4BJ"):
        fields = {"value": "state", "pick": pick, "reason": "x"}
        made = event(6, "settled", "11-18 09:00", fields, over="4GZ")
        after = replay(Case(case.kind, case.head, [*case.events, made]))
        assert after.dismissed == []
        assert "state" in after.contested
    assert [fact.event.name for fact in after.facts][-3:] == ["4SHA", "5SHA", "6SHA"]


def test_what_a_seen_line_names_was_seen_too() -> None:
    case = Case(BASE.kind, BASE.head, [
        *BASE.events,
        event(4, "cancelled", "11-16 10:00", {"reason": "x"}),
        event(5, "reopened", "11-16 11:00", {"reason": "x"}, desk="BJ", over="4SHA"),
        event(6, "arrived", "11-17 10:00", desk="GZ", over="5BJ"),
    ])  # fmt: skip
    assert strays(case) == [("6GZ", "E207")]


def test_a_settlement_for_what_its_desk_then_agreed_with_leaves_nothing_to_decide() -> None:
    case = merged(
        tell(),
        [
            event(2, "reviewed", "11-16 10:00", {"cover": "free"}, desk="GZ", over="1SHA"),
            event(7, "settled", "11-16 12:00", {"value": "state", "pick": "2SHA", "reason": "x"},
                  desk="GZ", over="2SHA"),
            event(8, "amended", "11-16 12:01", {"target": "2GZ", "field": "cover", "value": "paid",
                  "reason": "x"}, desk="GZ", over="2GZ"),
        ],
        [
            event(2, "reviewed", "11-16 10:00", {"cover": "paid"}, over="1SHA"),
            event(7, "voided", "11-16 12:00", {"target": "2SHA", "reason": "x"}),
        ],
    )  # fmt: skip
    state = replay(case)
    assert (state.state, state.contested, state.strays) == ("quoting", {}, [])


# Corrections that another desk did not see ---------------------------------------------------------

SENT_BACK = event(4, "voided", "11-16 10:00", {"target": "3SHA", "reason": "x"})
OVER_THERE = [
    event(4, "arrived", "11-17 10:01", desk="BJ", over="3SHA"),
    event(5, "finished", "11-17 11:00", {"result": "fixed"}, desk="BJ", over="4BJ"),
    event(6, "slip-returned", "11-17 12:00", {"signed": "true", "opinion": "satisfied"}, desk="BJ"),
]
TAKEN_BACK = merged(BASE, [SENT_BACK], OVER_THERE)


def picked(pick: str, *after: Event) -> Case:
    fields = {"value": "state", "pick": pick, "reason": "x"}
    made = event(7, "settled", "11-18 09:00", fields, over="2SHA")
    return Case(TAKEN_BACK.kind, TAKEN_BACK.head, [*TAKEN_BACK.events, made, *after])


def test_a_void_and_what_another_desk_built_on_the_voided_line_are_contested() -> None:
    state = replay(TAKEN_BACK)
    assert state.state == "ready"
    assert strays(TAKEN_BACK) == [("4BJ", "E211"), ("5BJ", "E211"), ("6BJ", "E211")]
    assert [*state.contested.values()] == [Contest("state", "4SHA", "4BJ", "ready", "on-site")]


def test_who_picks_the_void_dismisses_what_was_built() -> None:
    state = replay(picked("4SHA"))
    assert (state.state, state.contested, state.strays) == ("ready", {}, [])
    assert [one.name for one in state.dismissed] == ["4BJ", "5BJ", "6BJ"]


def test_who_picks_what_was_built_takes_the_void_back() -> None:
    state = replay(picked("4BJ"))
    alone = replay(merged(BASE, OVER_THERE))
    assert (state.state, state.contested, state.strays) == (alone.state, {}, [])
    assert [fact.visit for fact in state.facts[:-1]] == [fact.visit for fact in alone.facts]
    assert state.facts[-1].event.name == "7SHA"


@pytest.mark.parametrize("pick", ["4SHA", "4BJ"])
def test_such_a_settlement_that_is_voided_leaves_it_contested_as_before(pick: str) -> None:
    void = event(8, "voided", "11-18 10:00", {"target": "7SHA", "reason": "x"})
    state = replay(picked(pick, void))
    assert state.contested == replay(TAKEN_BACK).contested
    assert state.state == "ready"


def test_a_third_desks_line_on_an_excluded_one_is_excluded_with_it() -> None:
    later = event(5, "finished", "11-17 11:00", {"result": "fixed"}, desk="GZ", over="4BJ")
    case = merged(BASE, [SENT_BACK], OVER_THERE[:1], [later])
    assert strays(case) == [("4BJ", "E211"), ("5GZ", "E211")]


def test_an_amendment_of_another_desk_that_leaves_no_ground_is_contested_too() -> None:
    fields = {"target": "2SHA", "field": "cover", "value": "declined", "reason": "x"}
    ready = Case(BASE.kind, BASE.head, BASE.events[:2])
    sent = event(3, "dispatched", "11-16 10:00", {"to": "li.na", "visit": "2026-11-17T10:00:00+08:00"},
                 desk="BJ", over="2SHA")  # fmt: skip
    case = merged(ready, [event(3, "amended", "11-16 09:30", fields, over="2SHA")], [sent])
    assert strays(case) == [("3BJ", "E211")]
    assert replay(case).contested["state"].applied == "3SHA"


@pytest.mark.parametrize("other", ["voided", "amended"])
def test_two_desks_that_correct_one_line_unseen_both_count(other: str) -> None:
    fields = {"target": "3SHA", "reason": "y"}
    if other == "amended":
        fields |= {"field": "visit", "value": "2026-11-18T10:00:00+08:00"}
    case = merged(BASE, [SENT_BACK], [event(4, other, "11-16 10:00", fields, desk="BJ")])
    state = replay(case)
    assert (state.state, state.strays, state.contested) == ("ready", [], {})
    taken_back = event(8, "voided", "11-18 10:00", {"target": "4SHA", "reason": "x"})
    state = replay(Case(case.kind, case.head, [*case.events, taken_back]))
    assert state.strays == []
    assert state.state == ("ready" if other == "voided" else "dispatched")
    assert other == "voided" or state.values["visit"] != BASE.events[-1].fields["visit"]


@pytest.mark.parametrize(
    ("do", "more"), [("voided", {}), ("amended", {"field": "to", "value": "li.na"})]
)
def test_nobody_corrects_a_line_that_can_be_seen_to_be_voided(
    do: str, more: dict[str, str]
) -> None:
    case = Case(BASE.kind, BASE.head, [*BASE.events, SENT_BACK])
    stop = refused(case, wish(do, "11-18 10:00", target="3SHA", reason="x", **more))
    assert stop.code == "no-such-target"


@pytest.mark.parametrize("calls", [1, 3])
def test_a_line_that_its_own_desk_took_back_unseen_hides_no_contest(calls: int) -> None:
    reviewed = tell(("11-16 09:05", "reviewed", {"cover": "free"}))
    theirs = [
        event(3, "voided", "11-16 10:00", {"target": "2SHA", "reason": "x"}, desk="BJ"),
        event(4, "reviewed", "11-16 10:01", {"cover": "paid"}, desk="BJ", over="1SHA"),
        event(5, "voided", "11-16 10:02", {"target": "4BJ", "reason": "x"}, desk="BJ"),
    ]
    ours = [
        event(3 + n, "contacted", f"11-16 11:0{n}", {"result": "unreached"}) for n in range(calls)
    ]
    sent = {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"}
    ours.append(event(3 + calls, "dispatched", "11-16 11:10", sent, over="2SHA"))
    ours.append(event(4 + calls, "arrived", "11-17 10:00", over=ours[-1].name))
    state = replay(merged(reviewed, ours, theirs))
    assert {(stray.event.name, stray.code) for stray in state.strays} == {
        (line.name, "E211") for line in ours[-2:]
    }
    assert state.contested["state"].other == ours[-2].name
