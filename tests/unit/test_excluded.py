"""Two desks' lines that exclude one another: one side is left out, named, and a person picks."""

from __future__ import annotations

import pytest
from ticketplay import event, merged, tell

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import Contest, replay

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
