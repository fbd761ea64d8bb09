"""Policies: what they may say, and for everything else the place and what to do."""

from __future__ import annotations

from datetime import date
from typing import cast

import pytest
from ticketplay import at, book, policy_from, shipped_policy

from svcctl.domain.checks.catalogue import CODES
from svcctl.domain.policy import MAY, ROLES, Book
from svcctl.domain.policy_reading import read_policy
from svcctl.domain.policy_text import Fields
from svcctl.domain.problems import Problem, Unreadable
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import Span
from svcctl.ledger import cardfile

RULE = "starts: opened, within: 1h, met-by: replied"


def problems(text: str) -> list[Problem]:
    """Everything wrong with a policy."""
    with pytest.raises(Unreadable) as stopped:
        policy_from(text)
    assert stopped.value.code == "bad-policy"
    assert stopped.value.remedy is not None
    assert stopped.value.message.args == {"path": "policy.yaml"}
    return list(stopped.value.problems)


def test_the_shipped_policy_says_what_the_department_asks() -> None:
    policy = shipped_policy()
    assert sorted(policy.rules) == [
        "arrival",
        "callback-next",
        "callback-slip",
        "complaint-answer",
        "complaint-resolved",
        "enquiry",
        "first-call",
        "first-contact",
        "papers",
        "payment",
        "put-off",
        "reply",
        "result-told",
        "result-urgent",
        "slip",
        "slip-promised",
        "solution",
    ]
    assert [name for name, rule in policy.rules.items() if rule.is_off] == [
        "first-contact",
        "result-told",
    ]
    assert [name for name, rule in policy.rules.items() if rule.unlimited] == [
        "payment",
        "complaint-resolved",
    ]
    first = policy.rules["first-call"]
    assert (first.within, first.clock, first.severity) == (Span(3, "m"), "wall", "warning")
    assert (first.text, first.line > 0, first.met_with) == ("3m", True, ("contacted",))
    slip = policy.rules["slip"]
    assert [p.text for p in slip.starts] == [
        "opened",
        "dispatched(number>1)",
        "dispatched(number=1, had-finished>0)",
    ]
    assert [p.text for p in slip.waived_by] == [
        "cancelled",
        "reviewed(cover=declined)",
        "finished(result=by-phone, visits=0)",
        "closed(visits=0)",
    ]
    assert policy.targets == {
        "satisfaction": 85,
        "rework": 5,
        "reply": 100,
        "slip": 100,
        "callback": 100,
        "inspection": 100,
    }
    assert policy.back_dating == Span(24, "h")
    assert policy.rework_within == Span(30, "d")
    assert policy.close_needs == frozenset({"nothing-owed"})
    assert policy.dissatisfied_below == 2
    assert (policy.company, policy.service_phone, policy.warranty) == ("", "", "")
    assert (policy.language, policy.currency, policy.calendar) == ("zh_CN", "CNY", "CN")


def test_what_is_left_empty_is_no_limit_and_nothing_is_invented() -> None:
    keys = (
        "format company service-phone warranty language may back-dating rework close-needs "
        "dissatisfied-below targets obligations"
    ).split()
    policy = policy_from("format: 1\n" + "".join(f"{key}:\n" for key in keys[1:]))
    assert policy.rules == {}
    assert policy.may == {}
    assert policy.targets == {}
    assert policy.close_needs is None
    assert (policy.back_dating, policy.rework_within) == (None, None)
    assert policy.dissatisfied_below == 0
    assert policy_from("targets: {slip: ''}\n").targets == {}
    empty = policy_from(f"obligations:\n  x: {{{RULE}, waived-by: , excused-by: []}}\n")
    assert empty.rules["x"].waived_by == ()


def test_a_rule_has_sensible_defaults() -> None:
    rule = policy_from(f"obligations:\n  x: {{{RULE}}}\n").rules["x"]
    assert (rule.per, rule.clock, rule.rolls) == ("ticket", "wall", "open-day")
    assert (rule.owner, rule.severity, rule.kinds) == ("coordinator", "error", frozenset())
    assert (rule.not_before, rule.until, rule.line) == (None, "", 2)


@pytest.mark.parametrize("what", MAY)
@pytest.mark.parametrize("role", ROLES)
def test_what_is_reserved_only_the_named_roles_may(what: str, role: str) -> None:
    policy = policy_from(f"may: {{{what}: [clerk, manager]}}\n")
    assert policy.allows(what, role) == (role in ("clerk", "manager"))
    assert policy_from("currency: CNY\n").allows(what, role)


