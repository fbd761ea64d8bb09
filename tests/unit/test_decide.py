"""Decide: what becomes of a command, and why it is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_replay import APART, FIELDS, HEADS, amend, dispatch, settle, then, void
from ticketplay import (
    Told,
    at,
    book,
    event,
    merged,
    owed,
    policy_from,
    shipped_policy,
    tell,
    wish,
)

from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import _MAY, Wish, decide
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import MAY, ROLES, Policy
from svcctl.domain.problems import Refusal, Stop, Usage
from svcctl.domain.replay import replay
from svcctl.domain.times import CLOCKS_DIFFER_BY

NOW = at("11-20 12:00")
FREE: Told = ("11-16 09:05", "reviewed", {"cover": "free"})
SENT: Told = (
    "11-16 09:10",
    "dispatched",
    {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"},
)
FIXED: Told = ("11-17 11:00", "finished", {"result": "fixed"})
SLIP: Told = ("11-17 12:00", "slip-returned", {"signed": "true", "third-copy": "left"})
CALLED: Told = ("11-18 10:00", "called-back", {"result": "reached"})
REACHED: Told = ("11-16 09:02", "contacted", {"result": "reached"})
BEFORE_CLOSING = tell(REACHED, FREE, SENT, FIXED, SLIP, CALLED)
TO_WANG = {"to": "wang.wei", "visit": "2026-11-20T10:00:00+08:00"}


def made(case: Case, wished: Wish, policy: Policy | None = None, now: str = "11-20 12:00") -> Event:
    """The event that a command becomes; everything the case owes is known."""
    rules = policy or shipped_policy()
    state = replay(case)
    return decide(state, wished, at(now), rules, obligations(state, book(rules)))


def refused(
    case: Case, wished: Wish, policy: Policy | None = None, now: str = "11-20 12:00"
) -> Stop:
    """Why a command is refused, with its remedy; the case stays what it was."""
    before = case.text()
    with pytest.raises(Stop) as stopped:
        made(case, wished, policy, now)
    assert case.text() == before
    stop = stopped.value
    assert stop.code
    assert stop.remedy is not None
    for message in (stop.message, stop.remedy):
        assert "{" not in message.template.format_map(dict(message.args)).replace("{…}", "")
    return stop


# What is written --------------------------------------------------------------------------------


def test_a_command_becomes_the_event_with_the_next_number_and_what_it_saw() -> None:
    found = made(tell(FREE), wish("dispatched", "11-16 09:10", "coordinator", **TO_WANG))
    assert found == event(
        3, "dispatched", "11-16 09:10", TO_WANG, by="coordinator1", over="2SHA", noted="11-20 12:00"
    )


def test_the_number_follows_the_largest_of_all_desks() -> None:
    case = then(tell(FREE), event(7, "told", desk="BJ"), event(7, "noted", fields={"words": "x"}))
    assert made(case, wish("told", desk="XA")).name == "8XA"


def test_fields_are_written_in_the_order_declared() -> None:
    backwards = {"words": "w", "fee": "1.00", "result": "fixed", "visit_no": "1"}
    found = made(tell(FREE, SENT), wish("finished", "11-17 11:00", **backwards))
    assert list(found.fields) == ["result", "fee", "words", "visit-no"]


def test_times_are_kept_to_the_second_as_they_will_be_read() -> None:
    wished = wish("told")._replace(at=at("11-20 11:59") + timedelta(microseconds=999_999))
    found = decide(replay(tell()), wished, NOW + timedelta(microseconds=5), shipped_policy())
    assert (found.at, found.noted) == (at("11-20 11:59"), NOW)


@pytest.mark.parametrize(
    ("do", "fields", "code"),
    [
        ("told", {"colour": "red"}, "unknown-field"),
        ("told", {"visit_no": "1"}, "unknown-field"),
        ("told", {"over": "1SHA"}, "unknown-field"),
        ("contacted", {"result": "lost"}, "bad-value"),
        ("dispatched", {"to": "Wang Wei", "visit": "2026-11-20T10:00:00+08:00"}, "bad-value"),
        ("dispatched", {"to": "w", "visit": "tomorrow"}, "bad-value"),
        ("noted", {"words": "half a pair \ud83d"}, "bad-value"),
        ("noted", {"words": " "}, "bad-value"),
        ("contacted", {}, "missing-field"),
        ("dispatched", {"to": "w"}, "missing-field"),
    ],
)
def test_fields_that_cannot_be_understood_are_a_fault_of_usage(
    do: str, fields: dict[str, str], code: str
) -> None:
    stop = refused(tell(FREE), wish(do, **fields))
    assert isinstance(stop, Usage)
    assert stop.code == code


def test_a_case_with_the_last_number_takes_no_more() -> None:
    assert refused(then(tell(), event(999_999_999, "told")), wish("told")).code == "no-number-left"


@pytest.mark.parametrize(
    ("do", "fields"), [("opened", {}), ("imported", {"supplied": "x", "status": "closed"})]
)
def test_what_only_taking_or_importing_writes_is_no_command(
    do: str, fields: dict[str, str]
) -> None:
    assert refused(tell(), wish(do, **fields)).code == "not-by-hand"


def test_nobody_can_skip_steps_by_naming_another_system() -> None:
    imported = tell(("11-16 09:00", "imported", {"supplied": "opened"}))
    stop = refused(imported, wish("finished", **{"result": "fixed", "from": "old"}))
    assert stop.code == "unknown-field"


# When -------------------------------------------------------------------------------------------


def test_clocks_may_differ_by_five_minutes_and_no_more() -> None:
    assert timedelta(minutes=5) == CLOCKS_DIFFER_BY
    assert made(tell(), wish("told", "11-20 12:05"))
    assert refused(tell(), wish("told", "11-20 12:05:01")).code == "in-the-future"


def test_nothing_happens_before_the_request() -> None:
    assert made(tell(), wish("told", "11-16 09:00"))
    assert refused(tell(), wish("told", "11-16 08:59:59")).code == "before-opening"


def test_a_corrected_opening_is_the_one_that_counts() -> None:
    earlier = made(
        tell(),
        wish("amended", target="1SHA", field="at", value="2026-11-16T08:30:00+08:00", reason="x"),
    )
    assert made(then(tell(), earlier), wish("told", "11-16 08:31"))
    assert refused(then(tell(), earlier), wish("told", "11-16 08:29")).code == "before-opening"


@pytest.mark.parametrize(
    ("target", "time", "code"),
    [
        ("2SHA", "2026-11-20T12:05:01+08:00", "in-the-future"),
        ("2SHA", "2026-11-16T08:59:00+08:00", "before-opening"),
        ("1SHA", "2026-11-20T12:05:01+08:00", "in-the-future"),
        ("1SHA", "2026-11-16T09:05:01+08:00", "built-upon"),
    ],
)
def test_an_event_cannot_be_moved_to_where_it_cannot_have_happened(
    target: str, time: str, code: str
) -> None:
    wished = wish("amended", target=target, field="at", value=time, reason="x")
    stop = refused(tell(FREE, SENT), wished)
    assert stop.code == code
    if code == "built-upon":
        assert stop.message.args["events"] == "2SHA"


def test_an_event_can_be_moved_within_reason() -> None:
    for target, time in (
        ("2SHA", "2026-11-16T09:01:00+08:00"),
        ("1SHA", "2026-11-16T09:05:00+08:00"),
    ):
        wished = wish("amended", target=target, field="at", value=time, reason="x")
        assert made(tell(FREE, SENT), wished)


# Who --------------------------------------------------------------------------------------------

MAY_BY_SHIPPED = {
    "dispatched": {"manager", "coordinator"},
    "reassigned": {"manager", "coordinator"},
    "reviewed": {"manager", "coordinator"},
    "cancelled": {"manager", "coordinator"},
    "settled": {"manager", "coordinator"},
}
ROLE_CASES = {
    "dispatched": (tell(FREE), TO_WANG),
    "reassigned": (tell(FREE, SENT), {"to": "x", "approved": "y", "reason": "z"}),
    "reviewed": (tell(), {"cover": "free"}),
    "closed": (BEFORE_CLOSING, {}),
    "cancelled": (tell(), {"reason": "x"}),
    "voided": (tell(FREE), {"target": "2SHA", "reason": "x"}),
    "amended": (tell(), {"target": "head", "field": "subject", "value": "x", "reason": "x"}),
    "settled": (APART, {"value": "engineer", "pick": "3SHA", "reason": "x"}),
    "told": (tell(), {}),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("do", ROLE_CASES)
def test_the_shipped_policy_reserves_what_the_department_reserves(do: str, role: str) -> None:
    case, fields = ROLE_CASES[do]
    wished = wish(do, "11-20 10:00", role, **fields)
    if role in MAY_BY_SHIPPED.get(do, ROLES):
        assert made(case, wished).by == f"{role}1"
    else:
        stop = refused(case, wished)
        assert stop.code == "not-allowed"
        assert stop.message.args["roles"] == "coordinator, manager"


@pytest.mark.parametrize("do", sorted(_MAY))
def test_each_reserved_event_follows_its_line_of_the_policy(do: str) -> None:
    case, fields = ROLE_CASES[do]
    clerks = policy_from(f"may: {{{_MAY[do]}: [clerk]}}\n")
    assert made(case, wish(do, "11-20 10:00", "clerk", **fields), clerks)
    assert refused(case, wish(do, "11-20 10:00", "manager", **fields), clerks).code == "not-allowed"
    assert _MAY[do] in MAY


# What can follow ----------------------------------------------------------------------------------


def test_what_cannot_follow_is_refused_with_what_can() -> None:
    stop = refused(tell(FREE, SENT), wish("reopened", reason="x"))
    assert stop.code == "does-not-follow"
    assert stop.message.args == {"id": "SHA-261116-01F", "state": "dispatched", "do": "reopened"}
    assert stop.remedy is not None
    assert "arrived" in stop.remedy.args["following"]


@pytest.mark.parametrize(
    ("do", "fields", "words"),
    [
        ("slip-returned", {"signed": "true", "third_copy": "left"}, "no slip"),
        ("slip-explained", {"reason": "x"}, "no slip"),
        ("called-back", {"result": "reached"}, "ticket contact"),
    ],
)
def test_what_belongs_to_a_visit_needs_one(do: str, fields: dict[str, str], words: str) -> None:
    stop = refused(tell(FREE), wish(do, **fields))
    assert stop.code == "does-not-follow"
    assert stop.remedy is not None
    assert words in stop.remedy.template


def test_a_visit_that_is_not_there_is_named() -> None:
    stop = refused(tell(FREE, SENT), wish("arrived", visit_no="2"))
    assert stop.code == "no-such-visit"
    assert stop.message.args == {"number": "2", "visits": "1"}
    assert made(tell(FREE, SENT), wish("arrived", visit_no="1")).fields == {"visit-no": 1}


# Contested values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("dispatched", TO_WANG),
        ("reassigned", {"to": "x", "approved": "y", "reason": "z"}),
    ],
)
def test_a_contested_value_cannot_be_written(do: str, fields: dict[str, str]) -> None:
    stop = refused(APART, wish(do, **fields))
    assert isinstance(stop, Refusal)
    assert stop.code == "contested"
    assert stop.message.args["applied_text"] == "chen.jing"
    assert stop.message.args["other_text"] == "wang.wei"
    assert stop.remedy is not None
    assert "settle" in stop.remedy.template


def test_other_values_of_a_contested_ticket_can_be_written() -> None:
    assert made(APART, wish("finished", result="fixed"))
    assert made(APART, wish("quoted", amount="1.00"))
    assert made(APART, wish("told"))
    field = {"target": "head", "field": "subject", "value": "x", "reason": "y"}
    assert made(APART, wish("amended", **field))


def test_a_contested_state_refuses_every_transition_but_nothing_else() -> None:
    case = merged(
        tell(FREE, SENT),
        [event(4, "finished", fields={"result": "fixed"}, desk="BJ", over="3SHA")],
        [event(4, "finished", fields={"result": "not-fixed"}, over="3SHA")],
    )
    for do, fields in (("dispatched", TO_WANG), ("cancelled", {"reason": "x"})):
        assert refused(case, wish(do, **fields)).code == "contested"
    for do, fields in (("quoted", {"amount": "1.00"}), ("called-back", {"result": "unreached"})):
        assert made(case, wish(do, **fields))


def test_what_cannot_follow_a_contested_state_names_the_contest_and_how_to_settle_it() -> None:
    case = merged(
        tell(REACHED),
        [event(3, "reviewed", fields={"cover": "free"}, desk="BJ", over="1SHA")],
        [event(3, "cancelled", fields={"reason": "x"}, over="1SHA")],
    )
    assert replay(case).contested.keys() >= {"state"}
    slip = {"signed": "true", "third-copy": "left", "visit-no": "1"}
    for do, fields in (
        ("closed", {}),
        ("slip-returned", slip),
        ("called-back", {"result": "reached"}),
    ):
        stop = refused(case, wish(do, **fields))
        assert stop.code == "contested", do
        assert stop.remedy is not None
        assert "ticket settle {id} --pick {applied}" in stop.remedy.template


@pytest.mark.parametrize(
    ("case", "target", "field"), [(HEADS, "head", "subject"), (FIELDS, "3SHA", "to")]
)
def test_a_contested_field_cannot_be_amended_before_it_is_settled(
    case: Case, target: str, field: str
) -> None:
    wished = wish("amended", target=target, field=field, value="zhao.min", reason="x")
    stop = refused(case, wished)
    assert stop.code == "contested"
    value = "subject" if target == "head" else "3SHA.to"
    assert stop.remedy is not None
    assert stop.message.args["value"] == value
    settled = made(case, wish("settled", value=value, pick=stop.remedy.args["other"], reason="x"))
    assert made(then(case, settled), wished)


def test_settling_needs_a_contest_and_one_of_its_candidates() -> None:
    stop = refused(tell(), wish("settled", value="engineer", pick="1SHA", reason="x"))
    assert stop.code == "not-contested"
    stop = refused(APART, wish("settled", value="engineer", pick="2SHA", reason="x"))
    assert (stop.code, stop.message.args) == (
        "no-such-candidate",
        {"applied": "3SHA", "other": "3BJ"},
    )
    found = made(APART, wish("settled", value="engineer", pick="3BJ", reason="x"))
    assert found.over == "3SHA"
    assert replay(then(APART, found)).text("engineer") == "wang.wei"


def test_a_settled_ticket_goes_on() -> None:
    settled = then(APART, made(APART, wish("settled", value="engineer", pick="3BJ", reason="x")))
    assert made(settled, wish("dispatched", **TO_WANG)).over == "4SHA"


# Corrections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "field", "value"),
    [
        ("9SHA", "to", "x"),
        ("3SHA", "colour", "red"),
        ("3SHA", "to", "Not A Staff Id"),
        ("head", "id", "SHA-261116-02D"),
        ("1SHA", "n", "3"),
    ],
)
def test_an_amendment_of_what_is_not_there_is_refused(target: str, field: str, value: str) -> None:
    wished = wish("amended", target=target, field=field, value=value, reason="x")
    stop = refused(tell(FREE, SENT), wished)
    assert stop.code == "no-such-target"
    assert stop.message.args["target"] == f"{target} {field} {value}"


@pytest.mark.parametrize("target", ["1SHA", "9SHA", "5SHA"])
def test_a_void_of_what_cannot_be_voided_is_refused(target: str) -> None:
    case = then(tell(FREE, SENT), void(4, "3SHA"), void(5, "4SHA"), void(6, "5SHA"))
    assert refused(case, wish("voided", target=target, reason="x")).code == "no-such-target"


@pytest.mark.parametrize(
    ("why", "case", "target", "events"),
    [
        ("the state it made", tell(FREE, SENT), "2SHA", "3SHA"),
        ("its visit", tell(FREE, SENT, SLIP), "3SHA", "4SHA"),
        ("all that followed", tell(FREE, SENT, FIXED, SLIP, CALLED), "3SHA", "4SHA, 5SHA, 6SHA"),
        (
            "a value it set",
            tell(
                ("11-16 10:00", "quoted", {"amount": "1.00"}),
                ("11-16 11:00", "quoted", {"amount": "2.00"}),
            ),
            "2SHA",
            "3SHA",
        ),
        (
            "an amendment of it",
            then(tell(FREE), amend(3, "2SHA", "reason", "x", over="2SHA")),
            "2SHA",
            "3SHA",
        ),
        (
            "a settlement of it",
            then(APART, settle(4, "engineer", "3SHA", over="3SHA")),
            "3SHA",
            "4SHA",
        ),
        (
            "what was written after the void",
            then(tell(FREE, SENT), void(4, "3SHA"), dispatch(5, "li.na", "SHA", "2SHA")),
            "4SHA",
            "5SHA",
        ),
    ],
)
def test_a_void_of_what_later_events_build_on_is_refused_naming_them(
    why: str, case: Case, target: str, events: str
) -> None:
    stop = refused(case, wish("voided", target=target, reason="x"))
    assert stop.code == "built-upon", why
    assert set(stop.message.args["events"].split(", ")) == set(events.split(", "))
    assert stop.message.args["target"] == target


def test_the_last_event_can_be_voided_and_then_the_one_before() -> None:
    case = tell(FREE, SENT, FIXED)
    for target in ("4SHA", "3SHA", "2SHA"):
        case = then(case, made(case, wish("voided", target=target, reason="x")))
    assert replay(case).state == "new"


def test_an_amendment_that_would_leave_later_events_without_ground_is_refused() -> None:
    case = tell(FREE, SENT, FIXED, ("11-18 11:00", "closed"))
    wished = wish("amended", target="4SHA", field="result", value="not-fixed", reason="x")
    stop = refused(case, wished)
    assert (stop.code, stop.message.args["events"]) == ("built-upon", "5SHA")
    head = wish("amended", target="head", field="kind", value="repair", reason="x")
    stop = refused(tell(("11-16 10:00", "closed"), kind="inquiry"), head)
    assert (stop.code, stop.message.args["events"]) == ("built-upon", "2SHA")


def test_a_settlement_that_would_leave_later_events_without_ground_is_refused() -> None:
    done = tell(FREE, SENT, FIXED)
    case = merged(
        done,
        [amend(5, "4SHA", "result", "not-fixed", desk="BJ", over="4SHA")],
        [amend(5, "4SHA", "result", "no-fault", over="4SHA"), event(6, "closed", over="4SHA")],
    )
    assert replay(case).state == "closed"
    stop = refused(case, wish("settled", value="4SHA.result", pick="5BJ", reason="x"))
    assert (stop.code, stop.message.args) == (
        "built-upon",
        {"target": "4SHA.result", "events": "6SHA"},
    )


def test_strays_that_were_there_before_hinder_nobody() -> None:
    case = then(tell(FREE), event(3, "arrived", over="2SHA"))
    assert made(case, wish("voided", target="2SHA", reason="x"))
    assert made(case, wish("dispatched", **TO_WANG))


# Closing ------------------------------------------------------------------------------------------------


def test_a_ticket_on_which_nothing_is_owed_can_be_closed() -> None:
    assert replay(then(BEFORE_CLOSING, made(BEFORE_CLOSING, wish("closed")))).state == "closed"


@pytest.mark.parametrize(
    ("why", "case", "listed"),
    [
        (
            "no slip",
            tell(REACHED, FREE, SENT, FIXED, CALLED),
            ["slip (1) 2026-11-18T17:30:00+08:00"],
        ),
        (
            "no callback",
            tell(REACHED, FREE, SENT, FIXED, SLIP),
            [
                "callback-next (1) 2026-11-18T17:30:00+08:00",
                "callback-slip (1) 2026-11-19T17:30:00+08:00",
            ],
        ),
        (
            "nobody was reached",
            tell(FREE, SENT, FIXED, SLIP, CALLED),
            ["first-call 2026-11-16T09:03:00+08:00", "reply 2026-11-17T09:00:00+08:00"],
        ),
    ],
)
def test_closing_is_refused_while_something_is_owed_and_says_what(
    why: str, case: Case, listed: list[str]
) -> None:
    stop = refused(case, wish("closed"))
    assert stop.code == "still-owed", why
    said = [one.replace("T", " ").removesuffix(":00+08:00") for one in listed]
    assert stop.message.args["listed"].split("; ") == said
    assert stop.remedy is not None
    (line,) = stop.remedy.template.format_map(dict(stop.remedy.args)).splitlines()  # each once
    known = {
        "slip": "slip return",
        "callback-next": "callbacks record",
        "first-call": "ticket contact",
    }
    assert f"svcctl {known[listed[0].split()[0]]} {case.id}" in line


def test_what_is_owed_but_not_yet_due_keeps_a_ticket_open_too() -> None:
    case = tell(REACHED, FREE, SENT, FIXED, SLIP)
    stop = refused(case, wish("closed", "11-17 13:00"), now="11-17 13:00")
    assert stop.code == "still-owed"


def test_an_explained_slip_is_owed_no_more() -> None:
    explained: Told = ("11-18 09:00", "slip-explained", {"reason": "lost in the rain"})
    assert made(tell(REACHED, FREE, SENT, FIXED, explained, CALLED), wish("closed"))


def test_what_was_done_late_can_be_closed() -> None:
    late: Told = ("11-20 10:00", "called-back", {"result": "reached"})
    assert made(tell(REACHED, FREE, SENT, FIXED, SLIP, late), wish("closed"))


def test_what_only_closing_meets_does_not_keep_a_ticket_from_being_closed() -> None:
    lines = "\n".join(
        (
            "close-needs: [nothing-owed]",
            "obligations:",
            "  resolved: {per: ticket, starts: opened, within: 5d, met-by: closed}",
        )
    )
    assert made(tell(FREE, SENT, FIXED, SLIP), wish("closed"), policy_from(lines))


def test_the_policy_says_what_must_not_be_owed() -> None:
    lines = "\n".join(
        line
        for line in (
            "close-needs: [slip]",
            "obligations:",
            "  slip: {per: visit, starts: opened, within: 2d, met-by: slip-returned}",
            "  call: {per: cycle, starts: finished, within: 1d, met-by: called-back}",
        )
    )
    assert made(tell(FREE, SENT, FIXED, SLIP), wish("closed"), policy_from(lines))
    assert refused(tell(FREE, SENT, FIXED), wish("closed"), policy_from(lines)).code == "still-owed"
    lax = policy_from(lines.replace("[slip]", '""'))
    assert made(tell(FREE, SENT, FIXED), wish("closed"), lax)


def test_a_rework_can_be_closed_though_the_callback_of_the_first_cycle_never_reached_anybody() -> (
    None
):
    case = tell(
        REACHED,
        FREE,
        SENT,
        FIXED,
        SLIP,
        ("11-18 10:00", "called-back", {"result": "unreached"}),
        ("11-18 15:00", "reopened", {"reason": "the customer called: it leaks again"}),
        ("11-18 15:05", "dispatched", {"to": "w", "visit": "2026-11-19T10:00:00+08:00"}),
        ("11-19 11:00", "finished", {"result": "fixed"}),
        ("11-19 12:00", "slip-returned", {"signed": "true", "third-copy": "left"}),
        ("11-20 10:00", "called-back", {"result": "reached", "working": "yes"}),
    )
    assert [one.kind for one in owed(case) if one.number == 1 and one.ended] == ["callback-next"]
    assert made(case, wish("closed"))
