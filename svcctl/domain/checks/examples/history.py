"""Examples of family E5: what was once written down is kept, and the history is the one audited."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    CALLED,
    CLOSED,
    DONE,
    POLICY,
    STORY,
    TICKET,
    Edit,
    Example,
    Git,
    Later,
    Put,
    ticket,
    told,
)
from svcctl.domain.problems import N_

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
)
