"""Taking back and changing by hand: ``undo`` and ``edit``. Corrections are events; cards are checked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk.finding import ticket_file
from svcctl.desk.tickets import Written, act
from svcctl.desk.typed import named_field
from svcctl.desk.writing import Manner, Outcome, Writing
from svcctl.domain import cards
from svcctl.domain.cards import CardKind
from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Wish, decide
from svcctl.domain.obligations import obligations
from svcctl.domain.problems import N_, Message, NotFound, Refusal, Unreadable, each_on_a_line
from svcctl.domain.replay import State, replay
from svcctl.domain.turned import last_standing, last_written
from svcctl.ledger.folder import RECORDS, is_case
from svcctl.ledger.records import load_card, load_lines, load_ticket

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.desk.journals import Noted
    from svcctl.domain.journals import JournalKind


class Last(NamedTuple):
    """The event that this desk wrote last, and those its command wrote before it, the latest first."""

    ticket: str
    path: str
    event: Event
    before: tuple[Event, ...] = ()


def last_of_desk(desk: Desk) -> Last:
    """Return what the last command of this desk wrote on a ticket and nobody took back, a void too.

    Raises ``NotFound``.
    """
    code = desk.desk_code()
    paths = desk.index.connection.execute(
        "select path from tickets order by last_noted desc, last_at desc limit 200"
    ).fetchall()
    best: Last | None = None
    for (path,) in paths:
        case, _, _ = load_ticket(desk.ledger, path)
        if best is not None and case.events[-1].noted < best.event.noted:
            break
        event, *before = last_written(replay(case), code) or (None,)
        if event is not None and (
            best is None or (event.noted, event.n) > (best.event.noted, best.event.n)
        ):
            best = Last(case.id, path, event, tuple(one for one in before if one is not None))
    if best is None:
        raise NotFound(
            "nothing-to-undo", Message(N_("desk {desk} has written nothing yet"), {"desk": code})
        )
    return best


def undo(desk: Desk, reason: str, manner: Manner) -> Written | Noted:
    """Void what this desk's last command wrote, on a ticket or in a journal; what a void voided counts again.

    Raises ``Refusal`` for the opening of a ticket: that is cancelled.
    """
    logged = _last_in_journals(desk)
    try:
        last = last_of_desk(desk)
    except NotFound:
        if logged is None:
            raise
        last = None
    if logged is not None and (last is None or _is_later(desk, logged, last)):
        last = None
    found = last or logged
    assert found is not None
    _check_nothing_hidden(desk, found.path)
    _check_last_made(desk, found)
    if last is None:
        assert logged is not None
        from svcctl.desk.entries import entry_id
        from svcctl.desk.journals import correct

        typed = entry_id(logged.path, logged.event)
        noted = correct(desk, logged.kind, typed, "voided", {"reason": reason}, manner)
        told = _of_void(logged.event, Message(OLDER_ENTRY, {"kind": logged.kind.name}))
        return noted._replace(outcome=_with(noted.outcome, told))
    if last.event.do == "opened":
        raise Refusal(
            "undo-opening",
            Message(N_("the last thing written was the opening of {id}"), {"id": last.ticket}),
            Message(
                N_("cancel it instead: svcctl ticket cancel {id} --reason …"), {"id": last.ticket}
            ),
        )
    each = [{"target": one.name, "reason": reason} for one in (last.event, *last.before)]
    written = act(desk, last.ticket, "voided", each[0], manner, *each[1:])
    told = _of_void(last.event, Message(OLDER_EVENT, {"id": last.ticket}))
    return written._replace(outcome=_with(written.outcome, told))


OLDER_EVENT = N_(
    "the last line was itself a taking back; an older one: svcctl ticket void {id} EVENT --reason …"
)
OLDER_ENTRY = N_(
    "the last line was itself a taking back; an older one: svcctl {kind} void ENTRY --reason …"
)


def _of_void(event: Event, message: Message) -> tuple[Message, ...]:
    """Say how to go further back, to who undid twice to take back two lines."""
    return (message,) if event.do == "voided" else ()


def _with(outcome: Outcome, told: tuple[Message, ...]) -> Outcome:
    return outcome._replace(notices=(*outcome.notices, *told))


class _Logged(NamedTuple):
    """The line that this desk wrote last into a journal."""

    kind: JournalKind
    path: str
    event: Event


def _check_nothing_hidden(desk: Desk, path: str) -> None:
    """Refuse where a file that cannot be read was changed after ``path``: it may hold the last line."""

    def changed(path: str) -> int:
        return (desk.ledger.root / path).lstat().st_mtime_ns

    for hidden in dict.fromkeys(one.path for one in desk.problems() if is_case(one.path)):
        try:
            load_lines(desk.ledger, hidden)
        except FileNotFoundError:
            continue  # taken away since the index looked
        except Unreadable as stop:
            if changed(hidden) < changed(path):
                continue
            raise Refusal(
                "last-line-hidden",
                Message(
                    N_("{path} cannot be read, and may hold the line this desk wrote last"),
                    {"path": hidden},
                ),
                Message(N_("put that file right first, or name the line: svcctl ticket void")),
            ) from stop


def _check_last_made(desk: Desk, found: Last | _Logged) -> None:
    """Refuse where the last command of this clone wrote no line, or one that was taken out by hand.

    ``found`` would be taken back instead: an older line that nobody speaks of.
    """
    from svcctl.ledger.folder import is_card
    from svcctl.ledger.lastmade import last_made

    gitdir = desk.ledger.repository
    made = last_made(gitdir) if gitdir is not None else None
    if gitdir is None or made is None:
        return
    root, cases = desk.ledger.root, [path for path in made.paths if is_case(path)]
    if cases:
        from svcctl.ledger.untouched import refuse_lacking

        refuse_lacking(
            gitdir, [(p, (root / p).read_bytes() if (root / p).is_file() else None) for p in cases]
        )
        return
    changed = [path for path in made.paths if is_card(path) and (root / path).is_file()]
    if not changed:
        return
    noted = int(found.event.noted.timestamp())
    if noted > made.at:
        return  # written since, and not committed
    files = [(root / path).stat().st_mtime_ns for path in (found.path, changed[0])]
    if noted == made.at and files[0] > files[1]:
        return
    raise _card_was_last(desk, changed[0], found)


def _card_was_last(desk: Desk, path: str, found: Last | _Logged) -> Refusal:
    """Return the refusal of ``undo`` after a card was changed, naming the way back for both."""
    folder, name = path.removesuffix(".yaml").split("/")[1:]
    kind = cards.BY_FOLDER.get(folder)
    said = N_("the last thing written here was {path}; undo takes back lines, not cards")
    back = N_("`git show` shows what was changed there")
    if kind is not None and kind.name in ("customer", "unit", "staff"):
        back = N_("to change it back: svcctl {noun} set {card} …")
        if load_card(desk.ledger, kind, name).get("erased"):
            back = N_("what was erased does not come back")
    older = N_("to take back the line before it: svcctl {noun} void {id} --reason …")
    if isinstance(found, Last):
        args = {"noun": "ticket", "id": f"{found.ticket} {found.event.name}"}
        if found.event.do == "opened":
            older = N_("the line before it opened {id}: svcctl ticket cancel {id} --reason …")
            args = {"id": found.ticket}
    else:
        from svcctl.desk.entries import entry_id

        args = {"noun": found.kind.name, "id": entry_id(found.path, found.event)}
    first = Message(back, {"noun": kind.name if kind is not None else "", "card": name})
    remedy = each_on_a_line(first, Message(older, args))
    return Refusal("card-changed-last", Message(said, {"path": path}), remedy)


def _is_later(desk: Desk, logged: _Logged, last: Last) -> bool:
    """Whether the journal's line came after the ticket's; within one second the files' times tell."""
    if logged.event.noted != last.event.noted:
        return logged.event.noted > last.event.noted
    changed = [(desk.ledger.root / one.path).stat().st_mtime_ns for one in (logged, last)]
    return changed[0] > changed[1]


