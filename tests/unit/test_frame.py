"""The frame every command hangs in: names, global options, endings, exit codes, the log of a bug."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import click
import pytest
import typer

from svcctl.cli import completion, exits
from svcctl.cli import main as frame
from svcctl.cli.lazy import Noun, Target
from svcctl.cli.manner import Asked
from svcctl.cli.options import AsOf, By, CustomerRef, Output, State, TicketId
from svcctl.cli.session import session
from svcctl.domain import problems
from svcctl.domain.problems import Message, Problem
from svcctl.views import language
from svcctl.views.output import Column

Run = Callable[..., Any]
COLUMNS = (Column("id", "Ticket"), Column("state", "State", show="word"))
ITEMS = [{"id": "SHA-261116-01X", "state": "dispatched"}]


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A noun ``trial`` and a verb ``solo``, hung into the program for one test."""
    module = types.ModuleType("trial_commands")
    app = Noun("Things to try.")

    @app.command("list", help="List them.")
    def list_(state: State = None, as_of: AsOf = None, output: Output = "table") -> None:
        session().emit("ticket", ITEMS, COLUMNS, output, as_of=as_of)

    @app.command(help="Show one.")
    def show(ticket: TicketId, by: By = None, customer: CustomerRef = None) -> None:
        now = session().now().isoformat()
        session().print(f"{session().language} {session().ledger} {ticket} {by} {customer} {now}")

    @app.command(help="Stop.")
    def stop(kind: Annotated[str, typer.Argument()]) -> None:
        ending = getattr(problems, kind)
        raise ending("some-code", Message("no “{id}”", {"id": "\x1b[31m甲"}), Message("try again"))

    @app.command(help="Fail.")
    def fail() -> None:
        name = "客户甲"
        raise KeyError(f"13800138000 {name}")

    @app.command(help="Break off.")
    def interrupt() -> None:
        raise KeyboardInterrupt

    @app.command(help="Ask.")
    def ask() -> None:
        session().print(session().ask("Which", "--which", choices=("a", "b")))
        session().print(str(session().confirm("Sure?")))

    @app.command(help="Strict.")
    def strict() -> None:
        found = [Problem("no-such-code", "records/a.yaml", 3, 5, {"what": "x"}, "ab: \x1b[1m", "")]
        asked = Asked(output="ids", strict=True)
        asked.problems = found
        asked.emit("ticket", ITEMS, COLUMNS)
        asked.end()

    def solo(word: Annotated[str, typer.Argument(metavar="WORD")] = "") -> int:
        session().print(word)
        return 1

    vars(module).update(app=app, solo=solo)
    monkeypatch.setitem(sys.modules, "trial_commands", module)
    monkeypatch.setitem(frame.COMMANDS, "trial", Target("trial_commands:app", "Things to try."))
    monkeypatch.setitem(frame.COMMANDS, "solo", Target("trial_commands:solo", "One verb."))
    return module


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("name", frame.COMMANDS)
def test_every_command_of_the_table_can_be_loaded_and_shows_its_help(
    svcctl: Run, name: str, lang: str
) -> None:
    ran = svcctl(name, "-h", lang=lang)
    assert ran.code == 0
    assert f"svcctl {name}" in ran.out


def test_the_first_page_names_every_command_and_loads_none(svcctl: Run) -> None:
    before = {name for name in sys.modules if name.startswith("svcctl.cli.")}
    ran = svcctl("--help")
    assert ran.code == 0
    assert set(re.findall(r"^  ([a-z]+) ", ran.out, re.MULTILINE)) == {
        name for name, target in frame.COMMANDS.items() if target.help
    }
    after = {name for name in sys.modules if name.startswith("svcctl.cli.")}
    assert after - before <= {"svcctl.cli.helppage"}


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_understood_at_every_level(svcctl: Run, trial: object, flag: str) -> None:
    for words in ([], ["trial"], ["trial", "list"], ["solo"]):
        ran = svcctl(*words, flag)
        assert ran.code == 0
        assert ran.out.startswith("Usage: svcctl")


