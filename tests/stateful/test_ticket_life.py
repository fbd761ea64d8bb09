"""The life of a ticket, played at random: what decide accepts is sound, what it refuses is explained.

Two desks write. Now and then one works without the other's lines, and both are merged afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from thorough import THOROUGH, effort
from ticketplay import at, book, head, policy_from, shipped_policy
from tickets_at_random import LIKELY, Chance

from svcctl.domain.cases import Case, Event, read_case
from svcctl.domain.decide import NOT_BY_HAND, Who, Wish, decide
from svcctl.domain.obligations import obligations
from svcctl.domain.patterns import Pattern
from svcctl.domain.policy import ROLES
from svcctl.domain.problems import Stop
from svcctl.domain.replay import State, over_of, replay
from svcctl.domain.schema import as_text
from svcctl.domain.ticket import TABLE, TICKET
from svcctl.domain.times import CLOCKS_DIFFER_BY
from svcctl.ledger import casefile

seeds = st.integers(0, 2**32)
RECORDED = tuple(name for name in TICKET.events if name not in NOT_BY_HAND)


class TicketLife(RuleBasedStateMachine):
    """One ticket, as one clone has it; ``apart`` is what another clone has written meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.now = at("11-16 09:00")
        self.case = Case(TICKET, head(), [])
        self.apart: Case | None = None
        self.policy = shipped_policy()

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

    # One command --------------------------------------------------------------------------------

    def tried(
        self, case: Case, desk: str, random: Random, do: str = "", forward: bool = False
    ) -> Case:
        """Return the case after a command, or the same one if it is refused."""
        state = replay(case)
        wished = self.wished(state, desk, random, do, forward)
        before = case.text(), said(state)
        owed = obligations(state, book(self.policy)) if wished.do == "closed" else []
        try:
            event = decide(state, wished, self.now, self.policy, owed)
        except Stop as stop:
            assert (case.text(), said(state)) == before
            self.is_explained(stop)
            return case
        assert (case.text(), said(state)) == before
        self.is_sound(state, event, wished)
        return Case(TICKET, case.head, [*case.events, event])

    def wished(self, state: State, desk: str, random: Random, do: str, forward: bool) -> Wish:
        """A command at random; ``forward``: one that the table of states has for this state."""
        pattern = Pattern.parse(do or random.choice((*LIKELY, *LIKELY, *RECORDED)))
        if forward:
            row = [text for text in TABLE[state.state] if text.split("(")[0] in RECORDED]
            row += [text for text in row if text.split("(")[0] not in ("cancelled", "reopened")] * 2
            pattern = Pattern.parse(random.choice(row))
        chance = Chance(random.randrange(2**32))
        values = chance.fields(pattern.do, state.case.events)
        fields = {key: as_text(value) for key, value in values.items()}
        for condition in pattern.conditions:
            if condition.field in TICKET.events[pattern.do].order:
                fields[condition.field] = random.choice(sorted(condition.words)) or "x"
        fields.pop("from", None)
        if pattern.do == "settled" and state.contested:
            contest = random.choice(list(state.contested.values()))
            fields["value"] = contest.value
            fields["pick"] = random.choice((contest.applied, contest.other))
        if random.randrange(15) == 0:
            fields.pop(random.choice((*fields, "")), None)
        back = random.choice((*[0] * 12, -3, -6, 5, 60, 60 * 24 * 40))
        role = random.choice((*["manager"] * 12, *ROLES))
        happened = self.now - timedelta(minutes=back)
        return Wish(pattern.do, fields, happened, Who("li.na", role), desk)

    def is_explained(self, stop: Stop) -> None:
        assert stop.code
        assert stop.remedy is not None
        for message in (stop.message, stop.remedy):
            assert message.template.format_map(dict(message.args))

    def is_sound(self, state: State, event: Event, wished: Wish) -> None:
        case = state.case
        assert event.n == max(earlier.n for earlier in case.events) + 1
        assert (event.desk, event.at, event.noted) == (wished.desk, wished.at, self.now)
        assert event.at <= self.now + CLOCKS_DIFFER_BY
        assert event.at >= state.facts[0].at
        assert event.over == over_of(state, event)
        after = replay(Case(TICKET, case.head, [*case.events, event]))
        assert after.facts[-1].event.name == event.name
        if event.do == "settled" and event.fields["value"] == "state":
            # Lines that were left out may happen now, and come up against others in their turn.
            known = {stray.event.name for stray in state.strays}
            assert {stray.event.name for stray in after.strays} <= known
        else:
            strays = {(stray.event.name, stray.code) for stray in state.strays}
            assert {(stray.event.name, stray.code) for stray in after.strays} <= strays
            assert set(after.contested) <= set(state.contested)
        if event.do == "settled":
            assert event.fields["value"] not in after.contested
        if event.do == "closed" and self.policy.close_needs:
            assert not any(
                one.met is None and one.excused is None and one.ended is None
                for one in obligations(state, book(self.policy))
                if "closed" not in one.met_with
            )
        self.reads_back(event)

    def reads_back(self, event: Event) -> None:
        raw = casefile.read_case(
            Case(TICKET, self.case.head, [self.case.events[0], event]).text(), "x.yaml"
        )
        case, wrong = read_case(TICKET, raw.head, raw.events, raw.event_lines)
        assert case is not None, (wrong.head, wrong.events)
        assert case.events[1] == event
        assert case.events[1].fields == event.fields

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


def said(state: State) -> object:
    """What a state says, to see that nobody changed it."""
    return (
        state.state,
        dict(state.values),
        dict(state.setters),
        dict(state.contested),
        [(fact.event.canonical(), fact.visit, fact.cycle, fact.attempt) for fact in state.facts],
        len(state.strays),
    )


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
