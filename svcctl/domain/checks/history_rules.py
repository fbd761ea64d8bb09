"""Family E5: what was once written down is still there, and the history is the one that was audited."""

from __future__ import annotations

from svcctl.domain.keeping import LatePolicy
from svcctl.domain.problems import N_, Message, Problem, Severity

_PUT_BACK = N_(
    "git log -p -- {path} shows what was there: put it back, and correct it with a new line "
    "(svcctl ticket amend, void)"
)

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E501": (
        "error",
        N_("event removed"),
        N_("the event {what} was removed ({deed})"),
        _PUT_BACK,
    ),
    "E502": (
        "error",
        N_("event changed"),
        N_("the event {what} was changed ({deed}): {change}"),
        _PUT_BACK,
    ),
    "E503": (
        "error",
        N_("head changed"),
        N_("the head was changed ({deed}): {change}"),
        _PUT_BACK,
    ),
    "E504": (
        "error",
        N_("ticket removed"),
        N_("the whole ticket was removed ({deed})"),
        N_("git log -p -- {path} shows what was there: put it back, and cancel it if it was void"),
    ),
    "E505": (
        "error",
        N_("policy in force changed"),
        N_("it was in force and was changed or removed ({deed})"),
        N_(
            "git log -p -- {path} shows what was there: put it back, and change the rules from a "
            "later day on (svcctl edit policy DAY)"
        ),
    ),
    "E506": (
        "error",
        N_("anchor missing"),
        N_("the history lacks the commit {commit}, which {anchor} names"),
        N_(
            "if it was only fetched and is still to be merged: svcctl sync. Else the history was "
            "rewritten, here or at the remote: git log {commit} shows what it was, and who has "
            "another clone can show it too"
        ),
    ),
    "E507": (
        "error",
        N_("history cut off"),
        N_("this clone does not hold the whole history ({how})"),
        N_("fetch the rest: git fetch --unshallow; remove .git/info/grafts"),
    ),
    "E508": (
        "error",
        N_("seal changed"),
        N_("the seal of a month was changed or removed ({deed})"),
        N_("git log -p -- {path} shows what was there: put it back"),
    ),
    "E509": (
        "error",
        N_("seal not true"),
        N_("what the seal says is not so: {what}"),
        N_("the seal was written by hand, or its month was rewritten: compare with another clone"),
    ),
    "E510": (
        "warning",
        N_("written after the seal"),
        N_("{month} was sealed, and tickets were written to since ({count}): {tickets}"),
        N_("look at them, then seal it once more: svcctl seal {month} --reason TEXT"),
    ),
    "E511": (
        "warning",
        N_("policy from a day that was over"),
        N_("it was added to hold from {begins} on, when that day was over ({deed})"),
        N_("tickets are judged otherwise than before; begin new rules on a day to come"),
    ),
    "E512": (
        "warning",
        N_("signature not verified"),
        N_("whether the seal's signature is sound cannot be told on this computer: {what}"),
        N_(
            "say whose keys count: git config gpg.ssh.allowedSignersFile FILE (docs/manual.md); "
            "for OpenPGP: gpg --import KEY"
        ),
    ),
}


def missing_anchor(ref: str, commit: str) -> Problem:
    """Return the finding that the history does not contain what a reference names."""
    return Problem("E506", ref, 0, 0, {"anchor": ref, "commit": commit[:12]})


def cut_off(path: str, how: str) -> Problem:
    """Return the finding that a file of git's (``path``) takes a part of the history out of sight."""
    return Problem("E507", path, 0, 0, {"how": how})


def late_policy(late: LatePolicy) -> Problem:
    """Return the finding that rules were added to hold from a day that was over."""
    return Problem("E511", late.path, 0, 0, {"begins": late.begins, "deed": late.deed.told()})


def not_merged(ref: str, commit: str) -> Message:
    """Return the sentence for what was fetched, and is not merged yet."""
    return Message(
        N_("{ref} is ahead with {commit}, which is not merged here yet: svcctl sync"),
        {"ref": ref, "commit": commit[:12]},
    )


def without_anchor() -> Message:
    """Return the sentence for a history that nothing vouches for yet."""
    return Message(
        N_(
            "nothing vouches for this history: no audit of it was clean before, no remote is known, "
            "no month is sealed; what was rewritten before now cannot be noticed"
        ),
        {},
    )
