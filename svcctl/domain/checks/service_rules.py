"""Family E4: the department's own rules, each judged on what the ticket's events say.

Sources: SERVICE-RULES "The life of a request" (its numbers in the comments below). What depends on
the moment of asking, the standing of obligations, is in ``owed_rules``; the rest is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache

from svcctl.domain.cases import Event
from svcctl.domain.checks.dissatisfaction import dissatisfied
from svcctl.domain.checks.owed_rules import span_text
from svcctl.domain.moved import moved_too_late
from svcctl.domain.patterns import Pattern
from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import N_, Problem, Severity
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import Fact, State
from svcctl.domain.times import CLOCKS_DIFFER_BY, Span

Roles = Mapping[str, str]

FINISH_IT = N_("say what the visit came to: svcctl ticket finish {id} --result …")
"""What to do about E410 where no line says that the visit is over."""

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E401": (
        "error",
        N_("no reply in time"),
        N_("{what}: due {due}, {how}"),
        N_("call the customer and record it: svcctl ticket contact {id} --result reached"),
    ),
    "E402": (
        "warning",
        N_("first call late"),
        N_("{what}: due {due}, {how}"),
        N_("call the customer and record it: svcctl ticket contact {id} --result reached"),
    ),
    "E403": (
        "error",
        N_("slip not handed in"),
        N_("{what}: due {due}, {how}"),
        N_(
            "hand it in with `svcctl slip return {id}`, or explain it with `svcctl slip explain {id}`"
        ),
    ),
    "E404": (
        "error",
        N_("no callback the day after"),
        N_("{what}: due {due}, {how}"),
        N_("call the customer and record it: svcctl callbacks record {id}"),
    ),
    "E405": (
        "error",
        N_("no callback after the slip"),
        N_("{what}: due {due}, {how}"),
        N_("call the customer and record it: svcctl callbacks record {id}"),
    ),
    "E406": (
        "error",
        N_("sent out before the customer accepted"),
        N_("{event}: dispatched as paid work without the customer's acceptance"),
        N_("record the acceptance with `svcctl ticket accept {id} --at …` if there was one"),
    ),
    "E407": (
        "error",
        N_("reassignment without approval"),
        N_("{event}: reassigned with the approval of {approved}, who may not approve"),
        N_("let a responsible lead approve: a new reassignment, or an amendment with the reason"),
    ),
    "E408": (
        "warning",
        N_("caller not independent"),
        N_(
            "{event}: {by} did the work and made the callback; it does not count for an expense claim"
        ),
        N_("let somebody else call as well"),
    ),
    "E409": (
        "warning",
        N_("third copy not left"),
        N_("{event}: the customer refused the third copy"),
        N_("send it by mail and note that with `svcctl ticket note {id}`"),
    ),
    "E410": (
        "error",
        N_("slip field missing"),
        N_("{event}: the slip came in, but {field} is not recorded"),
        N_("add it: svcctl ticket amend {id} {target} {field} VALUE --reason …"),
    ),
    "E411": (
        "error",
        N_("no signature and no reason"),
        N_("{event}: the slip is not signed and no reason is given"),
        N_("add the reason with `svcctl ticket amend {id} {event} unsigned …`"),
    ),
    "E412": (
        "error",
        N_("dissatisfied, but no complaint"),
        N_("{event}: the customer is dissatisfied and no complaint was opened"),
        N_("svcctl ticket new --kind complaint --about {id}"),
    ),
    "E413": (
        "warning",
        N_("written down late"),
        N_("{event}: happened {at}, written down {noted}, {gap} later; such lines in all: {count}"),
        N_(
            "write things down when they happen; a mistyped time is corrected with "
            "`svcctl ticket amend {id} {event} at …`"
        ),
    ),
    "E414": (
        "error",
        N_("contested value"),
        N_("{value}: {applied} says {applied_text}, {other} says {other_text}"),
        N_(
            "svcctl ticket settle {id} --pick {applied} --reason …\n"
            "svcctl ticket settle {id} --pick {other} --reason …"
        ),
    ),
    "E415": (
        "error",
        N_("papers owed after emergency work"),
        N_("{what}: due {due}, {how}"),
        N_("review and, where paid, have it accepted: svcctl ticket review {id}"),
    ),
    "E416": (
        "warning",
        N_("policy without service phone"),
        N_("the policy names no service phone, and the slip must show one"),
        N_("svcctl edit policy, key service-phone"),
    ),
    "E417": (
        "error",
        N_("explained slip not handed in as promised"),
        N_("{what}: due {due}, {how}"),
        N_("hand it in with `svcctl slip return {id}`, or explain again"),
    ),
    "E418": (
        "error",
        N_("written down before it happened"),
        N_("{event}: happened {at}, but was written down {noted}, {gap} before"),
        N_(
            "correct the time with `svcctl ticket amend {id} {event} at …`, and the clock of the "
            "computer it was written on"
        ),
    ),
    "E419": (
        "error",
        N_("obligation not met in time"),
        N_("{what}: due {due}, {how}"),
        N_("`svcctl why {id} {which}` shows how it is counted and what meets it"),
    ),
    "E420": (
        "warning",
        N_("arrived after the appointment"),
        N_("{what}: due {due}, {how}"),
        N_(
            "svcctl ticket arrive {id} --at …; a new appointment is made with `svcctl ticket reassign "
            "{id} --visit …` and a mistyped one amended"
        ),
    ),
    "E421": (
        "warning",
        N_("result not told to the customer"),
        N_("{what}: due {due}, {how}"),
        N_("tell the customer and record it: svcctl ticket record {id} told"),
    ),
    "E422": (
        "error",
        N_("outcome of a complaint not told"),
        N_("{what}: due {due}, {how}"),
        N_("tell the customer and record it: svcctl ticket record {id} told"),
    ),
    "E423": (
        "error",
        N_("no answer by the time promised"),
        N_("{what}: due {due}, {how}"),
        N_(
            "answer and record it with `svcctl ticket reply {id}`; if it takes longer, say until when "
            "with --answer-by"
        ),
    ),
    "E424": (
        "error",
        N_("solution known, but no reply"),
        N_("{what}: due {due}, {how}"),
        N_("tell the customer and record it: svcctl ticket reply {id}"),
    ),
    "E425": (
        "warning",
        N_("no first contact after the dispatch"),
        N_("{what}: due {due}, {how}"),
        N_("call the customer and record it: svcctl ticket contact {id} --result reached"),
    ),
    "E426": (
        "error",
        N_("complaint not resolved in time"),
        N_("{what}: due {due}, {how}"),
        N_("find the cause, act, tell the customer, and close it: svcctl ticket close {id}"),
    ),
    "E427": (
        "error",
        N_("money not in in time"),
        N_("{what}: due {due}, {how}"),
        N_("ask for it, and record it when it is in: svcctl ticket record {id} paid amount=…"),
    ),
    "E428": (
        "warning",
        N_("a time was moved after it had passed"),
        N_(
            "{event}: {by} changed {field} of {target} from {since} to {until}; "
            "written down {noted}, when it was over"
        ),
        N_(
            "nothing is to be mended if it was mistyped: the reason stands in the line. What was "
            "agreed anew is no correction: svcctl ticket reassign {id} --visit …"
        ),
    ),
}


def ticket_problems(path: str, state: State, book: Book) -> list[Problem]:
    """Return every breach of a service rule that the ticket's own events show."""
    found: list[Problem] = []
    lagging: dict[str, list[Problem]] = {}
    some_imported = state.counts.get("imported", 0) > 0
    for fact in state.facts:
        event = fact.event
        if some_imported and is_imported(state, fact):
            continue
        check = _BY_EVENT.get(event.do)
        if check is not None:
            found.extend(check(path, state, fact))
        if event.noted != event.at and (late := _late(path, state, fact, book.at(event.at))):
            lagging.setdefault(late.code, []).append(late)
    for code in lagging:
        # One finding a ticket: who enters a whole paper slip afterwards did one thing late, not nine.
        first = lagging[code][0]
        found.append(first._replace(args={**first.args, "count": str(len(lagging[code]))}))
    if state.counts.get("amended"):
        found += _moved(path, state)
    for contest in state.contested.values():
        fact = next(f for f in state.facts if f.event.name == contest.applied)
        found.append(_problem("E414", path, state, fact, **contest._asdict()))
    return found