BAD = [
    ("colour: red\n", "E220", "colour", 1),
    ("may: {dispach: [manager]}\n", "E220", "may.dispach", 1),
    ("may: {dispatch: [boss]}\n", "E221", "may.dispatch", 1),
    ("may: {dispatch: {a: b}}\n", "E221", "may.dispatch", 1),
    ("may: [manager]\n", "E221", "may", 1),
    ("company: [a]\n", "E221", "company", 1),
    ("back-dating: soon\n", "E221", "back-dating", 1),
    ("back-dating: -1d\n", "E221", "back-dating", 1),
    ("rework: 30\n", "E221", "rework", 1),
    ("rework: [30d]\n", "E221", "rework", 1),
    ("dissatisfied-below: 6\n", "E221", "dissatisfied-below", 1),
    ("dissatisfied-below: ²\n", "E221", "dissatisfied-below", 1),
    ("dissatisfied-below: low\n", "E221", "dissatisfied-below", 1),
    ("targets: 5\n", "E221", "targets", 1),
    ("targets: {slip: 101%}\n", "E221", "targets.slip", 1),
    ("targets: {slip: ²%}\n", "E221", "targets.slip", 1),
    ("targets: {slip: many}\n", "E221", "targets.slip", 1),
    ("targets: {slip: 85%%}\n", "E221", "targets.slip", 1),
    ("targets: {slip: -5}\n", "E221", "targets.slip", 1),
    ("close-needs: [slip]\n", "E221", "close-needs", 1),
    ("close-needs: {a: b}\n", "E221", "close-needs", 1),
    ("obligations: [slip]\n", "E221", "obligations", 1),
    ("obligations:\n  slip: soon\n", "E221", "obligations.slip", 2),
    (f"obligations:\n  Slip: {{{RULE}}}\n", "E221", "obligations.Slip", 2),
    (f"obligations:\n  a b: {{{RULE}}}\n", "E221", "obligations.a b", 2),
]
RULES = [
    ("starts: opened, within: 1h, met-by: replied, colour: red", "E220", "colour"),
    ("within: 1h, met-by: replied", "E221", "starts"),
    ("starts: [], within: 1h, met-by: replied", "E221", "starts"),
    ("starts: opened, within: 1h", "E221", "met-by"),
    ("starts: exploded, within: 1h, met-by: replied", "E221", "starts"),
    ("starts: opened(, within: 1h, met-by: replied", "E221", "starts"),
    ("starts: {a: b}, within: 1h, met-by: replied", "E221", "starts"),
    ("starts: opened, within: 1h, met-by: contacted(result=reachd)", "E221", "met-by"),
    ("starts: opened, within: 1h, met-by: contacted(result!=reachd)", "E221", "met-by"),
    ("starts: opened, within: 1h, met-by: contacted(reslt=reached)", "E221", "met-by"),
    ("starts: opened, within: 1h, met-by: contacted(by=li)", "E221", "met-by"),
    ("starts: opened, within: 1h, met-by: contacted(result>1)", "E221", "met-by"),
    ("starts: opened(kind=repairs), within: 1h, met-by: replied", "E221", "starts"),
    ("starts: finished(cover=gratis), within: 1h, met-by: replied", "E221", "starts"),
    ("starts: finished(had-exploded>0), within: 1h, met-by: replied", "E221", "starts"),
    ("starts: slip-returned(signed=yes), within: 1h, met-by: replied", "E221", "starts"),
    ("starts: opened, within: 1h, met-by: replied, waived-by: gone", "E221", "waived-by"),
    ("starts: opened, within: 1h, met-by: replied, excused-by: gone", "E221", "excused-by"),
    ("starts: opened, within: 1h, met-by: replied, paused-by: gone", "E221", "paused-by"),
    ("starts: opened, within: 1h, met-by: replied, resumed-by: gone", "E221", "resumed-by"),
    ("starts: opened, met-by: replied", "E221", "within"),
    ("starts: opened, within: 1h, until: wanted, met-by: replied", "E221", "within"),
    ("starts: opened, within: soon, met-by: replied", "E221", "within"),
    ("starts: opened, within: -1h, met-by: replied", "E221", "within"),
    ("starts: opened, within: 200y, met-by: replied", "E221", "within"),
    ("starts: opened, until: someday, met-by: replied", "E221", "until"),
    ("starts: opened, until: subject, met-by: replied", "E221", "until"),
    ("starts: [opened, contacted], until: visit-no, met-by: replied", "E221", "until"),
    ("starts: opened, within: 1h, met-by: replied, not-before: 3h", "E221", "not-before"),
    ("starts: opened, within: 1h, met-by: replied, not-before: -1d", "E221", "not-before"),
    ("starts: opened, within: 1h, met-by: replied, per: day", "E221", "per"),
    ("starts: opened, within: 1h, met-by: replied, clock: sun", "E221", "clock"),
    ("starts: opened, within: 1h, met-by: replied, rolls: always", "E221", "rolls"),
    ("starts: opened, within: 1h, met-by: replied, owner: boss", "E221", "owner"),
    ("starts: opened, within: 1h, met-by: replied, severity: fatal", "E221", "severity"),
    ("starts: opened, within: 1h, met-by: replied, for: [repairs]", "E221", "for"),
    ("starts: opened, within: 1h, met-by: replied, for: {a: b}", "E221", "for"),
]
BAD += [
    (f"obligations:\n  x: {{{rule}}}\n", code, f"obligations.x.{key}", 2)
    for rule, code, key in RULES
]


