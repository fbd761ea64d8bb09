"""Lines of two desks that exclude one another: which they are, and what it means to pick one.

One desk cancels, the other, which has not seen it, arrives and finishes: after the merge the second
desk's lines follow no more. They are kept, count for nothing, and make the state contested: with the
first of them as the other candidate. Settling picks one side: the excluded lines are dismissed, or
happen after all, from the state in which their desk wrote them. What a desk had before it is found by
leaving out what it may not have seen; ``replay`` says what a line then leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from svcctl.domain.cases import CaseKind, Event
from svcctl.domain.contests import RETROACTIVE, settlement, sides
from svcctl.domain.identity import event_order
from svcctl.domain.schema import as_text
from svcctl.domain.state import Contest, Led, State

REFERRING = ("target", "pick")
"""Fields that name an event which the desk of the line has seen."""

Without = Callable[[Collection[Event]], Led | None]
"""What the line in question would have led to, had these not been written; None where it does not
follow then either."""


def exclude(state: State, event: Event, without: Without) -> bool:
    """Note ``event``, which does not follow, as excluded by another desk's line; whether it is so.

    Its desk wrote it where it did follow, without what others wrote unseen; or behind an excluded
    line of its own or one that it had seen. One that only says what has become so anyway is dismissed.
    """
    if any(event.desk == one.desk or event.over == one.name for one in state.excluded):
        state.excluded.append(event)
        return True
    if event.do == "settled" and state.undoing:
        state.dismissed.append(event)  # a later settlement took back what it was about
        return True
    found = _first_that_follows(state, event, without)
    if found is None:
        return False
    unseen, led = found
    if led.after == state.state and event.over is not None:
        state.dismissed.append(event)  # it says what is so already: nothing is to be decided
        return True
    contested = "state" in state.contested
    undone = [] if contested else _needed(state, unseen, without)
    if not state.views.left:
        return False  # which corrections are in its way was not found out
    if not state.excluded:
        state.seen = led.before
    state.excluded.append(event)
    if not contested:
        by = undone[-1].name if undone else _in_the_way(state, unseen)
        state.contested["state"] = Contest("state", by, event.name, state.state, led.after)
        if undone:
            state.undone[event.name] = [one.name for one in undone]
    return True


def _first_that_follows(
    state: State, event: Event, without: Without
) -> tuple[list[Event], Led] | None:
    """Return what its desk had not seen, of all ways the first in which ``event`` follows."""
    for unseen in _ways(state, event):
        led = without(unseen)
        if led is not None:
            return unseen, led
        if not state.views.left:
            return None
    return None


def _ways(state: State, event: Event) -> Iterator[list[Event]]:
    """Yield what may not have been seen where ``event`` followed.

    That is at its own desk, which may have corrected more since; or where another desk brought it
    back, by a void of a void.
    """
    if not state.views.may_look(1 + len(state.events) // 8):
        return
    sights = _sights(state.events)
    if event.name not in sights:
        return  # an event that is only tried, by an import, has seen all there is
    yield from _unseen(state, event, sights[event.name])
    for one in state.corrections:
        if one.desk != event.desk and one.do == "voided":
            yield from _unseen(state, one, sights[one.name])
    since = [one for one in state.corrections if one.desk == event.desk and one.order > event.order]
    if since:
        ways = _unseen(state, event, sights[event.name])
        yield from ([*unseen, *since] for unseen in ways)


def _unseen(state: State, event: Event, sight: Mapping[str, int]) -> Iterator[list[Event]]:
    """Yield what the desk of ``event`` may not have seen: of every other, all from one line on.

    First what was written behind all that ``event`` says it saw; then the least that may matter.
    """
    apart = _apart(state, event, sight)
    if event.over is not None:
        seen = event_order(event.over)
        later = [one for lines in apart for one in lines if one.order > seen]
        if later:
            yield later
    cuts = [_cuts(state.case.kind, lines) for lines in apart]
    for total in range(1, sum(map(len, cuts)) + 1):
        for depths in _spread(total, [len(places) for places in cuts]):
            yield [
                one
                for lines, places, depth in zip(apart, cuts, depths, strict=True)
                if depth
                for one in lines[places[-depth] :]
            ]


def _apart(state: State, event: Event, sight: Mapping[str, int]) -> list[list[Event]]:
    """Return the lines of each other desk that the desk of ``event`` need not have seen until then.

    ``sight`` is what it has surely seen. Corrections count wherever they stand.
    """
    corrections = {one.name for one in state.corrections}
    apart: dict[str, list[Event]] = {}
    for one in state.events[1:] if state.case.kind.opens else state.events:
        before = one.order < event.order or one.name in corrections
        if before and one.desk != event.desk and one.n > sight.get(one.desk, 0):
            apart.setdefault(one.desk, []).append(one)
    return list(apart.values())


def _sights(events: Sequence[Event]) -> dict[str, dict[str, int]]:
    """Return by each event's name up to which number its desk had surely seen each desk's lines.

    It has seen what it names; and with a line those before it of the same desk, and what these name.
    """
    sights: dict[str, dict[str, int]] = {}
    last: dict[str, dict[str, int]] = {}
    for one in events:
        sight = dict(last.get(one.desk, {}))
        for name in (one.over, *(one.fields.get(key) for key in REFERRING)):
            for desk, number in sights.get(as_text(name) if name else "", {}).items():
                sight[desk] = max(sight.get(desk, 0), number)
        sight[one.desk] = one.n
        sights[one.name] = last[one.desk] = sight
    return sights


def _cuts(kind: CaseKind, lines: Sequence[Event]) -> list[int]:
    """Return the places of those lines that can decide what follows."""
    return [
        place
        for place, one in enumerate(lines)
        if one.do in RETROACTIVE
        or one.do in kind.visit_starts
        or "state" in kind.events[one.do].sets
    ]


def _spread(total: int, rooms: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield every way in which ``total`` fits into ``rooms``."""
    if not rooms:
        if not total:
            yield ()
        return
    for first in range(min(total, rooms[0]), -1, -1):
        for rest in _spread(total - first, rooms[1:]):
            yield (first, *rest)


