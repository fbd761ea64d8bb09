"""What the shell offers for a word that is being typed. Knows whom to ask; any failure offers nothing.

A person in the middle of a line must never see an error from here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

Offers = list[tuple[str, str]]


def complete_ticket(incomplete: str) -> Offers:
    """Ids of tickets that begin with what was typed, open ones first, with their subjects."""
    return _offers("tickets", incomplete)


def complete_staff(incomplete: str) -> Offers:
    """Staff keys with names."""
    return _offers("staff", incomplete)


def complete_customer(incomplete: str) -> Offers:
    """Ids of customers with names."""
    return _offers("customers", incomplete)


def complete_unit(incomplete: str) -> Offers:
    """Serial numbers of installed products with models."""
    return _offers("units", incomplete)


def complete_state(incomplete: str) -> Offers:
    """States of a ticket with their labels."""
    return _offers("states", incomplete)


def complete_owed(incomplete: str) -> Offers:
    """Names of obligations with their labels."""
    return _offers("owed", incomplete)


def complete_measure(incomplete: str) -> Offers:
    """Names of the weekly measures with their titles."""
    return _offers("measures", incomplete)


def complete_word(place: str, field: str) -> Callable[[str], Offers]:
    """What offers the words of a field with their labels: ``complete_word("finished", "result")``.

    ``place`` is an event, ``head``, a card's kind, or ``slip``.
    """

    def complete(incomplete: str) -> Offers:
        return _offers("words", incomplete, place, field)

    return complete


def complete_code(incomplete: str) -> Offers:
    """Codes of findings with their titles."""
    return _offers("codes", incomplete)


def _offers(source: str, incomplete: str, *more: str) -> Offers:
    try:
        from importlib import import_module

        found = getattr(import_module("svcctl.desk.completing"), source)(incomplete, *more)
        return [(str(value), _one_line(str(note))) for value, note in found if _plain(str(value))]
    except Exception:
        # No ledger here, a broken file, a locked index: the shell simply gets no offers.
        return []


def _one_line(note: str) -> str:
    from svcctl.views.safe import line

    return line(note)


def _plain(value: str) -> bool:
    """Whether a shell can take the value as one word, whatever a record holds."""
    return value.isprintable() and not any(mark in value for mark in " \t'\"`$\\;|&<>(){}*?!#~\n")


def answer_the_shell(program: click.Command) -> int:
    """Answer what the shell asked through the environment; the exit code."""
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    from svcctl.cli.session import Session

    completion_init()
    instruction = os.environ["_SVCCTL_COMPLETE"]
    context = {"obj": Session()}
    return int(shell_complete(program, context, "svcctl", "_SVCCTL_COMPLETE", instruction))
