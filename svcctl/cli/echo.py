"""What every writing command prints: the line it wrote, the ticket it concerns, what to know besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svcctl.cli import columns
from svcctl.cli.session import Session, session
from svcctl.domain.problems import Message
from svcctl.views.language import _, due, say, word
from svcctl.views.output import Column, Format, Item
from svcctl.views.safe import json_text, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svcctl.desk.cardwork import CardWritten
    from svcctl.desk.desk import Desk
    from svcctl.desk.journals import Noted
    from svcctl.desk.tickets import Written
    from svcctl.domain.problems import Problem
    from svcctl.ledger.waiting import Waiting


def open_desk() -> Desk:
    """Return the desk of this run: ``--ledger``, SVCCTL_LEDGER, or around the working directory."""
    from svcctl.desk.desk import open_desk

    run = session()
    if run.ahead is not None:
        (given, desk), run.ahead = run.ahead, None
        if given == run.ledger:
            desk.ledger.waiting = waiting()
            return desk
        desk.let_go()
    return open_desk(run.ledger, run.clock, waiting())


def waiting() -> Waiting:
    """Return how this run waits for another command: told on stderr, named by its words alone."""
    import click

    from svcctl.ledger.waiting import Waiting

    run = session()
    command = click.get_current_context().command_path.partition(" ")[2]
    return Waiting(lambda message: run.tell(say(message)), command)


def written(desk: Desk, done: Written, output: Format, dry_run: bool) -> None:
    """Print what a ticket command wrote, or would write."""
    run = session()
    if output != "table":
        run.emit("ticket", [done.item(desk)], columns.TICKET, output, as_of=desk.now().isoformat())
    else:
        if dry_run:
            run.tell(_("Dry run: nothing was written."))
        for event in (*done.before, done.event):
            run.print(f"- {json_text(event.canonical())}")
        _print_turned(run, desk, done)
        run.print(_headline(desk, done))
        _print_owed(run, desk, done)
        for other in done.also:
            run.print(f"- {json_text(other.event.canonical())}")
            run.print(_("complaint opened: {id}").format(id=other.state.case.id))
    notices(run, done.outcome.notices)
    _in_doubt(run, desk, done.problems)


def noted(desk: Desk, done: Noted, output: Format, dry_run: bool) -> None:
    """Print what was written into a journal, or would be, and the entry as it is now."""
    run = session()
    item = done.item()
    if output != "table":
        shown = [Column(key, key) for key in item]
        run.emit("log", [item], shown, output, as_of=desk.now().isoformat())
    else:
        if dry_run:
            run.tell(_("Dry run: nothing was written."))
        run.print(f"- {json_text(done.event.canonical())}")
        if done.entry is None:
            run.print(_("{id} counts no more").format(id=_corrected(done)))
        else:
            named = (line(str(done.entry["words"])), *done.entry["tickets"])
            run.print(" · ".join((done.entry["id"], *named)))
        if done.turned:
            from svcctl.cli.turned import tell
            from svcctl.ledger.folder import journal_kind

            kind = journal_kind(done.path)
            assert kind is not None
            tell(run, desk, kind, done.turned, f"{done.id.partition('/')[0]}/")
    notices(run, done.outcome.notices)
    _in_doubt(run, desk, done.problems)


def _in_doubt(run: Session, desk: Desk, problems: tuple[Problem, ...]) -> None:
    """Report on stderr what is wrong with what was written to, with other files, with the rules."""
    others = [one for one in desk.files_in_doubt() if one not in problems]
    rules = [one for one in desk.rules_in_doubt() if one not in others]
    run.warn((*problems, *others, *rules))


def _print_turned(run: Session, desk: Desk, done: Written) -> None:
    """Print which lines of the ticket a void turned, or several of one command."""
    if done.event.do == "voided":
        from svcctl.cli.turned import tell
        from svcctl.domain.turned import turned

        case = done.state.case
        tell(run, desk, case.kind, turned(case, len(done.before) + 1))


def _corrected(done: Noted) -> str:
    return f"{done.id.partition('/')[0]}/{done.event.fields['target']}"


def _headline(desk: Desk, done: Written) -> str:
    from svcctl.desk.naming import customer_name

    state = done.state
    return _("{id} · {state} · {customer} · {subject}").format(
        id=state.case.id,
        state=word(state.state),
        customer=line(customer_name(desk, state.text("customer"))) or state.text("customer"),
        subject=line(state.text("subject")),
    )


def _print_owed(run: Session, desk: Desk, done: Written) -> None:
    """Print what is owed next on this ticket, soonest first."""
    from svcctl.desk.naming import person_name
    from svcctl.domain.judging import standing_at

    moment = done.event.noted
    names = {who: line(person_name(desk, who)) for who in {one.who for one in done.owed} if who}
    for one in sorted(done.owed, key=lambda one: (one.due is None, one.due or one.starts)):
        standing = standing_at(one, moment)
        if standing in ("open", "missed", "paused"):
            template = (
                _("  owed: {what} by {who}, due {due} ({standing})")
                if one.due
                else _("  owed: {what} by {who}, without a time limit ({standing})")
            )
            shown = template.format(
                what=word(one.kind),
                who=names.get(one.who) or word(one.owner),
                due=due(one.due.isoformat()) if one.due else "",
                standing=word(standing),
            )
            run.print(run.paint(shown, "red") if standing == "missed" else shown)


def contested(run: Session, items: Iterable[Item], key: str = "id") -> None:
    """Tell on stderr, once for each contested ticket, which values are, and where to look."""
    found = {item[key]: item["contested"] for item in items if item["contested"]}
    for identifier, values in found.items():
        assert isinstance(values, list)
        run.tell(
            _("{id} is contested ({values}): svcctl ticket show {id} names both candidates").format(
                id=identifier,
                values=", ".join(word(one["field"], "field") for one in values),
            )
        )


def marked(items: Iterable[Item], key: str = "id") -> list[Item]:
    """The items for a table: the id of a contested ticket bears a mark."""
    return [mark(item, key) if item["contested"] else item for item in items]


def mark(item: Item, key: str = "id") -> Item:
    """The item of a contested ticket for a table: its id bears a mark."""
    return {**item, key: f"{item[key]} !"}


def card(desk: Desk, done: CardWritten, output: Format, dry_run: bool) -> None:
    """Print what a card command wrote, or would write."""
    run = session()
    if output != "table":
        shown = [Column(key, key) for key in done.item()]
        run.emit(done.card.kind.name, [done.item()], shown, output, as_of=desk.now().isoformat())
    else:
        if dry_run:
            run.tell(_("Dry run: nothing was written."))
        run.print(f"{done.card.id}  {done.path}")
        for text in done.text.rstrip("\n").split("\n"):
            run.print("  " + line(text))
    notices(run, done.outcome.notices)
    _in_doubt(run, desk, ())


def notices(run: Session, messages: tuple[Message, ...]) -> None:
    """Print on stderr what the user should know besides what was written."""
    for message in messages:
        run.tell(run.paint(say(message), "yellow"))