def _last_in_journals(desk: Desk) -> _Logged | None:
    """Return the line this desk noted last in any journal and that nobody took back, if any."""
    from svcctl.desk.entries import of_desk
    from svcctl.domain.journals import JOURNALS

    code = desk.desk_code()
    best: _Logged | None = None
    for kind in JOURNALS:
        for path, case in of_desk(desk, kind, code):
            if best is not None and case.events and case.events[-1].noted < best.event.noted:
                break  # nothing was written later into those that follow
            event = last_standing(replay(case), code)
            if event is not None and (
                best is None or (event.noted, event.n) > (best.event.noted, best.event.n)
            ):
                best = _Logged(kind, path, event)
    return best


def settle(desk: Desk, typed: str, value: str, pick: str, reason: str, manner: Manner) -> Written:
    """Let the event ``pick`` stand for ``value``; without one, for every contested value it set.

    Raises ``Refusal`` where nothing is contested, ``Usage`` where ``pick`` is no candidate.
    """
    path = ticket_file(desk, typed)
    who, at, code = desk.who(manner.by), desk.read_time(manner.at), desk.desk_code()
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case, data, problems = load_ticket(desk.ledger, path)
        state = replay(case)
        events = []
        for name in [named_field(value, state.contested)] if value else _picked(state, pick):
            fields = {"value": name, "pick": pick, "reason": reason}
            event = decide(state, Wish("settled", fields, at, who, code), now, desk.book.at(now))
            events.append(event)
            state = replay(Case(case.kind, case.head, [*case.events, *events]))
        writing.append(path, data, *(event.canonical() for event in events))
        outcome = writing.finish(f"{case.id} settled", who, now)
    owed = obligations(state, desk.book)
    *before, last = events
    return Written(path, last, state, owed, outcome, (), tuple(problems), tuple(before))


def _picked(state: State, pick: str) -> list[str]:
    """Return the contested values that ``pick`` is a candidate for; what is wrong where it is none."""
    if not state.contested:
        raise Refusal(
            "not-contested",
            Message(N_("nothing of {id} is contested"), {"id": state.case.id}),
        )
    found = [
        name
        for name, contest in sorted(state.contested.items())
        if pick in (contest.applied, contest.other)
    ]
    return found or [min(state.contested)]  # one that is none: ``decide`` says who are


