"""Escalation: who is told that something was not done, at which level, and when nobody is."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from functools import partial
from pathlib import Path

import made_ledgers as made
import pytest
from ticketplay import Told, at, policy_from, shipped_calendar, shipped_policy, tell

from svcctl.desk.desk import open_desk
from svcctl.desk.escalating import escalations_due
from svcctl.desk.listing import view_of
from svcctl.domain.escalation import Escalation, escalated
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import Unreadable
from svcctl.domain.replay import replay

RULES = """\
obligations:
  reply: {starts: opened, within: 24h, met-by: replied, waived-by: cancelled, paused-by: paused, resumed-by: resumed}
  slip: {per: visit, starts: dispatched, within: 2d, met-by: slip-returned, owner: engineer}
  callback-next: {per: cycle, starts: finished, within: 1d, met-by: called-back(result=reached)}
escalations:
"""


def rules(*lines: str) -> Policy:
    return policy_from(RULES + "".join(f"  {line}\n" for line in lines))


LADDER = rules(
    "first: {of: reply, after: 0s, to: coordinator}",
    "second: {of: reply, after: 4h, clock: work, level: 2, to: manager}",
    "third: {of: reply, after: 2d, level: 3, to: [vice-president, general-manager]}",
)


def gone_up(policy: Policy, now: str, *happened: Told, **head: str) -> list[Escalation]:
    """What of a ticket opened on Monday 16 November 09:00 (reply due Tuesday 09:00) has gone up."""
    calendar = shipped_calendar()
    book = Book((policy,), {policy.calendar: calendar}, calendar.zone)
    state = replay(tell(*happened, **head), at(now))
    return escalated(state, obligations(state, book), policy, calendar, at(now))


def told(policy: Policy, now: str, *happened: Told, **head: str) -> list[tuple[int, str]]:
    """Level and roles of what has gone up."""
    return [(one.level, " ".join(one.to)) for one in gone_up(policy, now, *happened, **head)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("11-17 08:59:59", []),
        ("11-17 09:00", [(1, "coordinator")]),
        ("11-17 14:29:59", [(1, "coordinator")]),  # lunch does not count on the working clock
        ("11-17 14:30", [(2, "manager")]),
        ("11-19 17:29:59", [(2, "manager")]),
        ("11-19 17:30", [(3, "vice-president general-manager")]),
    ],
)
def test_only_the_highest_level_reached_speaks(now: str, expected: list[tuple[int, str]]) -> None:
    assert told(LADDER, now) == expected


def test_a_level_says_since_when_it_is_reached() -> None:
    (one,) = gone_up(LADDER, "11-18 10:00")
    assert (one.name, one.since) == ("second", at("11-17 14:30"))
    assert one.obligation.due == at("11-17 09:00")


def test_lines_of_the_same_number_are_one_level() -> None:
    policy = rules(
        "a: {of: reply, after: 1h, to: manager}",
        "b: {of: reply, after: 0s, to: [coordinator, manager]}",
    )
    assert told(policy, "11-17 11:00") == [(1, "manager coordinator")]
    assert gone_up(policy, "11-17 11:00")[0].since == at("11-17 09:00")


def test_a_negative_span_speaks_before_it_is_due_but_never_before_it_began() -> None:
    policy = rules("early: {of: reply, after: -2h, to: manager}")
    assert told(policy, "11-17 06:59:59") == []
    assert told(policy, "11-17 07:00") == [(1, "manager")]
    whole = rules("early: {of: reply, after: -3d, to: manager}")
    (one,) = gone_up(whole, "11-16 09:00")
    assert one.since == at("11-16 09:00")


@pytest.mark.parametrize(
    "done",
    [
        ("11-17 08:00", "replied"),
        ("11-17 12:00", "replied"),
        ("11-17 12:00", "cancelled", {"reason": "客户取消"}),
    ],
)
def test_what_is_done_late_or_in_time_or_waived_goes_nowhere(done: Told) -> None:
    assert told(LADDER, "11-20 12:00", done) == []


def test_it_is_silent_while_the_clock_stands_still_and_speaks_later_by_the_pause() -> None:
    pause: Told = ("11-17 10:00", "paused", {"for": "customer", "reason": "等客户"})
    resume: Told = ("11-17 11:00", "resumed")
    assert told(LADDER, "11-17 09:59", pause) == [(1, "coordinator")]
    assert told(LADDER, "11-25 12:00", pause) == []
    assert told(LADDER, "11-17 11:00", pause, resume) == [(1, "coordinator")]
    # Four working hours from 09:00, one of them paused, lunch between: 15:30 and not 14:30.
    assert told(LADDER, "11-17 15:29:59", pause, resume) == [(1, "coordinator")]
    assert told(LADDER, "11-17 15:30", pause, resume) == [(2, "manager")]


def test_the_days_of_a_level_end_at_closing_and_roll_over_the_holidays() -> None:
    policy = rules("days: {of: reply, after: 2d, to: manager}")
    opened = {"opened": "2026-09-28T16:00:00+08:00"}
    (one,) = gone_up(policy, "10-20 09:00", **opened)
    assert one.since == at("10-08 17:30")  # due 29 September, the second day after is a holiday
    never = rules("days: {of: reply, after: 2d, rolls: never, to: manager}")
    assert gone_up(never, "10-20 09:00", **opened)[0].since == at("10-02 00:00")


VISITS: tuple[Told, ...] = (
    ("11-16 10:00", "reviewed", {"cover": "free"}),
    ("11-16 10:10", "replied"),
    ("11-16 10:20", "dispatched", {"to": "eng1", "visit": "2026-11-16T14:00:00+08:00"}),
    ("11-16 15:00", "finished", {"result": "not-fixed"}),
    ("11-17 10:00", "dispatched", {"to": "eng2", "visit": "2026-11-17T14:00:00+08:00"}),
)


def test_two_slips_of_one_cycle_go_up_once_and_the_older_one_speaks() -> None:
    policy = rules("slip: {of: slip, after: 0s, to: manager}")
    (one,) = gone_up(policy, "11-25 09:00", *VISITS)
    assert (one.obligation.number, one.cycle, one.obligation.who) == (1, 1, "eng1")


def test_each_cycle_of_work_goes_up_for_itself() -> None:
    policy = rules("call: {of: callback-*, after: 0s, to: manager}")
    happened: tuple[Told, ...] = (
        *VISITS[:3],
        ("11-16 15:00", "finished", {"result": "fixed"}),
        ("11-18 09:00", "reopened", {"reason": "又坏了"}),
        ("11-18 10:00", "dispatched", {"to": "eng1", "visit": "2026-11-18T14:00:00+08:00"}),
        ("11-18 15:00", "finished", {"result": "fixed"}),
    )
    assert [one.cycle for one in gone_up(policy, "11-17 18:00", *happened)] == [1]
    assert 2 in [one.cycle for one in gone_up(policy, "11-19 18:00", *happened)]


def test_conditions_on_the_ticket_choose_the_level() -> None:
    policy = rules(
        "any: {of: reply, after: 0s, to: coordinator}",
        "kind: {of: reply, for: [complaint], after: 0s, level: 2, to: manager}",
        "urgent: {of: reply, for: [complaint], priority: urgent, after: 0s, level: 3, to: clerk}",
        "attitude: {of: reply, category: [态度], after: 0s, level: 4, to: vice-president}",
        "grave: {of: reply, severity: [major, critical], after: 0s, level: 5, to: general-manager}",
    )
    now = "11-17 10:00"
    assert told(policy, now) == [(1, "coordinator")]
    assert told(policy, now, kind="complaint") == [(2, "manager")]
    assert told(policy, now, kind="complaint", priority="urgent") == [(3, "clerk")]
    assert told(policy, now, category="态度") == [(4, "vice-president")]
    minor: Told = ("11-16 11:00", "investigated", {"cause": "零件", "severity": "minor"})
    major: Told = ("11-16 12:00", "investigated", {"cause": "安全", "severity": "major"})
    assert told(policy, now, minor) == [(1, "coordinator")]
    assert told(policy, now, minor, major) == [(5, "general-manager")]
    assert gone_up(policy, now, minor, major)[0].severity == "major"


def test_the_shipped_rules_send_complaints_up_and_attitude_at_once() -> None:
    policy = shipped_policy()
    now = "11-16 09:00:01"
    assert told(policy, now, kind="complaint") == []
    assert told(policy, now, kind="complaint", category="态度") == [(1, "manager")]
    assert told(policy, "11-17 09:00:01", kind="complaint") == [(1, "manager")]
    assert told(policy, "11-17 09:00:01") == []


@pytest.mark.parametrize(
    ("line", "key", "value", "expected"),
    [
        ("a: {of: slips, after: 0s, to: manager}", "of", "slips", "reply | slip | callback-next"),
        ("a: {of: x-*, after: 0s, to: manager}", "of", "x-*", "reply | slip | callback-next"),
        ("a: {after: 0s, to: manager}", "of", "", "reply | slip | callback-next"),
        ("a: {of: reply, after: soon, to: manager}", "after", "soon", "a span such as"),
        ("a: {of: reply, to: manager}", "after", "", "a span such as"),
        ("a: {of: reply, after: 0s, to: boss}", "to", "boss", "manager | coordinator"),
        ("a: {of: reply, after: 0s}", "to", "", "manager | coordinator"),
        ("a: {of: reply, for: repairs, after: 0s, to: manager}", "for", "repairs", "repair | "),
        ("a: {of: reply, severity: bad, after: 0s, to: manager}", "severity", "bad", "minor | "),
        ("a: {of: reply, priority: high, after: 0s, to: manager}", "priority", "high", "urgent | "),
        ("a: {of: reply, after: 0s, clock: sun, to: manager}", "clock", "sun", "wall | work"),
        ("a: {of: reply, after: 0s, level: 0, to: manager}", "level", "0", "1 | 2"),
    ],
)
def test_a_level_that_could_never_be_reached_is_refused_with_its_place(
    line: str, key: str, value: str, expected: str
) -> None:
    with pytest.raises(Unreadable) as stopped:
        rules(line)
    (found,) = stopped.value.problems
    assert (found.code, found.path, found.line) == ("E221", "policy.yaml", 6)
    assert found.args["key"] == f"escalations.a.{key}"
    assert found.args["value"] == value
    assert str(found.args["expected"]).startswith(expected)
    if f"{key}: " in line:
        assert found.column > line.index(f"{key}: ")


def test_an_unknown_word_of_a_level_is_named_with_those_known() -> None:
    with pytest.raises(Unreadable) as stopped:
        rules("a: {of: reply, after: 0s, to: manager, role: clerk}")
    (found,) = stopped.value.problems
    assert (found.code, found.args["key"]) == ("E220", "escalations.a.role")


# From a ledger -------------------------------------------------------------------------------------

LEVELS = """
escalations:
  early:  {of: ["*"], after: -8h, clock: work, to: [manager]}
  days:   {of: ["callback-*", slip], after: -3d, level: 2, to: [coordinator]}
  late:   {of: ["*"], after: 1d, level: 3, to: [vice-president]}
