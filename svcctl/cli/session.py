"""What one run of the program knows about its surroundings: ledger, language, terminals, clock.

Made once at the start and handed to every command; a command asks it for the time, prints through
it and asks people through it, so that a test can stand in for all of them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, count
from typing import TYPE_CHECKING

import click

from svcctl.cli.ahead import system_clock
from svcctl.domain.problems import N_, Message, Problem, Usage
from svcctl.views import language, output
from svcctl.views.language import _
from svcctl.views.output import Column, Format, Item

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk


class Session:
    """One run. ``ledger`` is what ``--ledger`` said, or None; the desk finds the ledger."""

    __slots__ = (
        "ahead",
        "clock",
        "colour",
        "language_asked",
        "ledger",
        "run_again",
        "sleep",
        "stdin_terminal",
        "stdout_terminal",
    )

    def __init__(
        self,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.clock = clock or system_clock
        self.sleep = sleep or time.sleep
        self.ledger: str | None = None
        self.ahead: tuple[str | None, Desk] | None = None
        self.language_asked = False
        self.run_again: Callable[[Sequence[str]], int] | None = None
        self.stdin_terminal = output.is_terminal(sys.stdin)
        self.stdout_terminal = output.is_terminal(sys.stdout)
        self.colour = self.stdout_terminal and not os.environ.get("NO_COLOR")

    @property
    def language(self) -> str:
        """The language spoken: ``zh_CN`` or ``en``."""
        return language.language()

    @property
    def width(self) -> int | None:
        """The terminal's columns; None where stdout is no terminal."""
        return self._terminal_size()[0] if self.stdout_terminal else None

    @property
    def height(self) -> int:
        """The terminal's lines."""
        return self._terminal_size()[1]

    def now(self) -> datetime:
        """The present instant, with its offset (UTC unless a test's clock says otherwise)."""
        return self.clock()

    def run(self, words: Sequence[str]) -> int:
        """Run another command in this process, as if ``words`` had been typed; its exit code."""
        if self.run_again is None:
            raise RuntimeError("this run was not started by the program's frame")
        sys.stdout.flush()
        return self.run_again(words)

    def print(self, text: str) -> None:
        """Write ``text`` to stdout as a line. Parts from records must have been made harmless."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    def write(self, text: str) -> None:
        """Write ``text`` to stdout as it is, at once: what moves the cursor of a terminal."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def tell(self, text: str) -> None:
        """Write ``text`` to stderr as a line: what is said about an answer, not the answer."""
        sys.stderr.write(text if text.endswith("\n") else text + "\n")

    def say(self, message: Message) -> None:
        """Print ``message`` in the user's language to stdout."""
        self.print(language.say(message))

    def paint(self, text: str, colour: str) -> str:
        """``text`` in a colour where stdout shows colours (red, green, yellow, blue, bold, dim)."""
        return output.paint(text, colour, self.colour)

    def emit(
        self,
        kind: str,
        items: Iterable[Item],
        columns: Sequence[Column],
        fmt: Format,
        *,
        as_of: str | None = None,
        problems: Sequence[Problem] = (),
        id_key: str = "id",
        empty: str = "",
        people: Mapping[str, str] | None = None,
    ) -> None:
        """Print ``items`` in ``fmt`` to stdout and ``problems`` to stderr.

        ``empty`` is a translated sentence shown instead of an empty table, on stderr. The items are
        taken one by one, all of them before anything is printed.
        """
        if fmt == "table":
            self._emit_table(items, columns, empty, people or {})
        else:
            from svcctl.views.render import pieces

            answer = pieces(
                kind, items, columns, fmt, as_of=as_of, problems=problems, id_key=id_key
            )
            for text in output.complete(answer):
                sys.stdout.write(text)
        self.warn(problems)

    def _emit_table(
        self,
        items: Iterable[Item],
        columns: Sequence[Column],
        empty: str,
        people: Mapping[str, str],
    ) -> None:
        # What nothing is in needs no table, nor what draws one.
        items = iter(items)
        first = next(items, None)
        if first is None:
            if empty:
                self.tell(empty)
            return
        from svcctl.views.tables import parts

        width, height = self._terminal_size() if self.stdout_terminal else (0, 0)
        rest = parts(chain((first,), items), columns, width or None, people)
        text = next(rest)
        while text.count("\n") < height and (more := next(rest, "")):
            text += more
        if not (height and output.page(text, height, os.environ.get("PAGER"), rest)):
            sys.stdout.write(text)
            sys.stdout.writelines(rest)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Report findings about other files on stderr; the command itself goes on."""
        problems = list(problems)
        if not problems:
            return  # as nearly always: what says how a finding reads need not be loaded
        from svcctl.domain.checks.catalogue import severity_of
        from svcctl.views.findings import problem_lines

        rules = False
        for problem in problems:
            self.tell(problem_lines(problem))
            rules = rules or (
                problem.path.startswith(("records/policy/", "records/calendar/"))
                and severity_of(problem) == "error"
            )
        if rules:
            self.tell(_("until it is mended, the last version of it that git has applies"))

    def ask(
        self,
        question: str,
        flag: str,
        *,
        default: str = "",
        choices: Sequence[str] = (),
        field: str = "",
    ) -> str:
        """The answer to a translated ``question``, asked on stderr when stdin is a terminal.

        Without a terminal there is nobody to ask: ``Usage`` names the ``flag`` that is missing.
        Asks again until the answer is not empty and one of ``choices`` (if any): stored words of
        ``field``, shown numbered by their labels, and answered by number, label or word.
        """
        if not self.stdin_terminal:
            raise Usage(
                "missing",
                Message(N_("{flag} is missing, and there is nobody to ask."), {"flag": flag}),
                Message(N_("Give it on the command line.")),
            )
        from svcctl.domain.identity import half_width
        from svcctl.views.language import stored_word, word

        labels = [word(choice, field) for choice in choices]
        numbered = " · ".join(f"{n} {label}" for n, label in enumerate(labels, 1))
        hint = f" {numbered}" if choices else ""
        preset = f" [{word(default, field) if choices else default}]" if default else ""
        by_number = {str(n): choice for n, choice in enumerate(choices, 1)}
        for turn in count(1):
            answer = self._read(f"{question}{hint}{preset}: ") or default
            if not choices and answer:
                return answer
            found = by_number.get(half_width(answer)) or stored_word(answer, field, choices)
            if found:
                return found
            self._tell_what_answers(answer, len(choices), turn)
        raise AssertionError("the questions ended")

    def _tell_what_answers(self, answer: str, choices: int, turn: int) -> None:
        """Say why ``answer`` was none, what is one, and from the second time on how to stop."""
        from svcctl.views.safe import line

        if answer:
            told = _("“{typed}” is none of these: type a number, 1 to {count}, or one of the words")
        elif choices:
            told = _("an answer is needed: type a number, 1 to {count}, or one of the words")
        else:
            told = _("an answer is needed")
        self.tell("  " + told.format(typed=line(answer), count=choices))
        if turn > 1:
            self.tell("  " + _("Ctrl-C stops"))

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Yes or no to a translated ``question``; ``default`` where there is nobody to ask."""
        if not self.stdin_terminal:
            return default
        hint = _("[Y/n]") if default else _("[y/N]")
        while True:
            answer = self._read(f"{question} {hint}: ").lower()
            if not answer:
                return default
            if answer in ("y", "yes", "是", "好"):
                return True
            if answer in ("n", "no", "否", "不"):
                return False
            self.tell("  " + _("type y for yes or n for no"))

    def _read(self, prompt: str) -> str:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            raise EOFError
        return answer.strip()

    def _terminal_size(self) -> tuple[int, int]:
        import shutil

        size = shutil.get_terminal_size()
        return size.columns, size.lines


def session() -> Session:
    """The session of the command that runs now."""
    found = click.get_current_context().find_root().obj
    if not isinstance(found, Session):
        raise RuntimeError("a command ran outside of the program's frame")
    return found
