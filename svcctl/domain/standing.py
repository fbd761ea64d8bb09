"""What an obligation is at a moment. Imports nothing: every reading command needs it at once."""

from __future__ import annotations

STANDINGS = ("open", "met", "missed", "late", "excused", "waived", "paused")
OWED = ("open", "missed", "paused")


def standing(
    due: float | None,
    met: float | None,
    excused: float | None,
    ended: float | None,
    paused: float | None,
    as_of: float,
) -> str:
    """Return the standing at ``as_of``; all are seconds since the epoch, None where it is not so.

    What is due at no time is never missed. Exactly at the due time is in time. An explanation excuses. What ended after its due time
    without being met stays missed: closing a ticket makes no breach vanish.
    """
    if due is None:
        due = float("inf")
    if met is not None:
        if met <= due:
            return "met"
        return "late" if excused is None else "excused"
    if excused is not None:
        return "excused"
    if ended is not None:
        return "waived" if ended <= due else "missed"
    if paused is not None and paused <= due:
        return "paused"
    return "missed" if as_of > due else "open"
