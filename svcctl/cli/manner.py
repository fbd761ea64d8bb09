"""The options that every writing and every reading command takes, and what they stand for. No noun.

A writing command takes ``how: How`` and is marked ``@writing``; a reading command takes ``asked:
Asked`` and is marked ``@reading``. The frame puts the shared options in that parameter's place when
the command is loaded (``expanded``), so that help, parsing and completion see them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_type_hints

import click

from svcctl.cli.options import AsOf, At, By, DryRun, Known, NoCommit, Output, Strict
from svcctl.cli.session import Session, session
from svcctl.views.output import Column, Format, Item

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.desk.view import View
    from svcctl.desk.writing import Manner
    from svcctl.domain.problems import Problem

Command = TypeVar("Command", bound=Callable[..., Any])
Options = dict[str, tuple[Any, Any]]
"""Shared options by the name of their value: annotation and default."""


TICKETS = frozenset(("ticket", "callback", "today"))
"""The kinds of items that are about a ticket as it stands, and say whether it is contested."""


class How(NamedTuple):
    """How a writing command is to be carried out and answered."""

    by: str | None = None
    at: str | None = None
    dry_run: bool = False
    no_commit: bool = False
    output: Format = "table"

    @property
    def manner(self) -> Manner:
        """The same as the desk takes it."""
        from svcctl.desk.writing import Manner

        return Manner(self.by, self.at, self.dry_run, not self.no_commit)


class Asked:
    """What a reading command is asked about, and its answer: as of when, printed how, ended how.

    ``desk`` and ``view`` are opened when they are first looked at. An answer that never looked at
    them is about no moment of the ledger, and tells nothing of its files.
    """

    __slots__ = (
        "_desk",
        "_problems",
        "_told",
        "_view",
        "as_of",
        "known",
        "output",
        "overdue",
        "strict",
    )

    def __init__(
        self,
        as_of: str | None = None,
        known: str | None = None,
        output: Any = "table",
        strict: bool = False,
    ) -> None:
        self.as_of = as_of
        self.known = known
        self.output: Any = output
        self.strict = strict
        self.overdue = False
        """Whether anything that was answered is overdue; ``--strict`` asks at the end."""
        self._desk: Desk | None = None
        self._view: View | None = None
        self._problems: list[Problem] | None = None
        self._told = False

    @property
    def run(self) -> Session:
        """The run this is asked in."""
        return session()

    @property
    def opened(self) -> bool:
        """Whether the desk was asked for at all."""
        return self._desk is not None

    @property
    def desk(self) -> Desk:
        """The desk; git begins to look for changes as soon as it is opened."""
        if self._desk is None:
            from svcctl.cli.echo import open_desk

            self._desk = open_desk()
            self._desk.look_ahead()
        return self._desk

    @property
    def view(self) -> View:
        """The ledger as of the moment asked about. Raises ``Usage`` where that is no time."""
        if self._view is None:
            from svcctl.desk.listing import view_of

            self._view = view_of(self.desk, self.as_of, self.known)
        return self._view

    @property
    def moment(self) -> str | None:
        """The moment the answer is about, as machine output has it."""
        return None if self._desk is None else self.view.as_of.isoformat()

    @property
    def problems(self) -> list[Problem]:
        """Every error about a record that cannot be used or trusted, whatever was asked."""
        if self._problems is None:
            self._problems = [] if self._desk is None else self._desk.problems()
        return self._problems

    @problems.setter
    def problems(self, found: Sequence[Problem]) -> None:
        """Say which findings concern the answer, where it is not about the whole ledger."""
        self._problems = list(found)

    def emit(
        self,
        kind: str,
        items: Iterable[Item],
        columns: Sequence[Column],
        *,
        id_key: str = "id",
        empty: str = "",
        overdue: bool | Callable[[Item], bool] = False,
        moment: str | None = None,
        masked: bool = False,
    ) -> None:
        """Print ``items`` as asked, and findings about files on stderr: see ``Session.emit``.

        ``moment`` is what the answer is about where that is not the moment asked about. ``masked``:
        phone numbers and addresses are not for everybody who reads this. Tickets that are contested
        are marked in a table, and told. ``overdue``: whether anything is, or an item. The items are
        taken as they come, so that many need not be held at once.
        """
        from svcctl.cli import echo

        table = self.output == "table"
        if masked:
            from svcctl.views.personal import without_personal

            items = without_personal(list(items))
        if not callable(overdue):
            self.overdue = self.overdue or overdue
        tickets: list[Item] = []

        def noted(items: Iterable[Item]) -> Iterator[Item]:
            for item in items:
                if callable(overdue) and not self.overdue:
                    self.overdue = overdue(item)
                if kind in TICKETS and item.get("contested"):
                    tickets.append({key: item[key] for key in (id_key, "contested")})
                    yield echo.mark(item, id_key) if table else item
                else:
                    yield item

        self.run.emit(
            kind,
            noted(items),
            columns,
            self.output,
            as_of=moment or self.moment,
            problems=self.problems,
            id_key=id_key,
            empty=empty,
            people=self.people if table and self._names_people(columns) else None,
        )
        echo.contested(self.run, tickets, id_key)
        self._told = True

    def table(
        self, kind: str, items: Sequence[Item], columns: Sequence[Column], id_key: str = "id"
    ) -> str:
        """``items`` as a table, for a command that prints several."""
        from svcctl.cli import echo
        from svcctl.views.render import render

        shown = echo.marked(items, id_key) if kind in TICKETS else items
        people = self.people if self._names_people(columns) else None
        return render(kind, shown, columns, "table", terminal_width=self.run.width, people=people)

    @staticmethod
    def _names_people(columns: Sequence[Column]) -> bool:
        return any(column.show == "person" for column in columns)

    @property
    def people(self) -> dict[str, str]:
        """What each person is called in a table, by id."""
        from svcctl.ledger.ask import people

        return people(self.view.desk.index)

    def end(self) -> None:
        """Tell what was not told yet; with ``--strict`` end with 4 where anything is not well."""
        if not self._told:
            self.run.warn(self.problems)
            self._told = True
        if self.strict and (self.overdue or self.problems):
            raise click.exceptions.Exit(4)


WRITING: Options = {
    "by": (By, None),
    "at": (At, None),
    "dry_run": (DryRun, False),
    "no_commit": (NoCommit, False),
    "output": (Output, "table"),
}
READING: Options = {
    "as_of": (AsOf, None),
    "known": (Known, None),
    "output": (Output, "table"),
    "strict": (Strict, False),
}


class _Mark(NamedTuple):
    """Which parameter of a command stands for which shared options."""

    parameter: str
    options: Options


def writing(command: Command) -> Command:
    """Mark ``command`` as one that writes: its parameter ``how`` stands for the shared options."""
    command.__dict__["shared"] = _Mark("how", WRITING)
    return command


def reading(command: Command) -> Command:
    """Mark ``command`` as one that reads: its parameter ``asked`` stands for the shared options."""
    command.__dict__["shared"] = _Mark("asked", READING)
    return command


def writing_with(**changed: tuple[Any, Any] | None) -> Callable[[Command], Command]:
    """As ``writing``, with another annotation and default for some option; None: not taken at all.

    What is not taken stands with its reason in docs/output.md, which tests/unit/test_manners.py
    compares.
    """
    return _marked(_Mark("how", _changed(WRITING, changed)))


def reading_with(**changed: tuple[Any, Any] | None) -> Callable[[Command], Command]:
    """As ``reading``, with another annotation and default for some option: see ``writing_with``."""
    return _marked(_Mark("asked", _changed(READING, changed)))


def _changed(options: Options, changed: dict[str, tuple[Any, Any] | None]) -> Options:
    found = {name: changed.get(name, option) for name, option in options.items()}
    return {name: option for name, option in found.items() if option is not None}


def _marked(mark: _Mark) -> Callable[[Command], Command]:
    def marked(command: Command) -> Command:
        command.__dict__["shared"] = mark
        return command

    return marked


def expanded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``command`` with the shared options in the place of ``how`` or ``asked``; others as is."""
    mark: _Mark | None = command.__dict__.get("shared")
    if mark is None:
        return command
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name != mark.parameter
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in mark.options.items()
    ]

    def run(**given: Any) -> Any:
        options = {name: given.pop(name) for name in mark.options}
        if mark.parameter == "how":
            return command(**given, how=How(**options))
        asked = Asked(**options)
        result = command(**given, asked=asked)
        asked.end()
        return result

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__dict__["__signature__"] = inspect.Signature([*own, *shared])
    run.__dict__["manner"] = mark
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return run
