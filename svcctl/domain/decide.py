"""``decide``: state + command + now -> the event to write, or a Refusal with its reason.

Pure: the desk reads files and clocks and hands in what is needed. Whatever this function lets pass,
``replay`` accepts without a stray; that is proved by replaying with the new event before returning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from svcctl.domain.cases import Case, Event, EventKind
from svcctl.domain.contests import CORRECTING, RETROACTIVE, amended_value
from svcctl.domain.corrections import check_correction, refuse_built_upon
from svcctl.domain.following import OF_IMPORTS, does_not_follow, still_contested
from svcctl.domain.judging import Obligation, standing_at
from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import N_, Message, Refusal, Usage, Words, each_on_a_line
from svcctl.domain.replay import State, over_of, replaced, replay
from svcctl.domain.schema import Value, as_text
from svcctl.domain.standing import OWED
from svcctl.domain.times import CLOCKS_DIFFER_BY, deadline_text

NOT_BY_HAND = ("opened", "imported")
"""Events that taking or importing a ticket writes. As commands they would skip every rule."""

LAST_NUMBER = 999_999_999
"""The largest number an event may have; a mangled file that has it already takes no more."""


def reopen_until(state: State, book: Book) -> datetime | None:
    """Return until when an ended case is taken up again rather than followed by a new one.

    By the policy in force when it ended. None: no limit is configured, or it has not ended.
    """
    ending = None
    for fact in reversed(state.facts):
        if fact.state not in state.case.kind.ended:
            break
        ending = fact
    if ending is None:
        return None
    policy = book.at(ending.at)
    if policy.reopen_within is None:
        return None
    return book.calendar_of(policy).due(ending.at, policy.reopen_within, "wall", "never")


class Who(NamedTuple):
    """The person a command is done by: staff id and role."""

    id: str
    role: str


class Wish(NamedTuple):
    """A command before it is judged: what shall have happened, with its fields as text."""

    do: str
    fields: Mapping[str, str]
    at: datetime
    who: Who
    desk: str


_MAY = {
    "dispatched": "dispatch",
    "reassigned": "dispatch",
    "reviewed": "review",
    "closed": "close",
    "cancelled": "cancel",
    "voided": "correct",
    "amended": "correct",
    "settled": "settle",
}
"""Which line of the policy's ``may`` an event needs."""


def decide(
    state: State,
    wish: Wish,
    now: datetime,
    policy: Policy,
    owed: Sequence[Obligation] = (),
) -> Event:
    """Return the event that ``wish`` becomes. Raises ``Usage`` or ``Refusal``; writes nothing.

    ``owed`` are the case's obligations (asked for closing only). ``now`` is the desk's clock.
    """
    if wish.do in NOT_BY_HAND:
        raise Refusal(
            "not-by-hand",
            Message(N_("{do} is what taking or importing a ticket writes"), {"do": wish.do}),
            Message(N_("take a new request with `svcctl ticket new`"), {}),
        )
    event = draft(state.case, wish, now)
    _check_time(state, event.at, now, _opening(state))
    what = _MAY.get(wish.do, "")
    if what and not policy.allows(what, wish.who.role):
        raise Refusal(
            "not-allowed",
            Message(
                N_("{by} is {role}; this needs one of: {roles}"),
                {
                    "by": wish.who.id,
                    "role": wish.who.role,
                    "roles": ", ".join(sorted(policy.may[what])),
                },
            ),
            Message(N_("let one of them do it with --by, or change `may` in the policy"), {}),
        )
    _check_contested(state, event)
    event.over = over_of(state, event)
    after = replay(Case(state.case.kind, state.case.head, [*state.case.events, event]))
    for stray in after.strays:
        if stray.event is event:
            raise does_not_follow(state, event, stray.code)
    if event.do in CORRECTING and _is_voided(state, as_text(event.fields["target"])):
        raise does_not_follow(state, event, "E209")
    if wish.do == "slip-explained":
        _refuse_slip_that_is_in(after)
    if wish.do == "closed":
        _check_nothing_owed(state.case.id, policy, owed, now)
    if event.do in RETROACTIVE:
        check_correction(state, after, event)
        _check_amended_time(state, event, now)
    return event


def _is_voided(state: State, target: str) -> bool:
    """Whether a void that counts took ``target`` back."""
    voids = (one for one in state.corrections if one.do == "voided")
    return any(one.fields["target"] == target for one in voids)


def draft(case: Case, wish: Wish, now: datetime) -> Event:
    """Return the event as it would stand at the end of the list. Raises ``Usage`` on bad fields."""
    declared = case.kind.events[wish.do]
    number = max((event.n for event in case.events), default=0) + 1
    if number > LAST_NUMBER:
        raise Refusal(
            "no-number-left",
            Message(N_("{id} has an event with the last number there is"), {"id": case.id}),
            Message(N_("restore the file: `git log -p` shows which line was changed"), {}),
        )
    allowed = set(declared.order) - {OF_IMPORTS}
    values: dict[str, Value] = {}
    for key, text in wish.fields.items():
        if key not in allowed:
            raise Usage(
                "unknown-field",
                Message(N_("{do} has no field {key}"), {"do": wish.do, "key": key}),
                Message(N_("known are: {known}"), {"known": ", ".join(sorted(allowed))}),
            )
        try:
            values[key] = declared.shape.converters[key](text)
        except ValueError:
            args = declared.shape.bad_value(key, text).args
            raise Usage(
                "bad-value",
                Message(N_("{key}: “{value}” is not {expected}"), args),
                Message(N_("write the value in the form named"), {}),
            ) from None
    for field in declared.own:
        if field.required and field.name not in values:
            raise Usage(
                "missing-field",
                Message(N_("{do} needs {key}"), {"do": wish.do, "key": field.name}),
                Message(N_("give {key} too: {expected}"), _expected(declared, field.name)),
            )
    ordered = {name: values[name] for name in declared.order if name in values}
    # To the second, as it is written: what is decided is what will be read.
    at, noted = wish.at.replace(microsecond=0), now.replace(microsecond=0)
    return Event(number, wish.desk, at, noted, wish.who.id, wish.do, ordered)