LOOKED_AT = Pattern.parse("dispatched(cover=paid, emergency)").conditions
"""What ``ticket_problems`` looks at besides what ``seems_odd`` does."""


def seems_odd(do: str, fields: Mapping[str, Value]) -> bool:
    """Whether an event alone may be a finding here, or is a dissatisfied answer.

    Of a ticket without such events, and with none written down late, called back by who did the work,
    or at the same moment as another where something was accepted, ``ticket_problems`` says what it
    says of another of the same form (``shapes``) that has a unit as this one has.
    """
    if fields.get("opinion") == "dissatisfied":
        return True
    if do == "slip-returned":
        refused = fields.get("signed") is False and not fields.get("unsigned")
        silent = fields.get("signed") is True and not fields.get("opinion")
        return refused or silent or fields.get("third-copy") == "refused"
    if do == "finished" and fields.get("result") in _DESCRIBED:
        return not (fields.get("fault") and fields.get("action"))
    return False


def lag_allowed(policy: Policy) -> tuple[timedelta, timedelta | None]:
    """Return how much earlier and later than it happened a line may be written down without a word."""
    limit = policy.back_dating
    return _BEFORE, None if limit is None else _length(limit)


def is_imported(state: State, fact: Fact) -> bool:
    """Whether an import wrote this event: such a line is judged on what its map supplied only."""
    return state.counts.get("imported", 0) > 0 and fact.event.noted == state.facts[0].event.noted


def _problem(code: str, path: str, state: State, fact: Fact, **args: str) -> Problem:
    event = fact.event
    return Problem(
        code,
        path,
        event.line,
        1,
        {"event": event.name, "id": state.case.id, **args},
        f"- {event.canonical()}",
        state.case.id,
    )


