"""Three desks write on one ticket, each without some of what the others wrote: nothing is dropped.

What follows no more after a merge is contested and named, and who settles it comes to an end.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from commands_at_random import Commands
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from thorough import THOROUGH, effort
from ticketplay import head, policy_from

from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Who, Wish, decide
from svcctl.domain.identity import event_order
from svcctl.domain.problems import Refusal
from svcctl.domain.replay import Contest, State, replay
from svcctl.domain.ticket import TICKET

DESKS = ("SHA", "BJA", "GZA")
CORRECTING = ("voided", "voided", "amended", "settled")
desks = st.sampled_from(DESKS)
seeds = st.integers(0, 2**32)


class ThreeDesks(Commands, RuleBasedStateMachine):
    """A ticket as each desk has it, and as the hub does."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Case(TICKET, head(), [])
        self.at_desk: dict[str, Case] = {}

    @initialize(kind=st.sampled_from(["repair", "repair", "complaint"]), lax=st.booleans())
    def a_request_comes_in(self, kind: str, lax: bool) -> None:
        if lax:
            self.policy = policy_from("currency: CNY\n")
        opened = Event(1, "SHA", self.now, self.now, "li.na", "opened")
        self.hub = Case(TICKET, head(kind=kind), [opened])
        self.at_desk = {desk: Case(TICKET, self.hub.head, [opened]) for desk in DESKS}

    @rule(desk=desks, seed=seeds, minutes=st.sampled_from([1, 20, 300, 1500]))
    def something_is_recorded(self, desk: str, seed: int, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.at_desk[desk] = self.tried(self.at_desk[desk], desk, Random(seed))

    @rule(desk=desks, seed=seeds)
    def what_comes_next_is_recorded(self, desk: str, seed: int) -> None:
        self.now += timedelta(minutes=30)
        self.at_desk[desk] = self.tried(self.at_desk[desk], desk, Random(seed), forward=True)

    @rule(desk=desks, seed=seeds)
    def something_is_put_right(self, desk: str, seed: int) -> None:
        random = Random(seed)
        self.now += timedelta(minutes=1)
        case = self.at_desk[desk]
        self.at_desk[desk] = self.tried(case, desk, random, random.choice(CORRECTING))

    @rule(desk=desks)
    def a_desk_syncs(self, desk: str) -> None:
        self.bring_together(desk)

    def bring_together(self, desk: str) -> None:
        both = {one.name: one for one in (*self.hub.events, *self.at_desk[desk].events)}
        events = sorted(both.values(), key=lambda one: one.order)
        self.hub = Case(TICKET, self.hub.head, list(events))
        self.at_desk[desk] = Case(TICKET, self.hub.head, list(events))

    def teardown(self) -> None:
        for desk in self.at_desk:
            self.bring_together(desk)
        state = replay(self.hub)
        codes = {stray.code for stray in state.strays}
        assert codes <= {"E211"}, state.strays
        assert not codes or "state" in state.contested
        self.everything_is_settled(self.hub)

    def everything_is_settled(self, case: Case) -> None:
        random = Random(len(case.events))
        for _ in range(4 * len(case.events)):
            state = replay(case)
            if not state.contested:
                assert state.strays == []
                return
            self.now += timedelta(minutes=1)
            contest = random.choice(list(state.contested.values()))
            picks = [contest.applied, contest.other]
            random.shuffle(picks)
            try:
                case = self.settled(state, contest, picks[0])
            except Refusal as stop:
                if stop.code != "built-upon":  # one side may leave no ground to what followed
                    raise
                case = self.settled(state, contest, picks[1])
        raise AssertionError(state.contested)

    def settled(self, state: State, contest: Contest, pick: str) -> Case:
        fields = {"value": contest.value, "pick": pick, "reason": "x"}
        wish = Wish("settled", fields, self.now, Who("li.na", "manager"), "SHA")
        event = decide(state, wish, self.now, self.policy)
        case = Case(TICKET, state.case.head, [*state.case.events, event])
        if contest.value == "state" and not state.undone:
            self.is_as_picked(state, contest, pick, replay(case))
        return case

    def is_as_picked(self, before: State, contest: Contest, pick: str, after: State) -> None:
        """The state is what was picked, or waits again; no line of that side is lost by it."""
        text = contest.applied_text if pick == contest.applied else contest.other_text
        waiting = {line.name for line in before.excluded}
        assert after.state == text or waiting
        said = {fact.event.do for fact in after.facts}
        lost = [line for line in after.dismissed if line.name in waiting and line.do != "settled"]
        desk = event_order(pick)[1]
        if event_order(contest.applied)[1] != event_order(contest.other)[1]:
            assert all(line.do in said for line in lost if line.desk == desk)


TestThreeDesks = ThreeDesks.TestCase
TestThreeDesks.settings = settings(effort(60), stateful_step_count=80 if THOROUGH else 40)