def _expected(declared: EventKind, key: str) -> dict[str, str]:
    return {"key": key, "expected": declared.shape.bad_value(key, "").args["expected"]}


def _opening(state: State) -> datetime | None:
    """Return when the case began; None for one that has no beginning."""
    if not state.case.kind.opens:
        return None
    return state.opened


def _check_time(state: State, at: datetime, now: datetime, opened: datetime | None) -> None:
    if at > now + CLOCKS_DIFFER_BY:
        raise Refusal(
            "in-the-future",
            Message(
                N_("{at} has not happened yet: now it is {now}"),
                {"at": as_text(at), "now": as_text(now)},
            ),
            Message(N_("check --at and this computer's clock"), {}),
        )
    if opened is not None and at < opened:
        raise Refusal(
            "before-opening",
            Message(
                N_("{at} is before the request was made ({opened})"),
                {"at": as_text(at), "opened": as_text(opened)},
            ),
            Message(
                N_(
                    "check --at; a wrong time of opening is corrected with `svcctl ticket amend {id} {event} at …`"
                ),
                {"id": state.case.id, "event": state.case.events[0].name},
            ),
        )


def _check_amended_time(state: State, event: Event, now: datetime) -> None:
    """Refuse to move an event to a time at which it cannot have happened."""
    if event.do != "amended" or event.fields["field"] != "at":
        return
    target = as_text(event.fields["target"])
    made = next(one for one in state.case.events if one.name == target)
    at = amended_value(state.case.kind, made, event)
    assert isinstance(at, datetime)
    if made is not state.case.events[0] or not state.case.kind.opens:
        _check_time(state, at, now, _opening(state))
        return
    # Earlier is what the opening may be; later only up to what followed it.
    _check_time(state, at, now, at)
    refuse_built_upon(target, [f.event.name for f in state.facts[1:] if f.at < at])


def _check_contested(state: State, event: Event) -> None:
    if event.do == "settled":
        if event.fields["value"] not in state.contested:
            contested = ", ".join(sorted(state.contested)) or "-"
            raise Refusal(
                "not-contested",
                Message(N_("{value} is not contested"), {"value": as_text(event.fields["value"])}),
                Message(N_("contested are: {contested}"), {"contested": contested}),
            )
        contest = state.contested[as_text(event.fields["value"])]
        if event.fields["pick"] not in (contest.applied, contest.other):
            raise Usage(
                "no-such-candidate",
                Message(
                    N_("pick {applied} or {other}"),
                    {"applied": contest.applied, "other": contest.other},
                ),
                Message(
                    N_("{applied} says {applied_text}, {other} says {other_text}"),
                    contest._asdict(),
                ),
            )
        return
    for value in sorted(set(replaced(state, event)) & set(state.contested)):
        raise still_contested(state, value)


def _refuse_slip_that_is_in(after: State) -> None:
    """Refuse to explain a slip that was in by then: its hand-in would be promised once more.

    Two desks may have written both apart from each other; so nothing is wrong with such a history.
    """
    explained = after.facts[-1]
    for fact in after.facts:
        is_in = fact.event.do == "slip-returned" and fact.at <= explained.at
        if is_in and fact.visit == explained.visit:
            raise Refusal(
                "slip-is-in",
                Message(
                    N_("the slip of visit {number} has been in since {at} ({event})"),
                    {
                        "number": str(fact.visit),
                        "at": as_text(fact.at),
                        "event": fact.event.name,
                    },
                ),
                Message(
                    N_(
                        "nothing is left to explain; if it did not come in, take that back first: "
                        "svcctl ticket void {id} {event} --reason …"
                    ),
                    {"id": after.case.id, "event": fact.event.name},
                ),
            )


def _check_nothing_owed(
    identifier: str, policy: Policy, owed: Sequence[Obligation], now: datetime
) -> None:
    if policy.close_needs is None:
        return
    waiting = [
        one
        for one in owed
        if one.met is None
        and one.ended is None
        and "closed" not in one.met_with  # what closing itself meets cannot wait for it
        and standing_at(one, now) in OWED
        and (
            one.kind in policy.close_needs
            or ("nothing-owed" in policy.close_needs and one.due is not None)
        )
    ]
    if waiting:
        listed = "; ".join(
            f"{one.kind}{f' ({one.number})' if one.number else ''} {_due(one)}".strip()
            for one in waiting
        )
        raise Refusal(
            "still-owed",
            Message(N_("still owed: {listed}"), {"listed": Words(listed)}),
            each_on_a_line(*_what_meets(identifier, waiting)),
        )


def _what_meets(identifier: str, owed: Sequence[Obligation]) -> list[Message]:
    """Return how to meet obligations, in the words in which the audit says it of a breach, each once."""
    from svcctl.domain.checks.owed_rules import code_of_rule
    from svcctl.domain.checks.service_rules import MESSAGES  # both build on this module

    found: dict[tuple[str, str], Message] = {}
    for one in owed:
        code = code_of_rule(one.kind)
        which = f"{one.kind}:{one.number}" if one.number > 1 else one.kind
        remedy = MESSAGES[code][3]
        told = Message(remedy, {"id": identifier, "which": which})
        found.setdefault((remedy, which if "{which}" in remedy else ""), told)
    return list(found.values())


def _due(one: Obligation) -> str:
    return " ".join(deadline_text(one.due)) if one.due is not None else ""
