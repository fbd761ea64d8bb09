"""Examples of family E5: what was once written down is kept, and the history is the one audited."""

from __future__ import annotations

from hashlib import sha1

from svcctl.domain.canonical import key_line
from svcctl.domain.checks.examples.sound import (
    CALLED,
    CLOSED,
    DONE,
    HEAD,
    POLICY,
    STORY,
    TICKET,
    Edit,
    Example,
    Git,
    Later,
    Put,
    Told,
    ticket,
    told,
)
from svcctl.domain.keeping import event_line, head_line
from svcctl.domain.problems import N_
from svcctl.domain.seals import digest_of, read_seal

SEAL = "records/seals/2026-11.yaml"
LATE_POLICY = "records/policy/2026-11-03.yaml"

_BY_A_KEY_NOBODY_HAS = """-----BEGIN PGP SIGNATURE-----

iHUEABYIAB0WIQRqfpLir+VoYtTEZu/Y1uawMSShNQUCawM2KgAKCRDY1uawMSSh
NRFwAP0TE5k+vy4yspZckHAxTGsyfsMoBPR5r4Icm8TQCFcLfQD+Ngq57XgSMgkY
Lc3xfB+ifligN2oq6TbXFIRGRK58fgQ=
=wQVA
-----END PGP SIGNATURE-----
"""


def _object(kind: str, content: bytes) -> bytes:
    """The name that git gives an object."""
    named = sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False)
    return named.digest()


def _fields() -> dict[str, str]:
    """The seal of the month of the sound ledger's ticket; its commit is one that nobody has."""
    name = TICKET.rpartition("/")[2]
    entry = f"100644 {name}\0".encode() + _object("blob", ticket(*STORY))
    events = [{**event, "n": number} for number, event in enumerate(STORY, start=1)]
    lines = [head_line(HEAD), *(event_line(_as_text(event)) for event in events)]
    return {
        "format": "1",
        "month": "2026-11",
        "sealed": "2026-11-20T08:00:00+08:00",
        "by": "mgr1",
        "tickets": "1",
        "digest": digest_of([(TICKET, lines)]),
        "tree": _object("tree", entry).hex(),
        "commit": "0123456789abcdef0123456789abcdef01234567",
    }


def sealed(**changed: str) -> bytes:
    """The card of that seal, with some fields otherwise."""
    return "".join(
        f"{key_line(key, text)}\n" for key, text in {**_fields(), **changed}.items()
    ).encode()


def signed() -> bytes:
    """The same seal with a signature by a key that nobody has: whether it is sound cannot be told."""
    seal, _flaws = read_seal("2026-11", _fields())
    assert seal is not None
    tag = f"object {seal.commit}\ntype commit\ntag seal\ntagger 经理甲 <mgr1@desk.invalid> 1795132800 +0800\n\n"
    return sealed(signature=tag + seal.signed_text() + _BY_A_KEY_NOBODY_HAS)


def _as_text(event: Told) -> dict[str, str]:
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in event.items()
    }


EXAMPLES = (
    Example(
        "E501",
        N_(
            "What happened is written down once and stays. An event that some commit held is not "
            "there any more: somebody took the line out, or a merge dropped it."
        ),
        (Later(Put(TICKET, ticket(*DONE, {**CALLED, "n": 8}, {**CLOSED, "n": 9}))),),
        f"{TICKET}:17:1",
    ),
    Example(
        "E502",
        N_(
            "An event bears the name of one that some commit held, and says something else. What was "
            "wrong is corrected by a new line, so that both can be read."
        ),
        (Later(Edit(TICKET, '"quality": 5', '"quality": 3')),),
        f"{TICKET}:18:1",
    ),
    Example(
        "E503",
        N_(
            "The head of a ticket says who asked for what and when. It is never changed; `svcctl "
            "ticket amend` corrects it by a new line."
        ),
        (Later(Edit(TICKET, 'opened: "2026-11-16T09:00:00', 'opened: "2026-11-16T08:00:00')),),
        TICKET,
    ),
    Example(
        "E504",
        N_(
            "A ticket that some commit held is not there any more, neither in its place nor in another "
            "folder."
        ),
        (Later(Put(TICKET, None)),),
        TICKET,
    ),
    Example(
        "E505",
        N_(
            "Closed tickets are judged by the rules of their time. A policy that was in force has been "
            "changed, so that what was late may now be in time, or the other way round."
        ),
        (Later(Edit(POLICY, "back-dating: 24h", "back-dating: 48h")),),
        POLICY,
    ),
    Example(
        "E506",
        N_(
            "A history vouches for itself only as long as it is the same one. This clone found it whole "
            "at a commit, or has seen the commit on a remote, and it is not part of the history now."
        ),
        (
            Later(
                Put(TICKET, ticket(*STORY, told("19T09:00", "desk1", "noted", words="来电致谢")))
            ),
            Git(("update-ref", "refs/svcctl/audited", "HEAD")),
            Git(("reset", "--quiet", "--hard", "HEAD~1")),
        ),
        "refs/svcctl/audited",
        besides=("E501",),
    ),
    Example(
        "E507",
        N_(
            "Git can hide a part of the history: in a shallow clone, and by grafts. What lies behind the "
            "cut cannot be compared."
        ),
        (
            Later(
                Put(TICKET, ticket(*STORY, told("19T09:00", "desk1", "noted", words="来电致谢")))
            ),
            Git(("fetch", "--quiet", "--depth=1", ".", "HEAD")),
        ),
        ".git/shallow",
        besides=("E506",),
    ),
    Example(
        "E508",
        N_(
            "A seal says how a month stood when nothing was owed in it any more. It is never changed; a "
            "month that was written to later gets another seal beside the first."
        ),
        (Put(SEAL, sealed()), Later(Edit(SEAL, "by: mgr1", "by: desk1"))),
        SEAL,
        besides=("E506",),
    ),
    Example(
        "E509",
        N_(
            "Number, digest, tree and signature of a seal are computed again from what git holds. One of "
            "them is another, so the seal was written by hand, or the month was rewritten."
        ),
        (Later(Put(SEAL, sealed(tickets="2"))),),
        SEAL,
        besides=("E506",),
    ),
    Example(
        "E510",
        N_(
            "A station that was offline, or a ticket that was reopened, wrote into a month that was sealed. "
            "Nothing is wrong with that; whoever answers for the month seals it once more, with the reason."
        ),
        (
            Put(SEAL, sealed()),
            Later(
                Put(TICKET, ticket(*STORY, told("19T09:00", "desk1", "noted", words="来电致谢")))
            ),
        ),
        SEAL,
        besides=("E506",),
    ),
    Example(
        "E511",
        N_(
            "Whoever adds rules from a day that is over changes what was owed on tickets that were judged "
            "by other rules until then. The rules themselves are not wrong; the day is."
        ),
        (Later(Put(LATE_POLICY, b"format: 1\nback-dating: 48h\n")),),
        LATE_POLICY,
    ),
    Example(
        "E512",
        N_(
            "A signature says who sealed only where git knows whose keys count, and that is a setting of each "
            "computer. Where it is not made, nothing is known to be wrong with the seal."
        ),
        (Later(Put(SEAL, signed())),),
        SEAL,
        besides=("E506",),
    ),
)
