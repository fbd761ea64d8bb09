"""How a command ends: exit codes, and what is said when it cannot go on. Knows no command.

Three endings are kept apart: the words could not be understood, a rule or the world said no, and a
bug. Only a bug leaves a log, and the log holds nothing from the ledger.
"""

from __future__ import annotations

import os
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from svcctl.domain import problems
from svcctl.domain.problems import N_, Message, Stop
from svcctl.views.language import _, say
from svcctl.views.output import is_terminal, paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

OK = 0
FINDINGS = 1
USAGE = 2
REFUSED = 3
UNREADABLE = 4
NEEDS_PERSON = 5
GIT = 6
BUSY = 7
NOT_FOUND = 8
UNSENT = 9
BUG = 70
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    OK: N_("done; nothing to report"),
    FINDINGS: N_("findings: the audit found errors"),
    USAGE: N_("usage: the command was not understood"),
    REFUSED: N_("refused by a rule"),
    UNREADABLE: N_("a record cannot be read, or the disk does not take it"),
    NEEDS_PERSON: N_("the sync needs a person"),
    GIT: N_("git failed"),
    BUSY: N_("another command holds the ledger"),
    NOT_FOUND: N_("not found, or more than one found"),
    UNSENT: N_("a message was not sent"),
    BUG: N_("a bug in this program"),
    INTERRUPTED: N_("interrupted"),
}

_CODES: tuple[tuple[type[Stop], int], ...] = (
    (problems.Usage, USAGE),
    (problems.Refusal, REFUSED),
    (problems.Unreadable, UNREADABLE),
    (problems.StorageFailed, UNREADABLE),
    (problems.NeedsPerson, NEEDS_PERSON),
    (problems.GitFailed, GIT),
    (problems.Busy, BUSY),
    (problems.NotFound, NOT_FOUND),
)


_CLOCK = re.compile(r"\d{1,2}[:：]\d{2}(?:[:：]\d{2})?")


def code_of(stop: Stop) -> int:
    """The exit code of this kind of ending."""
    for kind, code in _CODES:
        if isinstance(stop, kind):
            return code
    return BUG


def colour_wanted() -> bool:
    """Colour on stderr: only on a terminal, and not where ``NO_COLOR`` is set."""
    return not os.environ.get("NO_COLOR") and is_terminal(sys.stderr)


def tell(stop: Stop) -> int:
    """Say on stderr why the command ends here and what to do; the exit code for it."""
    colour = colour_wanted()
    lines = []
    if isinstance(stop, problems.Unreadable) and stop.problems:
        from svcctl.views.findings import problem_lines

        lines += [problem_lines(problem) for problem in stop.problems]
    lines.append(
        f"{paint(say(stop.message), 'red', colour)} {paint(f'[{stop.code}]', 'dim', colour)}"
    )
    if isinstance(stop, problems.NotFound) and stop.among:
        from svcctl.views.safe import line

        lines += [f"  {line(one)}" for one in stop.among]
    if stop.remedy is not None:
        lines += [f"  {told}" for told in say(stop.remedy).split("\n")]
    print("\n".join(lines), file=sys.stderr)
    return code_of(stop)


def tell_usage(error: click.ClickException, words: Sequence[str]) -> int:
    """Say on stderr what the parser did not understand, in the user's language; the exit code."""
    _name_in_words(error)
    error.show()
    for day, hour in pairwise(words):
        # The one mistake everybody makes: `--visit 明天 10:00`, which the shell takes apart.
        if _CLOCK.fullmatch(hour) and not day.startswith("-"):
            typed = {"typed": f'"{day} {hour}"'}
            _tell_more(Message(N_("a day and an hour are one time: {typed}"), typed))
            return USAGE
    if together := _taken_apart(error, words):
        typed = {"typed": " ".join(f'"{text}"' for text in together)}
        _tell_more(Message(N_("what has a space in it goes in quotes: {typed}"), typed))
    return USAGE


def _name_in_words(error: click.ClickException) -> None:
    """What is missing is named as the usage line names it: 文字, not TEXT."""
    from click import Argument, MissingParameter

    from svcctl.cli.helppage import usage

    if isinstance(error, MissingParameter) and isinstance(error.param, Argument) and error.ctx:
        error.param_hint = usage(error.param.make_metavar(error.ctx))


def _tell_more(message: Message) -> None:
    print("  " + say(message), file=sys.stderr)


def _taken_apart(error: click.ClickException, words: Sequence[str]) -> list[str]:
    """The texts that the shell has taken apart at their spaces: `--subject 不 制冷`.

    A word too many belongs to the one before it where that is the value of an option, or either
    is not plain ASCII, as an id would be.
    """
    from svcctl.cli.lazy import Superfluous

    if not isinstance(error, Superfluous):
        return []
    found: list[str] = []
    left = list(error.extra)
    place = 1
    while left and place < len(words):
        end = place
        while left and end < len(words) and words[end] == left[0]:
            left.pop(0)
            end += 1
        text = " ".join(words[place - 1 : end])
        is_value = place > 1 and words[place - 2].startswith("--")
        if end > place and not text.startswith("-") and (is_value or not text.isascii()):
            found.append(text)
        place = end + 1
    return found


def tell_not_text() -> int:
    """The command line holds bytes that are no UTF-8, which no record could hold."""
    print(_("The command line is not valid UTF-8 text."), file=sys.stderr)
    return USAGE


def tell_interrupted() -> int:
    """Say that the user broke off; nothing half-done is left behind by a write."""
    print(_("Interrupted."), file=sys.stderr)
    return INTERRUPTED


def tell_full(error: OSError) -> int:
    """The answer could not be written out (a full disk behind a redirected output), or a file fails us."""
    args = {"reason": error.strerror or ""}
    if error.filename is None:
        told = Message(N_("The answer cannot be written: {reason}"), args)
    else:
        args["path"] = os.fsdecode(error.filename)
        told = Message(N_("{path} cannot be used: {reason}"), args)
    print(say(told), file=sys.stderr)
    return UNREADABLE


def tell_bug(error: BaseException, argv: Sequence[str]) -> int:
    """Write a log that can be pasted and say where it is; the traceback only with SVCCTL_DEBUG=1."""
    from svcctl.cli.bugs import write_log

    if os.environ.get("SVCCTL_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    place = write_log(error, argv)
    if place:
        message = Message(
            N_("This is a bug in svcctl. What happened, without personal data, is in {place}"),
            {"place": place},
        )
    else:
        message = Message(N_("This is a bug in svcctl. SVCCTL_DEBUG=1 shows where it happened."))
    print(paint(say(message), "red", colour_wanted()), file=sys.stderr)
    return BUG


def silence_output() -> None:
    """Nobody reads the answer any more: let the interpreter's last flush go nowhere."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(sink, stream.fileno())
        except (OSError, ValueError):
            # A stream that is no file (a test's, a closed one) has nothing to flush into a pipe.
            continue
