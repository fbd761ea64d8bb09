"""Attaching files to a ticket, and listing them. Knows the order of the steps; not what kinds there are.

The file is written first, then the line that names it: killed in between, there is a file too many,
never a line without its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.finding import ticket_file
from svcctl.desk.items import of_state
from svcctl.desk.naming import customer_name
from svcctl.desk.view import View
from svcctl.desk.writing import Manner, Outcome, Writing
from svcctl.domain.attachments import check, kind_of, path_of, shown_name
from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Who, Wish, decide
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.problems import N_, Message, Problem, Refusal
from svcctl.domain.replay import replay
from svcctl.domain.state import State
from svcctl.domain.ticket import TICKET
from svcctl.ledger.attached import Source, look_at, state_of
from svcctl.ledger.records import load_ticket


class Attached(NamedTuple):
    """What was attached: the ticket afterwards, and an event for each file it did not have yet."""

    path: str
    state: State
    owed: list[Obligation]
    events: list[Event]
    outcome: Outcome
    problems: tuple[Problem, ...]

    def item(self, desk: Desk) -> dict[str, object]:
        """Return the ticket as machine output has it, with what was written."""
        name = customer_name(desk, self.state.text("customer"))
        item = of_state(self.state, self.owed, desk.now(), name)
        return {**item, "written": [event.canonical() for event in self.events]}


def attach(desk: Desk, typed: str, files: Sequence[Path], words: str, manner: Manner) -> Attached:
    """Attach files to the ticket that ``typed`` names. Returns what was written.

    A file that the ticket has already is not attached again. Nothing is attached if one of them may
    not be. Raises ``NotFound``, ``Refusal``, ``Usage``, ``Unreadable``, ``Busy``.
    """
    code = desk.desk_code()
    path = ticket_file(desk, typed)
    who = desk.who(manner.by)
    at = desk.read_time(manner.at)
    policy = desk.book.at(desk.now())
    sources = [look_at(file) for file in files]
    kinds = [kind_of(source.path.name, source.beginning) for source in sources]
    for source, kind in zip(sources, kinds, strict=True):
        check(policy, source.path.name, source.size, kind)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case, data, problems = load_ticket(desk.ledger, path)
        known = {str(one.fields["sha256"]) for one in case.events if one.do == "attached"}
        notices: list[Message] = []
        made: list[Event] = []
        for source, kind in zip(sources, kinds, strict=True):
            content = source.path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if digest in known:
                args = {"name": shown_name(source.path.name)}
                notices.append(Message(N_("{name} is attached already"), args))
                continue
            known.add(digest)
            wish = _wish(source, digest, len(content), kind, words, (at, who, code))
            check(policy, source.path.name, len(content), kind)
            event = decide(replay(case), wish, now, policy)
            case = Case(TICKET, case.head, [*case.events, event])
            made.append(event)
            _store(desk, writing, path_of(case.id, digest, kind), digest, content)
        if made:
            writing.append(path, data, "\n- ".join(event.canonical() for event in made))
        outcome = writing.finish(f"{case.id} attached", who, now)
    outcome = outcome._replace(notices=(*notices, *outcome.notices))
    state = replay(case)
    owed = obligations(state, desk.book)
    return Attached(path, state, owed, made, outcome, tuple(problems))


def _wish(
    source: Source, digest: str, size: int, kind: str, words: str, how: tuple[Any, Who, str]
) -> Wish:
    fields = {"name": shown_name(source.path.name), "sha256": digest}
    fields |= {"size": str(size), "type": kind, **({"words": words} if words else {})}
    at, who, code = how
    return Wish("attached", fields, at, who, code)


def _store(desk: Desk, writing: Writing, path: str, digest: str, content: bytes) -> None:
    """Plan the file, unless a command that was killed left it there already."""
    state = state_of(desk.ledger, path, digest)
    if state == "missing":
        writing.create(path, content)
    elif state == "whole":
        writing.include(path)
    else:
        raise Refusal(
            "already-there",
            Message(N_("{path} is already there, with another content"), {"path": path}),
            Message(
                N_("svcctl audit says more; with git-lfs: git lfs pull; else restore it from git")
            ),
        )


def attachments(view: View, typed: str) -> list[dict[str, object]]:
    """Return one item per file attached to a ticket by the view's moment, in the order of events."""
    desk = view.desk
    path = ticket_file(desk, typed)
    case, _, _ = load_ticket(desk.ledger, path)
    state = replay(case, view.as_of, view.known)
    return [item_of(desk, case.id, fact.event) for fact in state.facts if _is_one(fact.event)]


def paths_of(state: State) -> list[str]:
    """Return where the files attached to a ticket lie, from the ledger's root, each once."""
    found = [fact.event.fields for fact in state.facts if _is_one(fact.event)]
    return list(
        dict.fromkeys(path_of(state.case.id, str(one["sha256"]), str(one["type"])) for one in found)
    )


def _is_one(event: Event) -> bool:
    return event.do == "attached"


def item_of(desk: Desk, ticket: str, event: Event) -> dict[str, object]:
    """Return an attached file as machine output has it."""
    digest, kind = str(event.fields["sha256"]), str(event.fields["type"])
    path = path_of(ticket, digest, kind)
    return {
        "id": path,
        "ticket": ticket,
        "event": event.name,
        "name": event.fields["name"],
        "type": kind,
        "size": event.fields["size"],
        "sha256": digest,
        "at": event.at.isoformat(),
        "by": event.by,
        "words": event.fields.get("words"),
        "path": path,
        "found": state_of(desk.ledger, path, digest),
    }