def test_help_is_in_the_language_that_was_asked_for(svcctl: Run, trial: object) -> None:
    assert "只看处于此状态的工单" in svcctl("trial", "list", "-h", lang="zh_CN").out
    assert "Only tickets in this state" in svcctl("trial", "list", "-h", lang="en").out
    assert "只看处于此状态的工单" in svcctl("trial", "list", "--lang", "zh_CN", "-h").out


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_no_line_of_a_help_page_is_wider_than_the_terminal(
    svcctl: Run, trial: object, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wcwidth

    monkeypatch.setenv("COLUMNS", "60")
    for words in ([], ["trial", "list"], ["trial", "show"]):
        for line in svcctl(*words, "-h", lang=lang).out.splitlines():
            assert wcwidth.wcswidth(line) <= 60


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_global_options_are_understood_before_and_after_the_command(
    svcctl: Run, trial: object, position: int
) -> None:
    words = ["trial", "show", "07M"]
    words[position:position] = ["--ledger", "/some/where", "--lang", "zh_CN"]
    ran = svcctl(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("zh_CN /some/where 07M")


def test_a_command_is_told_the_time_by_the_injected_clock(svcctl: Run, trial: object) -> None:
    ran = svcctl("trial", "show", "07M", now="2026-11-16T09:00:00+08:00")
    assert ran.out.endswith("2026-11-16T09:00:00+08:00\n")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("Usage", 2),
        ("Refusal", 3),
        ("Unreadable", 4),
        ("StorageFailed", 4),
        ("GitFailed", 6),
        ("Busy", 7),
        ("NotFound", 8),
    ],
)
def test_each_kind_of_ending_has_its_exit_code(
    svcctl: Run, trial: object, kind: str, code: int
) -> None:
    ran = svcctl("trial", "stop", kind)
    assert ran.code == code
    assert ran.out == ""
    assert ran.err == "no “\\x1b[31m甲” [some-code]\n  try again\n"


def test_every_kind_of_stop_has_an_exit_code_of_its_own_meaning() -> None:
    for kind in problems.Stop.__subclasses__():
        code = exits.code_of(kind("x", Message("x")))
        assert code in exits.MEANINGS
        assert code != exits.BUG


