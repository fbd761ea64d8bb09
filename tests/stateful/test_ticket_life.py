"""The life of a ticket, played at random: what decide accepts is sound, what it refuses is explained.

Two desks write. Now and then one works without the other's lines, and both are merged afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from commands_at_random import Commands
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from thorough import THOROUGH, effort
from ticketplay import at, book, head, policy_from, shipped_policy

from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Who, Wish, decide
from svcctl.domain.obligations import obligations
from svcctl.domain.replay import replay
from svcctl.domain.ticket import TABLE, TICKET

seeds = st.integers(0, 2**32)


class TicketLife(Commands, RuleBasedStateMachine):
    """One ticket, as one clone has it; ``apart`` is what another clone has written meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case(TICKET, head(), [])
        self.apart: Case | None = None

    @initialize(
        kind=st.sampled_from(["repair", "repair", "inspection", "complaint"]), lax=st.booleans()
    )
    def open(self, kind: str, lax: bool) -> None:
        if lax:
            self.policy = policy_from("currency: CNY\n")
        self.case = Case(
            TICKET, head(kind=kind), [Event(1, "SHA", self.now, self.now, "li.na", "opened")]
        )

    @rule(seed=seeds, minutes=st.sampled_from([1, 20, 300, 1500, 6000]))
    def something_is_recorded(self, seed: int, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.case = self.tried(self.case, "SHA", Random(seed))

    @rule(seed=seeds)
    def what_comes_next_is_recorded(self, seed: int) -> None:
        self.now += timedelta(minutes=30)
        self.case = self.tried(self.case, "SHA", Random(seed), forward=True)

    @precondition(lambda self: bool(replay(self.case).contested))
    @rule(seed=seeds)
    def a_contest_is_settled(self, seed: int) -> None:
        self.case = self.tried(self.case, "SHA", Random(seed), "settled")

    @precondition(lambda self: self.apart is None)
    @rule()
    def another_clone_goes_its_own_way(self) -> None:
        self.apart = Case(TICKET, self.case.head, list(self.case.events))

    @precondition(lambda self: self.apart is not None)
    @rule(seed=seeds)
    def the_other_clone_records_something(self, seed: int) -> None:
        assert self.apart is not None
        random = Random(seed)
        self.apart = self.tried(self.apart, "BJ", random, forward=random.randrange(4) > 0)

    @precondition(lambda self: self.apart is not None)
    @rule()
    def the_clones_are_merged(self) -> None:
        assert self.apart is not None
        both = {event.name: event for event in (*self.case.events, *self.apart.events)}
        self.case.events = sorted(both.values(), key=lambda event: event.order)
        self.apart = None

    # What always holds --------------------------------------------------------------------------

    @invariant()
    def the_state_is_a_declared_one(self) -> None:
        for case in (self.case, self.apart):
            if case is not None and case.events:
                state = replay(case)
                assert state.state in TABLE
                assert obligations(state, book()) is not None

    @invariant()
    def one_clone_alone_leaves_no_stray_and_nothing_contested(self) -> None:
        if self.apart is None and {event.desk for event in self.case.events} <= {"SHA"}:
            state = replay(self.case)
            assert state.strays == []
            assert state.contested == {}


TestTicketLife = TicketLife.TestCase
TestTicketLife.settings = settings(effort(50), stateful_step_count=80 if THOROUGH else 40)


def test_a_day_from_the_request_to_the_end_is_accepted_step_by_step() -> None:
    steps: list[tuple[str, str, dict[str, str], str]] = [
        ("11-16 09:02", "contacted", {"result": "reached"}, "engineer"),
        ("11-16 09:05", "reviewed", {"cover": "paid"}, "manager"),
        ("11-16 09:10", "quoted", {"amount": "120.00"}, "coordinator"),
        ("11-16 09:30", "accepted", {"proof": "SMS"}, "coordinator"),
        (
            "11-16 09:40",
            "dispatched",
            {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"},
            "coordinator",
        ),
        ("11-17 10:00", "arrived", {}, "engineer"),
        ("11-17 11:00", "finished", {"result": "fixed"}, "engineer"),
        ("11-17 17:00", "slip-returned", {"signed": "true", "third-copy": "left"}, "engineer"),
        ("11-18 10:00", "called-back", {"result": "reached", "working": "yes"}, "coordinator"),
        ("11-18 10:05", "closed", {}, "coordinator"),
    ]
    opened: datetime = at("11-16 09:00")
    case = Case(TICKET, head(), [Event(1, "SHA", opened, opened, "li.na", "opened")])
    states = []
    for when, do, fields, role in steps:
        state = replay(case)
        wished = Wish(do, fields, at(when), Who("x", role), "SHA")
        event = decide(state, wished, at(when), shipped_policy(), obligations(state, book()))
        case.events.append(event)
        states.append(replay(case).state)
    assert states == [
        "new",
        "quoting",
        "quoting",
        "ready",
        "dispatched",
        "on-site",
        "finished",
        "finished",
        "finished",
        "closed",
    ]