@pytest.mark.parametrize(("text", "code", "key", "line"), BAD)
def test_a_bad_policy_is_refused_with_the_place_and_what_to_do(
    text: str, code: str, key: str, line: int
) -> None:
    found = problems(text)
    assert {(one.code, one.args["key"]) for one in found} == {(code, key)}
    for one in found:
        assert (one.path, one.line) == ("policy.yaml", line)
        assert one.column > 0
        told = CODES[code].message.format_map(one.args) + CODES[code].remedy.format_map(one.args)
        assert "{" not in told.replace(one.args.get("value", "-"), "")
        assert one.args.get("expected") or one.args.get("known")


@pytest.mark.parametrize(
    "rule",
    [
        "starts: opened(kind=repair), within: 1h, met-by: contacted(result=reached|refused)",
        'starts: "finished(cover=paid, visits>0)", within: 1h, met-by: called-back(quality>3)',
        'starts: "dispatched(number>1, attempt<3, cycle=1)", within: 1h, met-by: arrived(visit-no=2)',
        "starts: opened(state=new), within: 1h, met-by: finished(had-dispatched>0)",
        "starts: slip-returned(signed=false), until: promised, met-by: replied",
        "starts: dispatched, until: visit, met-by: arrived",
        "starts: slip-explained, until: promised, met-by: slip-returned",
        "starts: opened, until: wanted, met-by: finished, rolls: never, per: cycle",
    ],
)
def test_a_rule_may_speak_of_fields_places_and_values(rule: str) -> None:
    assert policy_from(f"obligations:\n  x: {{{rule}}}\n").rules["x"]


def test_all_that_is_wrong_is_found_at_once_each_once() -> None:
    found = problems(
        "colour: red\nmay: {dispatch: [boss]}\nobligations:\n"
        "  slip: {starts: {a: b}, within: [x], met-by: replied}\n"
        "  slip-promised: {starts: opened, met-by: replied}\n"
    )
    assert [(one.args["key"], one.line) for one in found] == [
        ("colour", 1),
        ("may.dispatch", 2),
        ("obligations.slip.starts", 4),
        ("obligations.slip.within", 4),
        ("obligations.slip-promised.within", 5),
    ]


def test_of_a_future_format_nothing_else_is_said() -> None:
    found = problems("format: 2\nunheard-of: x\n")
    assert [(one.code, one.line, dict(one.args)) for one in found] == [
        ("E204", 1, {"found": "2", "known": "1"})
    ]


def test_without_the_heads_declaration_what_names_its_fields_is_taken_on_trust() -> None:
    text = b"obligations:\n  x: {for: [y], starts: opened(colour=red), until: z, met-by: replied}\n"
    raw = cardfile.read_card(text, "p")
    policy = read_policy(
        "p",
        date(2026, 1, 1),
        cast(Fields, raw.fields()),
        raw.place,
        TICKET.events,
        TICKET.marks,
    )
    assert policy.rules["x"].kinds == {"y"}


def test_the_newest_policy_not_after_the_moment_applies_the_oldest_also_before_it() -> None:
    days = [date(2026, 7, 1), date(2026, 1, 1), date(2027, 1, 1)]
    shelf = book(*(policy_from("currency: CNY\n", day) for day in days))

    def since(when: str) -> date:
        return shelf.at(at(when)).since

    assert since("2025-01-01 00:00") == date(2026, 1, 1)
    assert since("2026-06-30 23:59:59") == date(2026, 1, 1)
    assert since("2026-07-01 00:00") == date(2026, 7, 1)
    assert since("2026-06-30T16:00:00+00:00") == date(2026, 7, 1)
    assert since("2030-01-01 00:00") == date(2027, 1, 1)
    assert book().at(at("11-16 09:00")) is shipped_policy()


def test_a_book_needs_a_policy_and_knows_each_ones_calendar() -> None:
    shelf = book()
    assert shelf.calendar_of(shipped_policy()) is shelf.calendars["CN"]
    with pytest.raises(ValueError, match="at least one"):
        Book([], {}, shelf.zone)


def test_a_policys_version_is_its_day_unless_it_says_otherwise() -> None:
    assert policy_from("currency: CNY\n").version == "2026-01-01"
    assert policy_from("version: 3.1\n").version == "3.1"
