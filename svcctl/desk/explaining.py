"""Why something is owed on a ticket when it is. Knows how to find the ticket; the steps are ``reasons``."""

from __future__ import annotations

from typing import NamedTuple, cast

from svcctl.desk.desk import Desk
from svcctl.desk.finding import ticket_file
from svcctl.desk.items import Item, of_obligation
from svcctl.desk.naming import person_name
from svcctl.desk.view import View
from svcctl.domain.counting import Clock
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book, Policy
from svcctl.domain.problems import N_, Message, NotFound, Problem
from svcctl.domain.reasons import counted, policy_of, reasons
from svcctl.domain.replay import replay
from svcctl.domain.times import format_instant
from svcctl.ledger.records import load_ticket


class Explained(NamedTuple):
    """One obligation, its item as machine output has it, and the steps that lead to it."""

    one: Obligation
    item: Item
    steps: list[Message]

    @property
    def name(self) -> str:
        """What a person calls it: ``slip``, or ``slip:2`` for that of the second visit."""
        return f"{self.one.kind}:{self.one.number}" if self.one.number > 1 else self.one.kind


def why(view: View, typed: str, wanted: str = "") -> tuple[str, list[Explained]]:
    """Return the ticket's id, and each obligation at the moment (or those ``wanted``) with its steps.

    ``wanted`` is a kind such as ``slip``, or one instance such as ``slip:2``. Raises ``NotFound``,
    ``Unreadable``, ``Usage``.
    """
    desk, moment = view.desk, view.as_of
    case, _, _ = load_ticket(desk.ledger, ticket_file(desk, typed))
    state = replay(case, moment, view.known)
    if not state.facts:
        raise NotFound(
            "not-yet",
            Message(
                N_("{id} did not exist yet at {at}"),
                {"id": case.id, "at": format_instant(moment)},
            ),
        )
    found = obligations(state, desk.book)
    kind, _, number = wanted.replace("：", ":").partition(":")
    kind = _obligation_called(kind, [*desk.book.owed_names(), *(one.kind for one in found)])
    chosen = [
        one
        for one in found
        if (not kind or one.kind == kind) and (not number or str(one.number) == number)
    ]
    if wanted and not chosen:
        raise _nothing(case.id, wanted, found, desk.book.at(moment))
    return (
        case.id,
        [
            Explained(
                one,
                {**of_obligation(one, moment), **_more(one, desk.book)},
                [_by_name(desk, one, step) for step in reasons(state, desk.book, one, moment)],
            )
            for one in chosen
        ],
    )


def unknown_years(view: View, found: list[Explained]) -> list[Problem]:
    """Return the years without statutory holidays (E239) that could change what is due when."""
    from svcctl.desk import hours

    problems: list[Problem] = []
    for one, _, _ in found:
        if one.due is None:
            continue
        policy = policy_of(view.desk.book, one)
        rule, named = policy.rules[one.kind], hours.named_by(view.desk, policy)
        if rule.within is not None:
            more = hours.unknown_of_due(
                named, one.starts, rule.within, cast(Clock, rule.clock), one.due, one.pauses
            )
        else:
            more = hours.unknown_of_day(named, one.due)
        problems += [problem for problem in more if problem not in problems]
    return problems


def _by_name(desk: Desk, one: Obligation, step: Message) -> Message:
    """A step with people called by their names: whoever owes it, whoever wrote a line it names."""
    people = {"by": step.args.get("by", "")}
    if one.who and step.args.get("owner") == one.who:
        people["owner"] = one.who
    named = {place: person_name(desk, who) for place, who in people.items() if who}
    return step._replace(args={**step.args, **named}) if named else step


def _obligation_called(typed: str, known: list[str]) -> str:
    """Return the obligation of this name, or with this label; what is neither, as it was typed."""
    from svcctl.views.language import stored_word

    return stored_word(typed, "obligation", known) or typed if typed else ""


def _more(one: Obligation, book: Book) -> Item:
    """What an item of an obligation has besides, where it is explained."""
    policy = policy_of(book, one)
    rule = policy.rules[one.kind]
    windows = rule.within is not None and rule.within.seconds is not None and rule.clock == "work"
    spans = counted(book.calendar_of(policy), one) if windows else []
    return {
        "started_by": one.started_by,
        "met_by": one.met_by or None,
        "not_before": format_instant(one.not_before) if one.not_before else None,
        "excused": format_instant(one.excused) if one.excused else None,
        "ended": format_instant(one.ended) if one.ended else None,
        "pauses": [[format_instant(start), format_instant(end)] for start, end in one.pauses],
        "paused": format_instant(one.paused) if one.paused else None,
        "rule": one.rule,
        "policy": one.policy,
        "policy_version": policy.version,
        "line": one.line,
        "windows": [[format_instant(start), format_instant(end)] for start, end in spans],
    }


def _nothing(identifier: str, wanted: str, found: list[Obligation], policy: Policy) -> NotFound:
    rule = policy.rules.get(wanted.partition(":")[0])
    if rule is not None and rule.is_off:
        return NotFound(
            "no-limit",
            Message(
                N_("no limit is configured for {wanted}, so nothing is owed by that line: {place}"),
                {"wanted": rule.name, "place": f"{policy.path}:{rule.line}"},
            ),
            Message(N_("svcctl edit policy DAY: write the time after `within`"), {}),
        )
    names = list(dict.fromkeys(f"{o.kind}:{o.number}" if o.number else o.kind for o in found))
    return NotFound(
        "no-such-obligation",
        Message(
            N_("{id} has no obligation {wanted}: nothing has started it"),
            {"id": identifier, "wanted": wanted},
        ),
        Message(N_("it has: {names}"), {"names": ", ".join(names)})
        if names
        else Message(N_("nothing is or was owed on this ticket"), {}),
    )
