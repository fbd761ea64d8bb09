"""The options every writing command takes, given once: by whom, when, whether really, how printed.

A writing command takes ``how: How`` and is marked ``@writing``; the frame puts the five options in its
place when the command is converted (``expanded``), so that help, parsing and completion see them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_type_hints

from svcctl.cli.options import At, By, DryRun, NoCommit, Output
from svcctl.views.output import Format

if TYPE_CHECKING:
    from svcctl.desk.tickets import Manner

Command = TypeVar("Command", bound=Callable[..., Any])


class How(NamedTuple):
    """How a writing command is to be carried out and answered."""

    by: str | None
    at: str | None
    dry_run: bool
    no_commit: bool
    output: Format

    @property
    def manner(self) -> Manner:
        """The same as the desk takes it."""
        from svcctl.desk.tickets import Manner

        return Manner(self.by, self.at, self.dry_run, not self.no_commit)


_SHARED: tuple[tuple[str, Any, Any], ...] = (
    ("by", By, None),
    ("at", At, None),
    ("dry_run", DryRun, False),
    ("no_commit", NoCommit, False),
    ("output", Output, "table"),
)


def writing(command: Command) -> Command:
    """Mark ``command`` as one that writes: its parameter ``how`` stands for the shared options."""
    command.__dict__["writes"] = True
    return command


def expanded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``command`` with the shared options in the place of ``how``; others as they are."""
    if not command.__dict__.get("writes"):
        return command
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name != "how"
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in _SHARED
    ]

    def run(**given: Any) -> Any:
        how = How(*(given.pop(name) for name in How._fields))
        return command(**given, how=how)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__dict__["__signature__"] = inspect.Signature([*own, *shared])
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return run
