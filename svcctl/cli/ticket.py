"""``svcctl ticket``: one command per thing that happens to a ticket. Parses, calls the desk, prints."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_staff, complete_word
from svcctl.cli.lazy import Noun, Target
from svcctl.cli.manner import How, writing
from svcctl.cli.options import TicketId, words_typed
from svcctl.domain.problems import N_

app = Noun(
    N_("Requests: take, dispatch, finish, close, look up."),
    table={
        "new": Target(
            "svcctl.cli.ticket_new:new",
            N_("Take a request. Asks for what is missing on a terminal."),
        ),
        "list": Target("svcctl.cli.ticket_read:list_tickets", N_("Open tickets, by urgency.")),
        "amend": Target(
            "svcctl.cli.ticket_correct:amend",
            N_("Correct a field of the head or of an event, with the reason."),
        ),
        "void": Target(
            "svcctl.cli.ticket_correct:void",
            N_("Take back an event, with the reason; the line stays."),
        ),
        "settle": Target(
            "svcctl.cli.ticket_correct:settle",
            N_("Decide which of two candidates of a contested value stands."),
        ),
        "attach": Target(
            "svcctl.cli.ticket_attach:attach", N_("Attach files: photographs, papers, recordings.")
        ),
        "attachments": Target(
            "svcctl.cli.ticket_attach:attachments",
            N_("The files attached to a ticket, with their paths."),
        ),
        "record": Target("svcctl.cli.ticket_record:record", N_("Anything else that happened.")),
        "show": Target("svcctl.cli.ticket_read:show", N_("One ticket with every event.")),
    },
)

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=N_("Why."))]
Words = Annotated[str, words_typed(N_("In words."))]
Visit = Annotated[
    str, typer.Option("--visit", metavar="N", help=N_("Which visit, where there are several."))
]
AnswerBy = Annotated[
    str,
    typer.Option("--answer-by", metavar="TIME", help=N_("Until when more will be said: promised.")),
]


def act(ticket: str, do: str, fields: dict[str, str], how: How, *, another: bool = False) -> None:
    """Let ``do`` happen and print it; every command on a ticket ends here."""
    from svcctl.desk import tickets

    desk = echo.open_desk()
    done = tickets.act(desk, ticket, do, fields, how.manner, another=another)
    echo.written(desk, done, how.output, how.dry_run)


@app.command("review", help=N_("Decide: in scope or not, free or paid."))
@writing
def review(
    ticket: TicketId,
    cover: Annotated[
        str,
        typer.Option(
            "--cover",
            metavar="COVER",
            help=N_("free, paid or declined."),
            autocompletion=complete_word("reviewed", "cover"),
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=N_("Why."))] = "",
    *,
    how: How,
) -> None:
    """Review a request."""
    fields = {"cover": cover, "reason": reason}
    act(ticket, "reviewed", fields, how)


@app.command("quote", help=N_("Name the fee to the customer."))
@writing
def quote(
    ticket: TicketId,
    amount: Annotated[str, typer.Option("--amount", metavar="AMOUNT", help=N_("Such as 120.00."))],
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record a quote."""
    fields = {"amount": amount, "words": words}
    act(ticket, "quoted", fields, how)


@app.command("accept", help=N_("Record that the customer accepted the fee."))
@writing
def accept(
    ticket: TicketId,
    amount: Annotated[
        str, typer.Option("--amount", metavar="AMOUNT", help=N_("Such as 120.00."))
    ] = "",
    proof: Annotated[
        str, typer.Option("--proof", metavar="TEXT", help=N_("Signature, message, recording ..."))
    ] = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record the customer's acceptance."""
    fields = {"amount": amount, "proof": proof, "words": words}
    act(ticket, "accepted", fields, how)


@app.command("dispatch", help=N_("Send an engineer; the slip gets its number."))
@writing
def dispatch(
    ticket: TicketId,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="STAFF", help=N_("The engineer."), autocompletion=complete_staff
        ),
    ],
    visit: Annotated[str, typer.Option("--visit", metavar="TIME", help=N_("The appointment."))],
    emergency: Annotated[
        str,
        typer.Option("--emergency", metavar="REASON", help=N_("Work first, papers after: why.")),
    ] = "",
    another: Annotated[
        bool, typer.Option("--another", help=N_("One more visit, while one is under way."))
    ] = False,
    *,
    how: How,
) -> None:
    """Dispatch an engineer."""
    fields = {"to": to, "visit": visit, "emergency": emergency}
    act(ticket, "dispatched", fields, how, another=another)


