"""Taking a request: what the flags, a file and a person at a terminal give, put together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from svcctl.cli.session import session
from svcctl.domain.problems import N_, Message, NotFound, Usage
from svcctl.domain.ticket import CHANNELS, KINDS
from svcctl.views.language import _, say
from svcctl.views.safe import line

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.desk.writing import Manner


def complete(
    desk: Desk, given: dict[str, str], source: str | None, manner: Manner
) -> tuple[dict[str, str], Manner]:
    """Return the fields of a new ticket and how to write it.

    A file's fields come first, flags win over them, and a person is asked for what is missing.
    """
    fields = dict(given)
    if source is not None:
        read = read_mapping(source)
        manner = manner._replace(
            by=manner.by or read.pop("by", None),
            at=manner.at or read.pop("at", None) or read.pop("opened", None),
        )
        fields = {**read, **fields}
    if fields.get("about"):
        from svcctl.desk.tickets import from_earlier

        from_earlier(desk, fields)
    run = session()
    if run.stdin_terminal and source != "-":
        added: list[str] = []
        try:
            _ask(desk, fields, manner, added)
        except (KeyboardInterrupt, EOFError):
            run.tell("")  # the cursor stands behind the question
            if added and not manner.dry_run:
                text = _("no ticket was made; the customer {id} was added before and stays")
                run.tell(text.format(id=added[0]))
            raise
    return fields, manner


def _ask(desk: Desk, fields: dict[str, str], manner: Manner, added: list[str]) -> None:
    """Ask for what ``fields`` lack; a customer made on the way is put into ``added``."""
    run = session()
    if "kind" not in fields:
        fields["kind"] = run.ask(
            _("What is it?"), "--kind", default="repair", choices=KINDS, field="kind"
        )
    if "channel" not in fields:
        fields["channel"] = run.ask(
            _("How did it come?"),
            "--channel",
            default="phone",
            choices=CHANNELS,
            field="channel",
        )
    if "customer" not in fields and "unit" not in fields:
        fields["customer"] = run.ask(_("Customer (id, phone or name)"), "--customer")
    if "customer" in fields:
        fields["customer"] = _customer(desk, fields["customer"], manner, added)
    if "unit" not in fields and "model" not in fields and fields["kind"] in ("repair", "install"):
        unit = run.ask(
            _("Serial number or model of the product (- where not known)"), "--unit", default="-"
        )
        if unit != "-":
            fields["unit" if unit_is_known(desk, unit) else "model"] = unit
    if "subject" not in fields:
        fields["subject"] = run.ask(_("What is the fault or the wish?"), "--subject")


def unit_is_known(desk: Desk, typed: str) -> bool:
    """Whether what was typed is the serial number of a product with a card."""
    from svcctl.domain.identity import normalise

    return normalise(typed) in desk.ledger.names("units")


def _customer(desk: Desk, typed: str, manner: Manner, added: list[str]) -> str:
    """Return the customer's id; offers to add one where nobody answers to what was typed.

    Where several answer, they are listed with numbers, and a number of the list is an answer.
    """
    from svcctl.desk.finding import customer_id
    from svcctl.domain.identity import half_width

    run = session()
    numbered: dict[str, str] = {}
    while True:
        typed = numbered.get(half_width(typed).strip(), typed)
        try:
            return customer_id(desk, typed)
        except NotFound as stop:
            run.tell(say(stop.message))
            if stop.among:
                numbered = {str(n): one.split()[0] for n, one in enumerate(stop.among, 1)}
                for n, one in enumerate(stop.among, 1):
                    run.tell(f"  {n}  {line(one)}")
                typed = run.ask(
                    _("Which one? (number in the list, id, phone or name)"), "--customer"
                )
                continue
            near = stop.remedy.args.get("near", "") if stop.remedy is not None else ""
            if near:
                run.tell("  " + _("near to it: {near}").format(near=line(near)))
            # Who is nearly known is known, mostly, and a few digits are nobody's name or telephone:
            # then a new card takes a yes.
            if stop.code == "no-such-customer" and run.confirm(
                _("Add a new customer?"), default=not (near or _is_few_digits(typed))
            ):
                added.append(_new_customer(desk, typed, manner))
                return added[0]
            typed = run.ask(_("Customer (id, phone or name)"), "--customer")


def _is_few_digits(typed: str) -> bool:
    """Whether ``typed`` is a number that is too short for a telephone: of a list, or mistyped."""
    from svcctl.domain.identity import half_width

    digits = half_width(typed).replace("-", "").replace(" ", "")
    return digits.isdigit() and len(digits) < _SHORTEST_PHONE


_SHORTEST_PHONE = 7


def _new_customer(desk: Desk, typed: str, manner: Manner) -> str:
    from svcctl.desk.cardwork import new
    from svcctl.domain.cards import CUSTOMER

    run = session()
    is_phone = typed.replace("-", "").replace(" ", "").isdigit()
    name = run.ask(_("Name"), "--name", default="" if is_phone else typed)
    phone = run.ask(_("Phone"), "--phone", default=typed if is_phone else "-")
    address = run.ask(_("Address"), "--address", default="-")
    fields = {
        "name": name,
        "phone": "" if phone == "-" else phone,
        "address": "" if address == "-" else address,
    }
    done = new(desk, CUSTOMER, "", fields, manner)
    run.tell(_("customer {id} added").format(id=done.card.id))
    return done.card.id


def read_mapping(source: str) -> dict[str, str]:
    """Return one JSON object or YAML mapping of text, from a file or ``-`` for stdin.

    Raises ``Usage`` naming the place of what is wrong.
    """
    from svcctl.desk.inputs import mapping

    if source == "-":
        data, name = sys.stdin.buffer.read(), "<stdin>"
    else:
        try:
            data, name = Path(source).read_bytes(), source
        except OSError as error:
            raise Usage(
                "no-such-file",
                Message(
                    N_("{path} cannot be read: {reason}"),
                    {"path": source, "reason": error.strerror or str(error)},
                ),
            ) from None
    return mapping(data, name)