class Draft(NamedTuple):
    """A card or policy to be edited: its path and its text."""

    kind: CardKind | None
    name: str
    path: str
    text: bytes


def draft(desk: Desk, noun: str, name: str) -> Draft:
    """Return what ``edit`` puts into the editor. Raises ``NotFound``, ``Refusal``.

    A policy that is in force is not edited: its text judges closed tickets. The editor gets a copy
    for a later day instead (``name``: that day; default: the newest policy, if not yet in force).
    """
    desk.refuse_copied()
    if noun == "policy":
        return _policy_draft(desk, name)
    from svcctl.desk.cardwork import refuse_erased
    from svcctl.desk.finding import find_card

    card = find_card(desk, cards.KINDS[noun], name)
    refuse_erased(card)
    path = f"{RECORDS}/{card.kind.folder}/{card.id}.yaml"
    return Draft(card.kind, card.id, path, desk.ledger.read(path))


def _policy_draft(desk: Desk, name: str) -> Draft:
    from datetime import date

    from svcctl.ledger.book import policy_names, policy_text
    from svcctl.ledger.gonerules import problem
    from svcctl.ledger.records import unusable_rules

    names = policy_names(desk.ledger)
    today = desk.now().date().isoformat()
    wanted = name or _next_policy(desk, names[-1], today)
    try:
        date.fromisoformat(wanted)
    except ValueError:
        raise NotFound(
            "no-such-policy",
            Message(
                N_("“{name}” is not a day; policies are named by the day they begin"),
                {"name": wanted},
            ),
            Message(N_("svcctl edit policy 2027-01-01 begins a new one on that day"), {}),
        ) from None
    path = f"{RECORDS}/policy/{wanted}.yaml"
    if wanted in names:
        # A ledger without tickets has nothing that its rules have judged yet.
        if wanted <= today and _has_tickets(desk):
            raise Refusal(
                "policy-in-force",
                Message(
                    N_("the policy of {day} is in force and has judged tickets"), {"day": wanted}
                ),
                Message(N_("begin a new one from a later day on: svcctl edit policy DAY"), {}),
            )
        if wanted not in desk.ledger.names("policy"):
            raise unusable_rules([problem(path)])
        return Draft(None, wanted, path, desk.ledger.read(path))
    if wanted <= today:
        raise Refusal(
            "policy-in-the-past",
            Message(
                N_("a policy cannot begin on {day}: that day has passed or is today"),
                {"day": wanted},
            ),
            Message(N_("choose a later day"), {}),
        )
    before = [known for known in names if known < wanted]
    source = before[-1] if before else names[0]
    return Draft(None, wanted, path, policy_text(desk.ledger, f"{RECORDS}/policy/{source}.yaml"))


def _next_policy(desk: Desk, newest: str, today: str) -> str:
    """Return the policy to edit where none was named: one that has judged nothing yet.

    The newest, unless it is in force and tickets were judged by it; then a new one from tomorrow on.
    """
    from datetime import date, timedelta

    if newest > today or not _has_tickets(desk):
        return newest
    return (date.fromisoformat(today) + timedelta(days=1)).isoformat()


def _has_tickets(desk: Desk) -> bool:
    return desk.index.connection.execute("select 1 from tickets limit 1").fetchone() is not None


class Saved(NamedTuple):
    """What ``save`` wrote, or would write: the record's noun, item and path, both its texts."""

    noun: str
    item: dict[str, object]
    path: str
    before: bytes
    after: bytes
    moment: datetime
    outcome: Outcome

    def difference(self) -> list[str]:
        """Return the lines taken away and added, each with its mark, as ``diff -u`` shows them."""
        from difflib import unified_diff

        before, after = (
            text.decode("utf-8", "replace").splitlines() for text in (self.before, self.after)
        )
        return list(unified_diff(before, after, self.path, self.path, lineterm=""))


def save(desk: Desk, made: Draft, fresh: bytes, manner: Manner) -> Saved:
    """Check what came back from the editor and write it; a dry run only checks. Raises ``Usage``."""
    from svcctl.desk import cardwork
    from svcctl.desk.writing import Writing

    if made.kind is not None:
        done = cardwork.replace_text(desk, made.kind, made.name, made.text, fresh, manner)
        return Saved(
            made.kind.name, done.item(), made.path, made.text, fresh, desk.now(), done.outcome
        )
    from svcctl.ledger.records import policy_in

    policy_in(made.path, made.name, fresh)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        who = desk.who(manner.by)
        if (desk.ledger.root / made.path).exists():
            writing.replace(made.path, made.text, fresh)
        else:
            writing.create(made.path, fresh)
        outcome = writing.finish(f"policy {made.name}", who, desk.read_time(manner.at))
    item: dict[str, object] = {"id": made.name, "path": made.path}
    return Saved("policy", item, made.path, made.text, fresh, desk.now(), outcome)