@app.command("reassign", help=N_("Give a visit to another engineer, with an approval."))
@writing
def reassign(
    ticket: TicketId,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="STAFF", help=N_("The engineer."), autocompletion=complete_staff
        ),
    ],
    approved: Annotated[
        str,
        typer.Option(
            "--approved-by",
            metavar="STAFF",
            help=N_("Who approved it."),
            autocompletion=complete_staff,
        ),
    ],
    reason: Reason,
    visit: Annotated[
        str, typer.Option("--visit", metavar="TIME", help=N_("The new appointment."))
    ] = "",
    number: Annotated[
        str,
        typer.Option("--visit-no", metavar="N", help=N_("Which visit, where there are several.")),
    ] = "",
    *,
    how: How,
) -> None:
    """Reassign a visit."""
    fields = {
        "to": to,
        "visit": visit,
        "approved": approved,
        "reason": reason,
        "visit-no": number,
    }
    act(ticket, "reassigned", fields, how)


@app.command("contact", help=N_("Record a call to the customer before or between visits."))
@writing
def contact(
    ticket: TicketId,
    result: Annotated[
        str,
        typer.Option(
            "--result",
            metavar="RESULT",
            help=N_("reached, unreached or refused."),
            autocompletion=complete_word("contacted", "result"),
        ),
    ],
    answer_by: AnswerBy = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record a contact."""
    fields = {"result": result, "answer-by": answer_by, "words": words}
    act(ticket, "contacted", fields, how)


@app.command("reply", help=N_("Record an answer to the customer in writing."))
@writing
def reply(
    ticket: TicketId,
    answer_by: AnswerBy = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record a reply."""
    act(ticket, "replied", {"answer-by": answer_by, "words": words}, how)


@app.command("arrive", help=N_("Record that the engineer arrived."))
@writing
def arrive(
    ticket: TicketId,
    visit: Visit = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record an arrival."""
    fields = {"words": words, "visit-no": visit}
    act(ticket, "arrived", fields, how)


@app.command("finish", help=N_("Record what came of the visit or the telephone help."))
@writing
def finish(
    ticket: TicketId,
    result: Annotated[
        str,
        typer.Option(
            "--result",
            metavar="RESULT",
            help=N_(
                "fixed, by-phone, no-fault, no-access, refused, not-fixed, parts-needed or workshop."
            ),
            autocompletion=complete_word("finished", "result"),
        ),
    ],
    fault: Annotated[str, typer.Option("--fault", metavar="TEXT", help=N_("What was wrong."))] = "",
    action: Annotated[
        str, typer.Option("--action", metavar="TEXT", help=N_("What was done."))
    ] = "",
    fee: Annotated[str, typer.Option("--fee", metavar="AMOUNT", help=N_("Such as 120.00."))] = "",
    visit: Visit = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record the end of the work."""
    fields = {
        "result": result,
        "fault": fault,
        "action": action,
        "fee": fee,
        "words": words,
        "visit-no": visit,
    }
    act(ticket, "finished", fields, how)


@app.command("note", help=N_("Add a remark."))
@writing
def note(
    ticket: TicketId,
    words: Annotated[str, typer.Argument(metavar="TEXT", help=N_("The remark."))],
    *,
    how: How,
) -> None:
    """Add a remark."""
    act(ticket, "noted", {"words": words}, how)


@app.command("pause", help=N_("Wait for somebody else; clocks stand still as the policy says."))
@writing
def pause(
    ticket: TicketId,
    waiting: Annotated[
        str, typer.Option("--for", metavar="WHOM", help=N_("customer, or parts of our own."))
    ],
    reason: Reason,
    *,
    how: How,
) -> None:
    """Record that the work waits."""
    act(ticket, "paused", {"for": waiting, "reason": reason}, how)


@app.command("resume", help=N_("The waiting is over; clocks run on."))
@writing
def resume(
    ticket: TicketId,
    waiting: Annotated[
        str,
        typer.Option("--for", metavar="WHOM", help=N_("customer or parts; without it, for both.")),
    ] = "",
    words: Words = "",
    *,
    how: How,
) -> None:
    """Record that the waiting is over."""
    act(ticket, "resumed", {"for": waiting, "words": words}, how)


@app.command("close", help=N_("Close a ticket on which nothing is owed any more."))
@writing
def close(
    ticket: TicketId,
    words: Words = "",
    *,
    how: How,
) -> None:
    """Close a ticket."""
    act(ticket, "closed", {"words": words}, how)


@app.command("reopen", help=N_("Take an ended ticket up again."))
@writing
def reopen(
    ticket: TicketId,
    reason: Reason,
    *,
    how: How,
) -> None:
    """Reopen a ticket."""
    act(ticket, "reopened", {"reason": reason}, how)


@app.command("cancel", help=N_("End a ticket without work, at the customer's wish."))
@writing
def cancel(
    ticket: TicketId,
    reason: Reason,
    *,
    how: How,
) -> None:
    """Cancel a ticket."""
    act(ticket, "cancelled", {"reason": reason}, how)
