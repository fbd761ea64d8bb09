"""``svcctl staff``: the people of the department."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import cardcommands
from svcctl.cli.completion import complete_staff, complete_word
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.domain.problems import N_

app = Noun(N_("People of the department."))

Person = Annotated[
    str, typer.Argument(metavar="STAFF", help=N_("The person's id."), autocompletion=complete_staff)
]
Name = Annotated[str, typer.Option("--name", metavar="TEXT", help=N_("Name."))]
Role = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="ROLE",
        help=N_("manager, coordinator, engineer, store-keeper, clerk ..."),
        autocompletion=complete_word("staff", "role"),
    ),
]
Skill = Annotated[
    list[str] | None,
    typer.Option("--skill", metavar="TEXT", help=N_("A specialty; may be repeated.")),
]
Region = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="TEXT", help=N_("A region; may be repeated.")),
]
Email = Annotated[str, typer.Option("--email", metavar="ADDRESS", help=N_("E-mail address."))]
Phone = Annotated[str, typer.Option("--phone", metavar="NUMBER", help=N_("Phone number."))]
DeskCode = Annotated[str, typer.Option("--desk", metavar="CODE", help=N_("The person's desk."))]
Left = Annotated[str, typer.Option("--left", metavar="DATE", help=N_("The day the person left."))]


def _fields(
    name: str,
    role: str,
    skill: list[str] | None,
    region: list[str] | None,
    email: str,
    phone: str,
    desk: str,
    left: str,
) -> cardcommands.Given:
    return {
        "name": name,
        "role": role,
        "skills": skill,
        "regions": region,
        "desk": desk,
        "email": email,
        "phone": phone,
        "left": left,
    }


@app.command("new", help=N_("Add a person."))
@writing
def new(
    person: Person,
    name: Name = "",
    role: Role = "",
    skill: Skill = None,
    region: Region = None,
    email: Email = "",
    phone: Phone = "",
    desk: DeskCode = "",
    *,
    how: How,
) -> None:
    """Add a person."""
    given = _fields(name, role, skill, region, email, phone, desk, "")
    cardcommands.new("staff", person, given, how)


@app.command("set", help=N_("Change a person's card."))
@writing
def set_(
    person: Person,
    name: Name = "",
    role: Role = "",
    skill: Skill = None,
    region: Region = None,
    email: Email = "",
    phone: Phone = "",
    desk: DeskCode = "",
    left: Left = "",
    *,
    how: How,
) -> None:
    """Change a person's card."""
    given = _fields(name, role, skill, region, email, phone, desk, left)
    cardcommands.change("staff", person, given, how)


@app.command("list", help=N_("The people, by id."))
@reading
def list_(text: cardcommands.Text = "", *, asked: Asked) -> None:
    """List the people."""
    cardcommands.listed("staff", text, ("id", "name", "role", "skills", "regions", "left"), asked)


@app.command("show", help=N_("One person's card."))
@reading
def show(person: Person, *, asked: Asked) -> None:
    """Show a person's card."""
    cardcommands.shown("staff", person, asked)