def _dispatched(path: str, state: State, fact: Fact) -> list[Problem]:
    # 2: the customer's acceptance comes before dispatch; 3: in an emergency it may come after.
    if fact.values.get("cover") != "paid" or fact.event.fields.get("emergency"):
        return []
    accepted = any(other.event.do == "accepted" and other.at <= fact.at for other in state.facts)
    return [] if accepted else [_problem("E406", path, state, fact)]


def approval_problems(path: str, state: State, book: Book, roles: Roles) -> list[Problem]:
    """Return each reassignment that nobody who may approve has approved.

    ``roles`` gives the role of each person in the staff cards; hence this is asked apart.
    """
    found = []
    for fact in state.facts:
        if fact.event.do == "reassigned" and not is_imported(state, fact):
            approved = as_text(fact.event.fields["approved"])
            role = roles.get(approved)  # somebody without a card is another finding (E305)
            if role is not None and not book.at(fact.at).allows("approve", role):
                found.append(_problem("E407", path, state, fact, approved=approved))
    return found


def complaint_problem(path: str, state: State, book: Book) -> Problem | None:
    """Return the finding that a dissatisfied answer has no complaint; the caller knows of those."""
    fact = dissatisfied(state, book)
    if fact is None or is_imported(state, fact) or state.values.get("kind") == "complaint":
        return None  # a complaint about a complaint is the same one, still open
    return _problem("E412", path, state, fact)


def _called_back(path: str, state: State, fact: Fact) -> list[Problem]:
    # 9: somebody other than the engineer who did the work calls.
    found = []
    worked = {
        as_text(other.event.fields["to"])
        for other in state.facts
        if other.event.do in ("dispatched", "reassigned") and other.event.order < fact.event.order
    }
    if fact.event.fields.get("result") == "reached" and fact.event.by in worked:
        found.append(_problem("E408", path, state, fact, by=fact.event.by))
    return found


def _slip_returned(path: str, state: State, fact: Fact) -> list[Problem]:
    # 6: three copies, the third stays with the customer; fields; a refused signature has a reason.
    found = []
    fields = fact.event.fields
    if fields.get("third-copy") == "refused":
        found.append(_problem("E409", path, state, fact))
    if fields.get("signed") is False and not fields.get("unsigned"):
        found.append(_problem("E411", path, state, fact))
    for field, target in missing_on_slip(state, fact):
        found.append(_problem("E410", path, state, fact, field=field, target=target))
    return found


def missing_on_slip(state: State, slip: Fact) -> list[tuple[str, str]]:
    """Return what the slip that came in with ``slip`` lacks: each field, and the line it belongs to.

    The line is an event's name, or ``head``; "" where that line itself is missing.
    """
    found = []
    done = [
        other.event
        for other in state.facts
        if other.event.do == "finished" and other.visit in (slip.visit, 0)
    ]
    if not done:
        found.append(("finished", ""))
    else:
        found += [(field, done[-1].name) for field in undescribed(done)]
    if not state.values.get("unit") and not state.values.get("model"):
        found.append(("model", "head"))
    if slip.event.fields.get("signed") is True and not slip.event.fields.get("opinion"):
        found.append(("opinion", slip.event.name))
    return found


def undescribed(done: Sequence[Event]) -> list[str]:
    """Return which of fault and action none of these finishes of one visit tells, where it has to be told."""
    if done[-1].fields.get("result") not in _DESCRIBED:
        return []
    return [
        field for field in ("fault", "action") if not any(one.fields.get(field) for one in done)
    ]


_DESCRIBED = ("fixed", "not-fixed", "parts-needed", "workshop")
"""The results of work of which fault and action have to be told."""

_BY_EVENT = {
    "dispatched": _dispatched,
    "called-back": _called_back,
    "slip-returned": _slip_returned,
}


def _moved(path: str, state: State) -> list[Problem]:
    # Deadlines follow what was agreed, so this is where one could be mended after the fact.
    found = []
    for one in moved_too_late(state):
        fact = next(fact for fact in state.facts if fact.event is one.event)
        args = {"since": as_text(one.old or ""), "until": as_text(one.new)}
        args |= {"by": one.event.by, "noted": as_text(one.event.noted), "target": one.target}
        found.append(_problem("E428", path, state, fact, field=one.field, **args))
    return found


_BEFORE = -CLOCKS_DIFFER_BY


def _late(path: str, state: State, fact: Fact, policy: Policy) -> Problem | None:
    before, after = lag_allowed(policy)
    event = fact.event
    gap = event.noted - event.at
    early = gap < before
    if not early and (after is None or gap <= after):
        return None
    return _problem(
        "E418" if early else "E413",
        path,
        state,
        fact,
        at=as_text(event.at),
        noted=as_text(event.noted),
        gap=span_text(int(gap.total_seconds())),
    )


@lru_cache(maxsize=64)
def _length(limit: Span) -> timedelta:
    """A span of the policy as a plain length: a month has 30 days here, a year 365."""
    if limit.seconds is not None:
        return timedelta(seconds=limit.seconds)
    return timedelta(days={"d": 1, "mo": 30, "y": 365}[limit.unit] * limit.amount)