def test_a_verb_may_return_its_exit_code(svcctl: Run, trial: object) -> None:
    assert svcctl("solo", "甲") == (1, "甲\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ["trial", "list", "-o", "xml"],
        ["trial", "show"],
        ["trial", "show", "a", "b"],
        ["trial", "list", "--nothing"],
        ["trial", "list", "--state"],
        ["--lang", "fr", "trial", "list"],
        ["nothing"],
        ["trial", "nothing"],
        ["trial"],
        [],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_what_is_not_understood_ends_with_2_and_says_so_in_the_users_language(
    svcctl: Run, trial: object, words: list[str], lang: str
) -> None:
    ran = svcctl(*words, lang=lang)
    assert (ran.code, ran.out) == (2, "")
    assert ("Usage:" in ran.err) == (lang == "en")
    assert ("用法：" in ran.err) == (lang == "zh_CN")
    if lang == "zh_CN":
        assert not re.search(r"Error|Missing|No such|Invalid|requires|unexpected", ran.err)


def test_a_mistyped_name_is_answered_with_the_near_ones(svcctl: Run, trial: object) -> None:
    assert "Did you mean ticket?" in svcctl("tickt").err
    assert "Did you mean show?" in svcctl("trial", "shwo").err
    assert "Did you mean" not in svcctl("zzzzzz").err


def test_hostile_words_are_shown_harmless_in_complaints(svcctl: Run, trial: object) -> None:
    for words in (["\x1b[31m\u202ex"], ["trial", "list", "-o", "\x1b[31m\u202ex"], ["--\x1b[3m"]):
        ran = svcctl(*words)
        assert ran.code == 2
        assert "\x1b" not in ran.err
        assert "\u202e" not in ran.err


def test_words_that_are_no_text_are_refused(svcctl: Run) -> None:
    assert svcctl("ticket", "\udcff").code == 2


def test_a_bug_leaves_a_log_without_anything_from_the_ledger(
    svcctl: Run, trial: object, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "records").mkdir()
    ran = svcctl("trial", "fail", "--lang", "en", cwd=tmp_path)
    assert (ran.code, ran.out) == (70, "")
    assert len(ran.err.splitlines()) == 1
    [log] = (tmp_path / ".git" / "svcctl").iterdir()
    assert str(log) in ran.err
    text = log.read_text(encoding="utf-8")
    assert "KeyError" in text
    assert "test_frame.py" in text
    assert "command: trial fail --lang …" in text
    for private in ("13800138000", "客户甲", str(tmp_path), str(Path(__file__).parent)):
        assert private not in text


def test_a_bug_outside_of_a_ledger_leaves_its_log_among_the_temporary_files(
    svcctl: Run, trial: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "somebody-else" / ".git").mkdir(parents=True)
    ran = svcctl("trial", "fail", cwd=tmp_path / "somebody-else")
    assert ran.code == 70
    assert list((tmp_path / "somebody-else" / ".git").iterdir()) == []
    assert [path.name for path in tmp_path.glob("*/bug-*.txt")] != []


def test_the_traceback_is_shown_only_to_those_who_ask(
    svcctl: Run, trial: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVCCTL_DEBUG", "1")
    assert "Traceback" in svcctl("trial", "fail", cwd=tmp_path).err


def test_an_interrupted_command_ends_with_130(svcctl: Run, trial: object) -> None:
    assert svcctl("trial", "interrupt") == (130, "", "Interrupted.\n")


def test_a_question_without_a_terminal_names_the_flag(svcctl: Run, trial: object) -> None:
    ran = svcctl("trial", "ask", stdin="a\n")
    assert ran.code == 2
    assert "--which" in ran.err


def test_a_question_is_asked_again_until_it_is_answered(svcctl: Run, trial: object) -> None:
    ran = svcctl("trial", "ask", typed="\nc\nb\n是\n")
    assert (ran.code, ran.out) == (0, "b\nTrue\n")
    assert ran.err.count("Which 1 a · 2 b: ") == 3


def test_the_end_of_input_breaks_a_question_off(svcctl: Run, trial: object) -> None:
    assert svcctl("trial", "ask", typed="").code == 130


def test_problems_go_to_stderr_and_strict_makes_them_matter(svcctl: Run, trial: object) -> None:
    ran = svcctl("trial", "strict")
    assert (ran.code, ran.out) == (4, "SHA-261116-01X\n")
    first, excerpt, caret = ran.err.splitlines()
    assert first.startswith("records/a.yaml:3:5: no-such-code")
    assert "what=x" in first
    assert excerpt == "    ab: \\x1b[1m"
    assert caret == "        ^"


def test_machine_output_does_not_depend_on_the_language(svcctl: Run, trial: object) -> None:
    for fmt in ("json", "csv", "ids"):
        english = svcctl("trial", "list", "-o", fmt, lang="en")
        assert english == svcctl("trial", "list", "-o", fmt, lang="zh_CN")
    assert json.loads(svcctl("trial", "list", "-o", "json").out)["items"] == ITEMS


def _process(*words: str, **settings: Any) -> subprocess.CompletedProcess[bytes]:
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        **settings.pop("env", {}),
    }
    command = [sys.executable, "-m", "svcctl", *words]
    return subprocess.run(command, env=environ, check=False, **settings)


def test_chinese_is_printed_as_utf_8_in_the_c_locale() -> None:
    ran = _process("--lang", "zh_CN", "-h", capture_output=True)
    assert ran.returncode == 0
    assert "售后服务" in ran.stdout.decode("utf-8")


def test_a_reader_that_goes_away_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = _process("-h", stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_an_answer_that_cannot_be_written_is_said_and_ends_with_4() -> None:
    with open("/dev/full", "wb") as full:
        for words in (["-h"], ["--version"]):
            ran = _process(*words, stdout=full, stderr=subprocess.PIPE)
            assert ran.returncode == 4
            assert ran.stderr.startswith(b"The answer cannot be written: No space left")
            assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("terminal", [False, True])
def test_the_pager_and_the_width_limit_are_for_terminals_only(
    svcctl: Run, trial: object, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.views import output

    paged: list[str] = []

    def page(text: str, height: int, pager: str | None, rest: Iterable[str]) -> bool:
        paged.append("".join((text, *rest)))
        return True

    monkeypatch.setattr(output, "is_terminal", lambda stream: terminal)
    monkeypatch.setattr(output, "page", page)
    ran = svcctl("trial", "list")
    assert (len(paged), bool(ran.out)) == ((1, False) if terminal else (0, True))
    assert svcctl("trial", "list", "-o", "ids").out == "SHA-261116-01X\n"
    assert len(paged) <= 1


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_without_no_color(
    no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.cli import session as sessions
    from svcctl.views import output

    monkeypatch.setenv("NO_COLOR", no_color)
    assert not sessions.Session().colour
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    assert sessions.Session().colour is coloured
    monkeypatch.setattr(exits, "is_terminal", lambda stream: True)
    assert exits.colour_wanted() is coloured


@pytest.mark.parametrize(
    ("encoding", "terminal", "then"),
    [
        ("ascii", True, "utf-8"),
        ("latin-1", False, "utf-8"),
        ("gbk", True, "gbk"),
        ("gbk", False, "utf-8"),
    ],
)
def test_output_is_utf_8_except_on_a_terminal_that_speaks_another_chinese(
    encoding: str, terminal: bool, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    from svcctl import __main__ as entry

    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return terminal

    stream = Stream(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)
    entry._prepare_streams()
    assert stream.encoding == then
    stream.write("不\U0001f527")
    stream.flush()


def test_the_version_is_printed_with_and_without_other_options(svcctl: Run) -> None:
    import svcctl as package

    for words in (["--version"], ["--lang", "en", "--version"]):
        assert svcctl(*words) == (0, f"svcctl {package.__version__}\n", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("svcctl callb", {"callbacks"}), ("svcctl --led", {"--ledger"})],
)
def test_the_shell_is_offered_names_without_loading_them(typed: str, offered: set[str]) -> None:
    ran = _process(
        capture_output=True,
        env={
            "_SVCCTL_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": "1",
        },
    )
    assert ran.returncode == 0
    assert set(ran.stdout.decode().split()) == offered


def test_completion_asks_the_desk_and_offers_one_harmless_word_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = types.ModuleType("svcctl.desk.completing")

    def tickets(prefix: str) -> list[tuple[str, str]]:
        return [(f"{prefix}-1", "不制冷\x1b[31m"), ("$(reboot)", "x"), ("a b", "x")]

    vars(asked).update(tickets=tickets)
    monkeypatch.setitem(sys.modules, "svcctl.desk.completing", asked)
    assert completion.complete_ticket("SHA") == [("SHA-1", "不制冷\\x1b[31m")]


def test_a_failing_completion_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = types.ModuleType("svcctl.desk.completing")

    def fails(_prefix: str) -> list[tuple[str, str]]:
        raise problems.Unreadable("x", Message("x"))

    vars(broken).update(staff=fails)
    monkeypatch.setitem(sys.modules, "svcctl.desk.completing", broken)
    assert completion.complete_staff("a") == []
    assert completion.complete_customer("a") == []


@pytest.mark.parametrize(
    ("shell", "mark"),
    [("bash", "complete -o"), ("zsh", "#compdef svcctl"), ("fish", "complete --command svcctl")],
)
def test_the_completion_script_is_that_of_the_shell_named(
    svcctl: Callable[..., Any], shell: str, mark: str
) -> None:
    ran = svcctl("--show-completion", shell)
    assert ran.code == 0, ran.err
    assert mark in ran.out
    assert f"complete_{shell}" in ran.out


def test_a_shell_that_is_not_known_is_refused(svcctl: Callable[..., Any]) -> None:
    ran = svcctl("--show-completion", "ksh")
    assert (ran.code, ran.out) == (2, "")
    assert "'fish'" in ran.err


def test_every_option_with_words_of_its_own_completes_them() -> None:
    from svcctl.desk import completing

    assert completing.words("f", "finished", "result") == [("fixed", "")]
    assert ("parts-needed", "waiting for parts") in completing.words("", "finished", "result")
    assert [one for one, _ in completing.words("A", "slip", "paper")] == ["A4", "A5"]
    assert [one for one, _ in completing.words("s", "slip", "copy")] == ["stub"]
    assert [one for one, _ in completing.words("e", "staff", "role")] == ["engineer"]
    assert completing.words("on", "head", "channel") == [("online", "")]
    language.set_language("zh_CN")
    assert completing.words("维", "head", "kind") == [("维修", "repair")]
    assert completing.states("已派") == [("已派工", "dispatched")]


def test_the_options_for_words_offer_them_to_the_shell() -> None:
    wanted = {"--result", "--kind", "--paper", "--copy", "--cover", "--opinion", "--third-copy"}
    wanted |= {"--working", "--priority", "--channel", "--role", "--state"}
    program = frame.root()
    offering: set[str] = set()
    silent: set[str] = set()
    for noun in ("ticket", "slip", "callbacks", "staff"):
        group = program.get_command(click.Context(program), noun)
        assert isinstance(group, click.Group)
        for verb in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), verb)
            assert command is not None
            for option in command.params:
                if wanted & set(option.opts):
                    offers = option.shell_complete(click.Context(command), "")
                    (offering if offers else silent).update(option.opts)
    assert (offering & wanted, silent) == (wanted, set())
