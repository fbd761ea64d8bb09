"""Seals: what is said of a month in which nothing is owed any more. Knows the card; no file, no git.

A seal is never changed. What is written into a sealed month later (a station that was offline, a
ticket reopened) is kept and reported, until somebody seals the month again and says why: another card
beside the first, with the next number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from svcctl.domain.keeping import Line
from svcctl.domain.problems import N_, Problem, Words
from svcctl.domain.schema import Field, Flaw, Shape

MONTH = re.compile(r"(?:19|2[0-9])[0-9]{2}-(?:0[1-9]|1[0-2])")
NAME = re.compile(rf"({MONTH.pattern})(?:\.([2-9]|[1-9][0-9]+))?")
"""A card's name: ``2026-10``, then ``2026-10.2``."""

SHAPE = Shape(
    (
        Field("format", "int", required=True),
        Field("month", "line", required=True),
        Field("sealed", "instant", required=True),
        Field("by", "staff", required=True),
        Field("tickets", "count", required=True),
        Field("digest", "digest", required=True),
        Field("tree", "line", required=True),
        Field("commit", "line", required=True),
        Field("reason", "line"),
        Field("signature", "text"),
    )
)


class Seal(NamedTuple):
    """One card. ``number`` counts the seals of a month from 1; ``tree`` and ``commit`` are git's ids of
    the month's folder and of the last commit before the seal."""

    month: str
    number: int
    sealed: str
    by: str
    tickets: int
    digest: str
    tree: str
    commit: str
    reason: str = ""
    signature: str = ""

    @property
    def path(self) -> str:
        """Return where the card lies."""
        more = f".{self.number}" if self.number > 1 else ""
        return f"records/seals/{self.month}{more}.yaml"

    def fields(self) -> dict[str, str]:
        """Return the card's fields in the order they are written; empty ones are left out."""
        given = {
            "format": "1",
            "month": self.month,
            "sealed": self.sealed,
            "by": self.by,
            "tickets": str(self.tickets),
            "digest": self.digest,
            "tree": self.tree,
            "commit": self.commit,
            "reason": self.reason,
            "signature": self.signature,
        }
        return {key: text for key, text in given.items() if text}

    def signed_text(self) -> str:
        """Return what a signature is made over: every field but the signature."""
        given = self._replace(signature="").fields()
        return "".join(f"{key}: {text}\n" for key, text in given.items())


def read_seal(name: str, raw: Mapping[str, object]) -> tuple[Seal | None, list[Flaw]]:
    """Return the seal that the card called ``name`` states, and everything wrong with it."""
    scalars = {key: value for key, value in raw.items() if isinstance(value, str)}
    flaws = [
        SHAPE.bad_value(key, str(raw[key]))
        for key in raw.keys() - scalars.keys()
        if key in SHAPE.fields
    ]
    _, wrong = SHAPE.convert(scalars)
    flaws += wrong
    found = NAME.fullmatch(name)
    if not flaws and (found is None or scalars["month"] != found[1]):
        flaws.append(Flaw("E301", "month", {"id": scalars["month"], "name": name}))
    if flaws or found is None:
        return None, flaws
    get = scalars.get
    return Seal(
        scalars["month"],
        int(found[2] or 1),
        scalars["sealed"],
        scalars["by"],
        int(scalars["tickets"]),
        scalars["digest"],
        scalars["tree"],
        scalars["commit"],
        get("reason", ""),
        get("signature", ""),
    ), []


def folder_of(month: str) -> str:
    """Return the folder of a month's tickets."""
    return f"records/tickets/{month[:4]}/{month[5:]}"


def month_of(path: str) -> str:
    """Return the month whose folder a ticket lies in; "" for any other path."""
    parts = path.split("/")
    inside = len(parts) == 5 and path.startswith("records/tickets/")
    return f"{parts[2]}-{parts[3]}" if inside else ""


def digest_of(records: Iterable[tuple[str, Sequence[Line]]]) -> str:
    """Return the digest of a month: of every ticket's path and canonical lines, by path.

    A hand-written line that was put in its canonical form changes nothing.
    """
    whole = sha256()
    for path, lines in sorted(records, key=lambda one: one[0]):
        one = sha256("\n".join(line.text for line in lines).encode()).hexdigest()
        name = path.rpartition("/")[2].removesuffix(".yaml")
        whole.update(f"{name} {one}\n".encode())
    return whole.hexdigest()


UNVERIFIED = {
    "no-signers": N_("git is not told whose keys count (gpg.ssh.allowedSignersFile)"),
    "no-key": N_("GnuPG does not have the signer's key, or it has expired"),
    "no-verifier": N_("the program that verifies it is not installed (ssh-keygen, gpg)"),
}
"""Why a signature may be as good as any, and cannot be verified on this computer."""


def unsound(path: str, what: str) -> Problem:
    """Return the finding that a seal does not say what is so: a field's name, or what is wrong with its
    signature (a word of ``UNVERIFIED``: nothing is known to be)."""
    if what in UNVERIFIED:
        return Problem("E512", path, 0, 0, {"what": UNVERIFIED[what]})
    return Problem("E509", path, 0, 0, {"what": Words.of(what, "seal")})


def written_since(seal: Seal, paths: Sequence[str]) -> Problem:
    """Return the finding that tickets of a sealed month were added to after the seal."""
    shown = ", ".join(path.rpartition("/")[2].removesuffix(".yaml") for path in paths[:5])
    if len(paths) > 5:
        shown += ", …"
    args = {"month": seal.month, "count": str(len(paths)), "tickets": shown}
    return Problem("E510", seal.path, 0, 0, args)
