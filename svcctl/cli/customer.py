"""``svcctl customer``: the only place with names, phones and addresses."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import cardcommands, echo
from svcctl.cli.completion import complete_customer
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.cli.options import ShowPersonal
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.safe import line

app = Noun(N_("Customers: name, phone, address."))

Who = Annotated[
    str,
    typer.Argument(
        metavar="CUSTOMER",
        help=N_("The customer: an id, a phone number, or part of a name."),
        autocompletion=complete_customer,
    ),
]
Name = Annotated[str, typer.Option("--name", metavar="TEXT", help=N_("Name."))]
Phone = Annotated[str, typer.Option("--phone", metavar="NUMBER", help=N_("Phone number."))]
Address = Annotated[str, typer.Option("--address", metavar="TEXT", help=N_("Address."))]
Contact = Annotated[str, typer.Option("--contact", metavar="TEXT", help=N_("Whom to ask for."))]
Company = Annotated[str, typer.Option("--company", metavar="TEXT", help=N_("Company."))]
Email = Annotated[str, typer.Option("--email", metavar="ADDRESS", help=N_("E-mail address."))]
Region = Annotated[str, typer.Option("--region", metavar="TEXT", help=N_("Region."))]
Marks = Annotated[str, typer.Option("--marks", metavar="TEXT", help=N_("Special marks."))]


@app.command("new", help=N_("Add a customer; the desk issues the id."))
@writing
def new(
    name: Name = "",
    phone: Phone = "",
    address: Address = "",
    contact: Contact = "",
    company: Company = "",
    email: Email = "",
    region: Region = "",
    marks: Marks = "",
    *,
    how: How,
) -> None:
    """Add a customer."""
    name = name or session().ask(_("Name"), "--name")
    given: cardcommands.Given = {
        "name": name,
        "contact": contact,
        "phone": phone,
        "company": company,
        "address": address,
        "email": email,
        "region": region,
        "marks": marks,
    }
    cardcommands.new("customer", "", given, how)


@app.command("set", help=N_("Change a customer's card."))
@writing
def set_(
    customer: Who,
    name: Name = "",
    phone: Phone = "",
    address: Address = "",
    contact: Contact = "",
    company: Company = "",
    email: Email = "",
    region: Region = "",
    marks: Marks = "",
    *,
    how: How,
) -> None:
    """Change a customer's card."""
    given: cardcommands.Given = {
        "name": name,
        "contact": contact,
        "phone": phone,
        "company": company,
        "address": address,
        "email": email,
        "region": region,
        "marks": marks,
    }
    cardcommands.change("customer", customer, given, how)


@app.command("list", help=N_("The customers, by id."))
@reading
def list_(
    text: cardcommands.Text = "", show_personal: ShowPersonal = False, *, asked: Asked
) -> None:
    """List the customers."""
    keys = ("id", "name", "contact", "phone", "company", "address")
    cardcommands.listed("customer", text, keys, asked, masked=not show_personal)


@app.command("show", help=N_("One customer's card."))
@reading
def show(customer: Who, *, asked: Asked) -> None:
    """Show a customer's card."""
    cardcommands.shown("customer", customer, asked)


@app.command("erase", help=N_("Take a customer's personal data out; the tickets stay."))
@writing
def erase(
    customer: Who,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help=N_("Why it is taken out."))
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help=N_("Do not ask first, at a terminal either."))
    ] = False,
    *,
    how: How,
) -> None:
    """Replace a customer's card by a stub."""
    from svcctl.desk.erasing import erase as take_out
    from svcctl.desk.erasing import what_goes

    desk = echo.open_desk()
    run = session()
    if run.stdin_terminal and not (yes or how.dry_run):
        goes = what_goes(desk, customer)
        shown = "  ".join(line(text) for text in (goes.id, goes.name, goes.phone) if text)
        run.tell(_("to be taken out: {customer}").format(customer=shown))
        for ticket in goes.open:
            run.tell("  " + _("still open: {ticket}").format(ticket=line(ticket)))
        if not run.confirm(_("Take this customer's personal data out?")):
            run.tell(_("nothing was changed"))
            return
        customer = goes.id
    if not reason:
        reason = run.ask(_("Why it is taken out"), "--reason")
    done = take_out(desk, customer, reason, how.manner)
    echo.card(desk, done.card, how.output, how.dry_run)
    echo.notices(run, done.notices)