def _needed(state: State, unseen: Sequence[Event], without: Without) -> list[Event]:
    """Return the corrections among ``unseen`` without which alone the line can follow."""
    names = {one.name for one in unseen}
    corrections = {one.name for one in state.corrections}
    needed = [one for one in unseen if one.name in corrections]
    for one in reversed(needed):
        fewer = [other for other in unseen if other is not one]
        if without(fewer) is not None:
            unseen = fewer
    return [one for one in unseen if one in needed and one.fields.get("target") not in names]


def _in_the_way(state: State, unseen: Sequence[Event]) -> str:
    """Return whose line made the present state: the last of ``unseen`` that counts."""
    names = {one.name for one in unseen}
    setter = state.setters["state"]
    if setter in names:
        return setter
    return next((f.event.name for f in reversed(state.facts) if f.event.name in names), setter)


def take_up(state: State, event: Event, happen: Callable[[State, Event], None]) -> Contest | None:
    """Let the excluded lines happen, or dismiss them, where ``event`` settles the state.

    Those of the desk that was not picked are dismissed, and earlier settlements. Return what is contested next: lines of a
    third desk may not follow the picked ones, or lead elsewhere.
    """
    contest = state.contested.get("state")
    if contest is None or not state.excluded or as_text(event.fields["value"]) != "state":
        return None
    settled = settlement(state, event)
    if settled is None:
        return None
    pick = as_text(event.fields["pick"])
    won, lost = sides(contest, pick)
    lines, state.excluded = state.excluded, []
    names = {line.name for line in lines}
    state.strays = [stray for stray in state.strays if stray.event.name not in names]
    setter = state.setters["state"]
    picked = next((line for line in lines if line.name == pick), None)
    text = as_text(settled.value or "")
    if picked is None:
        state.state, state.setters["state"] = text, won
    else:
        state.state, state.setters["state"] = state.seen, picked.over or pick
    del state.contested["state"]
    for line in lines:
        loses = line.name == lost or line.desk == event_order(lost)[1] != event_order(pick)[1]
        if loses or (line.do == "settled" and line is not picked):  # that question was another one
            state.dismissed.append(line)
        else:
            happen(state, line)
    state.taken_up[event.name] = state.state
    state.setters["state"] = setter
    again = state.contested.get("state")
    if again is None and picked is None and state.state != text:
        again = Contest("state", event.name, won, state.state, text)
    state.contested["state"] = contest
    return again
