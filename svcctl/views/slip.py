"""The repair slip on paper: what stands on it and how it is laid out. Knows no ledger and no clock.

Source of the fields and of the three copies: SERVICE-RULES, "The life of a request", number 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from svcctl.domain.problems import N_, Message, Usage

Copy = Literal["stub", "accounting", "customer", "carbon"]
THREE: tuple[Copy, ...] = ("stub", "accounting", "customer")


class PartLine(NamedTuple):
    """A part used; quantity, price and amount are decimal strings, empty where not known yet."""

    name: str
    number: str = ""
    quantity: str = ""
    price: str = ""
    amount: str = ""


class SlipPage(NamedTuple):
    """Everything printed on one slip. Empty texts and ``None`` become blanks to write in.

    ``number`` is the ticket and the visit (``SHA-261116-01X/1``). ``channel``, ``kind``,
    ``priority``, ``cover`` (free, paid, declined) and ``result`` are stored words. Instants carry an
    offset and are shown in ``zone``. ``warranty_period`` is a length as in the ledger (``24mo``) or
    words. ``contested`` names what two desks have set differently: engineer, visit, cover.
    The customer's opinion is never filled in: the boxes are the customer's to tick.
    """

    number: str
    ticket: str
    zone: tzinfo
    opened: datetime
    channel: str
    kind: str
    customer: str
    department: str = ""
    desk: str = ""
    service_phone: str = ""
    priority: str = "normal"
    contact: str = ""
    phone: str = ""
    company: str = ""
    address: str = ""
    model: str = ""
    serial: str = ""
    purchased: date | None = None
    installed: date | None = None
    cover: str = ""
    warranty_scope: str = ""
    warranty_period: str = ""
    warranty_until: date | None = None
    fault: str = ""
    wanted: date | None = None
    marks: str = ""
    engineer: str = ""
    visit: datetime | None = None
    arrived: datetime | None = None
    left: datetime | None = None
    found: str = ""
    handling: str = ""
    result: str = ""
    parts: tuple[PartLine, ...] = ()
    fee: str = ""
    currency: str = "CNY"
    contested: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """A paper, in millimetres: its size, the margin no printer of its kind cuts into, its text.

    ``written`` is how many lines of handwriting or print the two large fields hold, ``parts`` how
    many rows the table of parts has, ``tall`` whether the large fields stand one above the other.
    """

    name: str
    width: int
    height: int
    beside: int
    above: int
    text: float
    written: int
    parts: int
    tall: bool

    def ems(self, share: float, label: str = "", mark: str = "") -> float:
        """Characters (one Chinese each) on a line of ``share`` of the width, beside its label."""
        from svcctl.views.pages import text_width

        used = 3.0 + sum(
            text_width(text) * 0.82 * self.text + 1.6 for text in (label, mark) if text
        )
        return max(1.0, ((self.width - 2 * self.beside) * share - used) / self.text)

    def wide(self, share: float) -> float:
        """The same beside one of the labels that stand on two lines (12.6 mm)."""
        return max(1.0, ((self.width - 2 * self.beside) * share - 17.0) / self.text)


# 241 x 140 mm is the half form of continuous paper: 12.7 mm on either side are holes, and impact
# printers leave the first and last lines of a form empty. A5 lies on its side to match its layout.
SHEETS = {
    "A4": Sheet("A4", 210, 297, 13, 12, 3.3, 4, 6, True),
    "A5": Sheet("A5", 210, 148, 9, 7, 3.0, 3, 3, False),
    "241x140": Sheet("241x140", 241, 140, 15, 6, 3.1, 3, 3, False),
}


def render_slip(
    page: SlipPage,
    paper: str = "A5",
    templates_dir: Path | None = None,
    copies: Sequence[Copy] = THREE,
) -> str:
    """One slip as HTML to print: each copy is exactly one page of ``paper``, whatever it holds.

    ``copies`` are printed in the order given; ``carbon`` is one page for a form whose sheets copy
    themselves. ``templates_dir`` is the ledger's own ``templates`` folder. Raises ``Usage`` for a
    paper or copy that is not known, ``Unreadable`` for a broken template of the ledger.
    """
    return render_slips((page,), paper, templates_dir, copies)


def render_slips(
    slips: Sequence[SlipPage],
    paper: str = "A5",
    templates_dir: Path | None = None,
    copies: Sequence[Copy] = THREE,
) -> str:
    """Several slips as one document to print; see ``render_slip``. There must be at least one."""
    from svcctl.views.pages import render
    from svcctl.views.qr import qr_code

    sheet = SHEETS.get(paper)
    if sheet is None:
        raise _unknown(N_("There is no paper {name}; choose one of {known}."), paper, SHEETS)
    for copy in copies:
        if copy not in get_args(Copy):
            raise _unknown(
                N_("There is no copy {name}; choose one of {known}."), copy, get_args(Copy)
            )
    values = {
        "slips": [(slip, qr_code(slip.number)) for slip in slips],
        "sheet": sheet,
        "copies": tuple(copies),
    }
    return render("slip.html", values, slips[0].zone, templates_dir)


def _unknown(template: str, name: str, known: Iterable[str]) -> Usage:
    return Usage("paper", Message(template, {"name": name, "known": ", ".join(known)}))
