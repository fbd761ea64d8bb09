"""``svcctl unit``: installed products and their warranty."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import cardcommands
from svcctl.cli.completion import complete_unit
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.cli.options import CustomerRef
from svcctl.domain.problems import N_

app = Noun(N_("Installed products and their warranty."))

Serial = Annotated[
    str,
    typer.Argument(metavar="SERIAL", help=N_("The serial number."), autocompletion=complete_unit),
]
Model = Annotated[str, typer.Option("--model", metavar="TEXT", help=N_("The product's model."))]
Sold = Annotated[str, typer.Option("--sold", metavar="DATE", help=N_("When it was sold."))]
Installed = Annotated[
    str, typer.Option("--installed", metavar="DATE", help=N_("When it was installed."))
]
Warranty = Annotated[
    str,
    typer.Option(
        "--warranty", metavar="SPAN", help=N_("The warranty's length, such as 24mo or 2y.")
    ),
]
Contract = Annotated[
    str, typer.Option("--contract", metavar="TEXT", help=N_("The service contract."))
]
Marks = Annotated[str, typer.Option("--marks", metavar="TEXT", help=N_("Special marks."))]


@app.command("new", help=N_("Add an installed product."))
@writing
def new(
    serial: Serial,
    model: Model = "",
    customer: CustomerRef = None,
    sold: Sold = "",
    installed: Installed = "",
    warranty: Warranty = "",
    contract: Contract = "",
    marks: Marks = "",
    *,
    how: How,
) -> None:
    """Add an installed product."""
    given: cardcommands.Given = {
        "model": model,
        "customer": customer or "",
        "sold": sold,
        "installed": installed,
        "warranty": warranty,
        "contract": contract,
        "marks": marks,
    }
    cardcommands.new("unit", serial, given, how)


@app.command("set", help=N_("Change a product's card."))
@writing
def set_(
    serial: Serial,
    model: Model = "",
    customer: CustomerRef = None,
    sold: Sold = "",
    installed: Installed = "",
    warranty: Warranty = "",
    contract: Contract = "",
    marks: Marks = "",
    *,
    how: How,
) -> None:
    """Change a product's card."""
    given: cardcommands.Given = {
        "model": model,
        "customer": customer or "",
        "sold": sold,
        "installed": installed,
        "warranty": warranty,
        "contract": contract,
        "marks": marks,
    }
    cardcommands.change("unit", serial, given, how)


@app.command("list", help=N_("The installed products, by serial number."))
@reading
def list_(text: cardcommands.Text = "", *, asked: Asked) -> None:
    """List the installed products."""
    cardcommands.listed(
        "unit",
        text,
        ("id", "model", "customer", "installed", "warranty", "contract"),
        asked,
    )


@app.command("show", help=N_("One product's card and its tickets."))
@reading
def show(serial: Serial, *, asked: Asked) -> None:
    """Show a product's card."""
    cardcommands.shown("unit", serial, asked)
