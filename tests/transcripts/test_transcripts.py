"""Transcripts: a command, then what it prints, compared to the letter, in both languages.

A transcript is read like a session at a terminal. Its lines:

    # words for the reader
    ~ a ledger at work     the ledger that ``made_ledgers.story`` makes; without it, an empty folder
    @ 2026-11-16T17:25:00+08:00     from here on the clock stands there
    = map.yaml             puts the following "| " lines into a file
    $ svcctl …             a command; "< FILE" is its standard input, "| text" shows a page as text
    ! …                    a line it wrote on stderr
    ? 3                    its exit code, where it is not 0

and everything else is what it printed. To write down what the commands print now:

    SVCCTL_UPDATE_TRANSCRIPTS=1 pytest tests/transcripts/test_transcripts.py
"""

from __future__ import annotations

import html
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.cli.lazy import Noun
from svcctl.cli.main import COMMANDS

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh_CN")
UPDATE = os.environ.get("SVCCTL_UPDATE_TRANSCRIPTS") == "1"
NAMES = sorted(path.name for path in (HERE / "en").glob("*.txt"))
INPUT = ("#", "~", "@", "=", "|", "$")


class Player:
    """Plays one transcript in a folder of its own and writes down what came of it."""

    def __init__(self, folder: Path, lang: str) -> None:
        self.root = folder
        self.root.mkdir()
        self.lang = lang
        self.now = "2026-11-16T09:00:00+08:00"
        self.file: Path | None = None

    def play(self, lines: list[str]) -> list[str]:
        told: list[str] = []
        for line in lines:
            if not line.startswith(INPUT):
                continue  # what was printed when the transcript was written
            told.append(line)
            mark, rest = line[:1], line[2:]
            if mark == "~":
                self.root.rmdir()
                made.copy(self.root)
            elif mark == "@":
                self.now = rest
            elif mark == "=":
                self.file = self.root / rest
                self.file.write_text("", "utf-8")
            elif mark == "|":
                assert self.file is not None
                self.file.write_text(f"{self.file.read_text('utf-8')}{rest}\n", "utf-8")
            elif mark == "$":
                told += [*self._command(rest), ""]
        return told

    def _command(self, typed: str) -> Iterator[str]:
        typed, as_text = typed.removesuffix(" | text"), typed.endswith(" | text")
        typed, _, source = typed.partition(" < ")
        words = shlex.split(typed)
        given = {}
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            given[name] = value
        assert words.pop(0) == "svcctl"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("SVCCTL_LANG", self.lang)
            for name, value in given.items():
                patch.setenv(name, value)
            stdin = (self.root / source).read_text("utf-8") if source else ""
            ran = made.call_here(*words, now=self.now, stdin=stdin)
        out = text_of(ran.out) if as_text else ran.out
        yield from self._shown(out)
        yield from (f"! {line}".rstrip() for line in self._shown(ran.err))
        if ran.code:
            yield f"? {ran.code}"

    def _shown(self, text: str) -> list[str]:
        text = text.replace("\r\n", "\n").replace(str(self.root), "/ledger")
        text = text.replace(str(self.root.parent), "")  # a hub or a station beside it
        text = re.sub(r"\d+( MB|(?=\.sqlite3))", r"…\1", text)
        text = re.sub(r"\b[0-9a-f]{12}\b", "…", text)  # commits
        text = re.sub(r'("reread": )\d+', r"\1…", text)  # a file just made is read once more
        lines = text.split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        return [f"  {line}" if line.startswith((*INPUT, "!", "?")) else line for line in lines]


def text_of(page: str) -> str:
    """A page as its readers see it: without marks, styles and pictures, blank lines dropped."""
    page = re.sub(r"<(style|script|svg|title)\b.*?</\1>", "", page, flags=re.DOTALL)
    page = re.sub(r"</(td|th|span|dt|dd|b|label)>", " ", page)
    page = re.sub(r"<[^>]*>", "", page)
    lines = (" ".join(line.split()) for line in html.unescape(page).split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def path_of(name: str, lang: str) -> Path:
    return HERE / lang / name


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_what_the_transcript_says(name: str, lang: str, tmp_path: Path) -> None:
    path = path_of(name, lang)
    known = path.read_text("utf-8").splitlines()
    told = Player(tmp_path / "ledger", lang).play(known)
    if UPDATE:
        path.write_text("".join(f"{line}\n" for line in told), "utf-8")
    assert told == path.read_text("utf-8").splitlines()
    assert not any(line == "? 70" for line in told)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_play_the_same_commands(name: str) -> None:
    if UPDATE:  # the English one leads; what a person wrote for the reader is kept
        theirs = path_of(name, "zh_CN")
        if not theirs.exists():
            theirs.write_text(path_of(name, "en").read_text("utf-8"), "utf-8")
    played = [
        [
            line
            for line in path_of(name, lang).read_text("utf-8").splitlines()
            if line[:1] in "~@=|$"
        ]
        for lang in LANGUAGES
    ]
    assert played[0] == played[1]


def test_both_languages_have_the_same_transcripts() -> None:
    theirs = sorted(path.name for path in (HERE / "zh_CN").glob("*.txt"))
    assert theirs == NAMES


def commands() -> set[str]:
    """Every command of the program, as typed: ``ticket new``, ``today``."""
    from importlib import import_module

    found = set()
    for name, target in COMMANDS.items():
        if not target.help:
            continue  # for other programs
        module, _, attribute = target.where.partition(":")
        noun = getattr(import_module(module), attribute)
        verbs = noun.names() if isinstance(noun, Noun) else [""]
        found |= {f"{name} {verb}".strip() for verb in verbs}
    return found


def test_every_command_has_a_transcript() -> None:
    typed = [
        line.partition("svcctl ")[2]
        for name in NAMES
        for line in path_of(name, "en").read_text("utf-8").splitlines()
        if line.startswith("$")
    ]
    missing = {
        command
        for command in commands()
        if not any(f"{words} ".startswith(f"{command} ") for words in typed)
    }
    assert missing == set()


def test_every_documented_ending_but_git_locks_bugs_and_interruption_occurs_in_a_transcript() -> (
    None
):
    endings = {
        int(line[2:])
        for name in NAMES
        for line in path_of(name, "en").read_text("utf-8").splitlines()
        if re.fullmatch(r"\? \d+", line)
    }
    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text("utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    # A line of a transcript names its exit code only where it is not 0.
    well, git_failed, locked, bug, interrupted = 0, 6, 7, 70, 130
    assert documented - endings == {well, git_failed, locked, bug, interrupted}
    assert endings <= documented
