"""Lines of two desks that exclude one another: which they are, and what it means to pick one.

One desk cancels, the other, which has not seen it, arrives and finishes: after the merge the second
desk's lines follow no more. They are kept, count for nothing, and make the state contested: with the
first of them as the other candidate. Settling picks one side: the excluded lines are dismissed, or
happen after all, from the state in which their desk wrote them. Knows the table of states through
``replay``, which asks it about a line that does not follow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from svcctl.domain.cases import Event
from svcctl.domain.contests import settlement
from svcctl.domain.identity import event_order
from svcctl.domain.schema import as_text
from svcctl.domain.state import Contest, State

Follows = Callable[[str], str | None]
"""From a state to the one that would follow; "" for none other; None where the line may not be."""
Without = Callable[[Event, Collection[str]], State]
"""What a line would have led to, had the corrections of these names not been written."""


class _Sight(NamedTuple):
    """What a desk had before it when it wrote a line, to which that led, and whose line came between."""

    seen: str
    other: str
    by: str
    corrected: bool = False


def exclude(state: State, event: Event, follows: Follows, without: Without) -> bool:
    """Note ``event``, which does not follow, as excluded by another desk's line; whether it is so.

    Its desk wrote it in a state that was so before that line, or behind an excluded line of its own
    or one that it had seen. One that only says what has become so anyway is dismissed.
    """
    if any(event.desk == one.desk or event.over == one.name for one in state.excluded):
        state.excluded.append(event)
        return True
    sight = _before_another(state, event, follows) or _uncorrected(state, event, without)
    if sight is None:
        return False
    if sight.other == state.state:
        if event.over is None:
            return False
        state.dismissed.append(event)  # it says what is so already: nothing is to be decided
        return True
    if not state.excluded:
        state.seen = sight.seen
    state.excluded.append(event)
    if "state" not in state.contested:
        contest = Contest("state", sight.by, event.name, state.state, sight.other)
        state.contested["state"] = contest
        if sight.corrected:
            state.undone[event.name] = sight.by
    return True


def _uncorrected(state: State, event: Event, without: Without) -> _Sight | None:
    """Return what the desk saw where another desk corrected, unseen, what ``event`` is built on."""
    unseen: list[str] = []
    for one in reversed(state.corrections):
        if one.desk == event.desk:
            continue
        if event.over is not None and one.order < event_order(event.over):
            break
        unseen.append(one.name)
        corrected = as_text(one.fields.get("target", ""))
        order = event_order(corrected)
        if event.over is not None and order > event_order(event.over) and order[1] != event.desk:
            unseen.append(
                corrected
            )  # unseen as well: to take its correction away shall not bring it
        facts = without(event, unseen).facts
        place = next((n for n, fact in enumerate(facts) if fact.event is event), 0)
        if place:
            return _Sight(facts[place - 1].state, facts[place].state, one.name, corrected=True)
    return None


def _before_another(state: State, event: Event, follows: Follows) -> _Sight | None:
    """Return what the desk saw where another desk's line, unseen, changed the state before ``event``."""
    seen = _seen(state, event, follows)
    return None if seen is None else _Sight(seen, follows(seen) or seen, state.setters["state"])


def _seen(state: State, event: Event, follows: Follows) -> str | None:
    """Return the state in which the desk wrote ``event``; None where another desk's line is not why it
    does not follow."""
    setter = state.setters["state"]
    if event_order(setter)[1] == event.desk:
        return None
    if event.over is not None and event_order(event.over) >= event_order(setter):
        return None
    before = False
    for fact in reversed(state.facts):
        if before and follows(fact.state) is not None:
            return fact.state
        if fact.event.name == event.over:
            return None
        before = before or fact.event.name == setter
    return None


def take_up(state: State, event: Event, happen: Callable[[State, Event], None]) -> None:
    """Let the excluded lines happen, or dismiss them, where ``event`` settles the state."""
    contest = state.contested.get("state")
    if contest is None or not state.excluded or as_text(event.fields["value"]) != "state":
        return
    if settlement(state, event) is None:
        return
    lines, state.excluded = state.excluded, []
    names = {line.name for line in lines}
    state.strays = [stray for stray in state.strays if stray.event.name not in names]
    pick = as_text(event.fields["pick"])
    if pick not in names:
        state.dismissed += lines
        return
    setter, state.state = state.setters["state"], state.seen
    del state.contested["state"]
    for line in lines:
        happen(state, line)
    state.taken_up[pick] = state.state
    state.setters["state"] = setter
    state.contested["state"] = contest