"""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample ledger with levels of its own."""
    shutil.copytree(Path(__file__).parents[2] / "records", tmp_path / "records")
    policy = max((tmp_path / "records/policy").glob("*.yaml"))
    rules = policy.read_text("utf-8").partition("\nescalations:")[0]
    policy.write_text(rules + LEVELS, "utf-8")
    return tmp_path


def test_what_the_index_narrows_down_is_what_every_file_says(sample: Path) -> None:
    seen = 0
    for day in range(2, 29, 2):
        now = datetime.fromisoformat(f"2026-11-{day:02}T16:00:00+08:00")
        desk = open_desk(str(sample), partial(datetime.fromisoformat, now.isoformat()))
        view = view_of(desk, now.isoformat(), None)
        found = {
            (one["ticket"], one["obligation"], one["cycle"], one["level"], one["to"], one["since"])
            for one in escalations_due(view)
        }
        policy = desk.book.at(now)
        calendar = desk.book.calendar_of(policy)
        expected = set()
        for path in desk.ledger.tickets():
            state = view.state(path)
            if state is not None:
                owed = obligations(state, desk.book)
                expected |= {
                    (
                        state.case.id,
                        up.obligation.kind,
                        up.cycle,
                        up.level,
                        to,
                        up.since.isoformat(),
                    )
                    for up in escalated(state, owed, policy, calendar, now)
                    for to in up.to
                }
        assert found == expected
        seen += len(found)
    assert seen > 20


def test_people_who_have_left_are_not_named(sample: Path) -> None:
    def people(day: str) -> set[str]:
        now = f"{day}T16:00:00+08:00"
        words = ("escalations", "due", "--role", "coordinator", "-o", "json")
        items = json.loads(made.call(sample, *words, now=now).out)["items"]
        return {name for item in items for name in item["people"]}

    assert people("2026-11-16") == {"li.na", "xu.yan"}
    with (sample / "records/staff/li.na.yaml").open("a", encoding="utf-8") as file:
        file.write("left: 2026-11-16\n")
    assert people("2026-11-16") == {"li.na", "xu.yan"}
    assert people("2026-11-17") == {"xu.yan"}
