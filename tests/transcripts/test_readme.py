"""Both READMEs, as a newcomer follows them: every command runs, and prints what is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
PROGRAM = """#!{python}
import sys
from datetime import datetime
from svcctl.__main__ import _prepare_streams, run
_prepare_streams()
now = datetime.fromisoformat("2026-11-20T17:00:00+08:00")
sys.exit(run(sys.argv[1:], clock=lambda: now))
"""
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A block of commands, whether each of them is to fail, and the lines shown after it."""

    commands: str
    fails: bool
    shown: list[str] | None


def write_program(place: Path) -> None:
    """The program as it is installed, but with a clock that stands still."""
    place.write_text(PROGRAM.format(python=sys.executable), "utf-8")
    place.chmod(0o755)


def blocks(name: str) -> list[tuple[str, str, str]]:
    """Language, remark and text of each fenced block."""
    return BLOCK.findall((ROOT / name).read_text("utf-8"))


def steps(name: str) -> list[Step]:
    """The blocks of commands, each with the block of output that follows it, if any."""
    found: list[Step] = []
    for language, remark, text in blocks(name):
        if language == "sh":
            found.append(Step(text, remark == "fails", None))
        elif language == "text":
            assert found[-1].shown is None, "output without commands"
            found[-1] = found[-1]._replace(shown=text.splitlines())
    return found


def commands_of(step: Step) -> list[str]:
    """Single commands: a line, with the lines it goes on in."""
    return step.commands.replace("\\\n", " ").strip().split("\n")


def script(name: str) -> str:
    """One shell script of the whole README; each block's output ends with a mark of its own."""
    lines = ["set -u", 'ended() { echo "@@ended $1"; }']
    for number, step in enumerate(steps(name)):
        for command in commands_of(step):
            how = "&& exit 91" if step.fails else "|| exit 90"
            lines.append(f"{command} {how}")
        lines.append(f"ended {number}")
    return "\n".join(lines)


def shows(actual: list[str], shown: list[str]) -> str | None:
    """None if ``actual`` has the lines shown, else the line that is not there.

    ``…`` stands for any text within a line, and alone for any lines.
    """
    at, skipping = 0, True
    for line in shown:
        if line == "…":
            skipping = True
            continue
        pattern = re.compile(r"\s*.*?\s*".join(map(re.escape, re.split(r"\s*…\s*", line))))
        while at < len(actual) and not pattern.fullmatch(actual[at].rstrip()):
            if not skipping:
                return line
            at += 1
        if at == len(actual):
            return line
        at, skipping = at + 1, False
    return None


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_works_in_an_empty_folder(name: str, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    write_program(programs / "svcctl")
    folder = tmp_path / "empty"
    folder.mkdir()
    environ = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "LANG": "C",
    }
    ran = subprocess.run(
        ["bash"],
        input=script(name),
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    parts = re.split(r"^@@ended \d+\n", ran.stdout, flags=re.MULTILINE)
    for step, printed in zip(steps(name), parts, strict=False):
        if step.shown is not None:
            missing = shows(printed.splitlines(), step.shown)
            assert missing is None, f"{missing!r} is not in\n{printed}"


@pytest.mark.parametrize("name", READMES)
def test_the_readme_holds_no_block_that_is_not_checked(name: str) -> None:
    assert {language for language, _, _ in blocks(name)} == {"sh", "text", "console", "cron"}


@pytest.mark.parametrize("name", READMES)
def test_the_ways_to_install_are_there(name: str) -> None:
    _glance, text = [text for language, _, text in blocks(name) if language == "console"]
    words = [line.removeprefix("$ ").split("#")[0].strip() for line in text.splitlines()]
    assert words[:2] == ["pipx install .", "python3 -m venv .venv && .venv/bin/pip install ."]
    assert words[2:] == ["make test"]
    for command in ("make demo", *words[2:]):
        target = command.split()[1]
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    # The tests run in the pipeline exactly as the README says.
    assert "make test" in (ROOT / ".ci/run").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh_CN")])
def test_the_first_glance_is_a_board_as_the_program_draws_it(name: str, language: str) -> None:
    from svcctl.views.board import board
    from svcctl.views.language import set_language

    glance = next(text for kind, _, text in blocks(name) if kind == "console").splitlines()
    assert glance[0] == "$ make demo"
    assert re.fullmatch(
        r"\$ \.venv/bin/svcctl (--lang zh_CN )?--ledger demo-ledger today", glance[1]
    )
    set_language(language)
    item: dict[str, str | None] = {
        "section": "overdue",
        "ticket": "SHA-261116-02G",
        "what": "callback-next",
        "who": "x",
    }
    item |= {"when": "2026-11-18T17:30:00+08:00", "priority": "normal", "who_name": None}
    item |= {"name": "白鹭酒店", "phone": "02155500102", "subject": "遥控失灵"}
    drawn = board(
        [{**item, "overdue_minutes": 9}], "2026-11-22T09:00:00+08:00", lambda text, _: text
    )
    assert glance[3].split() == drawn[3].split()


@pytest.mark.parametrize("name", READMES)
def test_the_line_for_cron_is_the_first_of_its_page(name: str) -> None:
    [line] = [text for language, _, text in blocks(name) if language == "cron"]
    assert line == blocks("docs/cron.md")[0][2]


def test_every_line_for_cron_works_where_cron_runs_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    programs = home / ".local/bin"
    programs.mkdir(parents=True)
    write_program(programs / "svcctl")
    mailed = 'printf "%s\\n" "$@" >>"$HOME/mailed"; cat >>"$HOME/mailed"\n'
    for mailer in ("mail", "mutt"):
        (programs / mailer).write_text("#!/bin/sh\n" + mailed, "utf-8")
        (programs / mailer).chmod(0o755)
    # What cron gives: a home, a short path (the mailers stand in for the system's), no language.
    environ = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    (home / ".config").mkdir()
    target = "smtp://127.0.0.1:9/?from=desk@example.com\n"  # nothing is owed yet: nothing is sent
    (home / ".config/svcctl-targets").write_text(target, "ascii")
    made = f"svcctl init {home}/ledger --desk SHA"
    assert subprocess.run(["sh", "-c", made], env=environ, capture_output=True).returncode == 0
    lines = [
        line
        for language, _, text in blocks("docs/cron.md")
        for line in text.splitlines()
        if language == "cron" and not line.startswith("MAILTO")
    ]
    assert len(lines) == 7
    for line in lines:
        command = re.fullmatch(r"\S+ \S+ \S+ \S+ \S+  (.*)", line)
        assert command is not None
        assert "%" not in line
        ran = subprocess.run(["sh", "-c", command[1]], env=environ, capture_output=True, cwd=home)
        assert ran.returncode == 0, (line, ran.stderr)
    assert "周报" in (home / "weekly.html").read_text("utf-8")
    mail = (home / "mailed").read_text("utf-8")
    assert "manager@example.com" in mail
    assert "周报" in mail
    assert "desk@example.com" in mail


@pytest.mark.parametrize(
    "path", [*READMES, "CHANGELOG.md", *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/*.md"))]
)
def test_every_link_leads_to_a_file_and_a_heading(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        place, _, heading = target.partition("#")
        file = (ROOT / path).parent / place if place else ROOT / path
        assert file.is_file(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", t).lower().replace(" ", "-") for t in titles}
            assert heading in anchors, target
