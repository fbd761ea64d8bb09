"""Lines of two desks that exclude one another: which they are, and what it means to pick one.

One desk cancels, the other, which has not seen it, arrives and finishes: after the merge the second
desk's lines follow no more. They are kept, count for nothing, and make the state contested: with the
first of them as the other candidate. Settling picks one side: the excluded lines are dismissed, or
happen after all, from the state in which their desk wrote them. Knows the table of states through
``replay``, which asks it about a line that does not follow.
"""

from __future__ import annotations

from collections.abc import Callable

from svcctl.domain.cases import Event
from svcctl.domain.contests import settlement
from svcctl.domain.identity import event_order
from svcctl.domain.schema import as_text
from svcctl.domain.state import Contest, State

Follows = Callable[[str], str | None]
"""From a state to the one that would follow; "" for none other; None where the line may not be."""


def exclude(state: State, event: Event, follows: Follows) -> bool:
    """Note ``event``, which does not follow, as excluded by another desk's line; whether it is so.

    Its desk wrote it in a state that was so before that line, or behind an excluded line of its own.
    One that only says what has become so anyway is dismissed.
    """
    if any(one.desk == event.desk for one in state.excluded):
        state.excluded.append(event)
        return True
    seen = _seen(state, event, follows)
    if seen is None:
        return False
    other = follows(seen) or seen
    if other == state.state:
        if event.over is None:
            return False
        state.dismissed.append(event)  # it says what is so already: nothing is to be decided
        return True
    if not state.excluded:
        state.seen = seen
    state.excluded.append(event)
    if "state" not in state.contested:
        setter = state.setters["state"]
        state.contested["state"] = Contest("state", setter, event.name, state.state, other)
    return True


def _seen(state: State, event: Event, follows: Follows) -> str | None:
    """Return the state in which the desk wrote ``event``; None where another desk's line is not why it
    does not follow."""
    setter = state.setters["state"]
    if setter.lstrip("0123456789") == event.desk:
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
