"""One command after the other, at random: what ``decide`` accepts is sound, what it refuses explained."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from ticketplay import at, book, shipped_policy
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

RECORDED = tuple(name for name in TICKET.events if name not in NOT_BY_HAND)


class Commands:
    """Commands under one policy, at one time; each is checked as it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.now = at("11-16 09:00")
        self.policy = shipped_policy()

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
            assert set(after.contested) <= set(state.contested) | asked_again(case, event)
        if event.do == "settled" and event.fields["value"] in after.contested:
            assert state.excluded  # lines of a third desk were waiting
        if event.do == "closed" and self.policy.close_needs:
            assert not any(
                one.met is None and one.excused is None and one.ended is None
                for one in obligations(state, book(self.policy))
                if "closed" not in one.met_with and one.due is not None
            )
        self.reads_back(case, event)

    def reads_back(self, case: Case, event: Event) -> None:
        raw = casefile.read_case(Case(TICKET, case.head, [case.events[0], event]).text(), "x.yaml")
        read, wrong = read_case(TICKET, raw.head, raw.events, raw.event_lines)
        assert read is not None, (wrong.head, wrong.events)
        assert read.events[1] == event
        assert read.events[1].fields == event.fields


def asked_again(case: Case, event: Event) -> set[str]:
    """The value that is contested anew where ``event`` takes a settlement back."""
    if event.do != "voided":
        return set()
    target = next(one for one in case.events if one.name == event.fields["target"])
    if target.do == "voided":
        return asked_again(case, target)
    return {as_text(target.fields["value"])} if target.do == "settled" else set()


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
