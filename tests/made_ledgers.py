"""Small ledgers for tests, made by the program itself, and a way to run a command on one in place.

Knows how to make, copy and look at a ledger; asserts nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

os.environ["TYPER_USE_RICH"] = "0"

from svcctl.__main__ import run
from svcctl.ledger.folder import Ledger
from svcctl.views.language import set_language

NOW = "2026-11-16T10:00:00+08:00"
CUSTOMER, SECOND = "SHA-C0001Z", "SHA-C0002X"
UNIT = "SN00012345"
GIT_SETTINGS = Path(__file__).with_name("gitconfig")
TICKET, OTHER, CLOSED = "SHA-261116-02G", "SHA-261116-03E", "SHA-261114-01Y"


class Ran(NamedTuple):
    """What one command left behind: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def call(
    root: Path | str, *words: str | Path, now: str = NOW, lang: str = "en", stdin: str = ""
) -> Ran:
    """Run a command on the ledger ``root`` in this process, the clock standing at ``now``."""
    return call_here("--lang", lang, "--ledger", root, *words, now=now, stdin=stdin)


def call_here(*words: str | Path, now: str = NOW, stdin: str = "") -> Ran:
    """As ``call``, with nothing said of the ledger and the language."""
    moment = datetime.fromisoformat(now)
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(word) for word in words], clock=lambda: moment)
    finally:
        sys.stdin = before
        set_language("en")
    out.seek(0)
    err.seek(0)
    return Ran(code, out.read(), err.read())


PROCESS = """\
import sys
from datetime import datetime
from svcctl import __main__ as program
_, now, *sys.argv[1:] = sys.argv
program.run = lambda words, run=program.run: run(words, clock=lambda: datetime.fromisoformat(now))
sys.exit(program.main())
"""


def process(*words: str | Path, now: str = NOW) -> list[str]:
    """The words that run the program as a process of its own, the clock standing at ``now``."""
    return [sys.executable, "-c", PROCESS, now, *map(str, words)]


def surroundings(**more: str) -> dict[str, str]:
    """This environment for such a process, in which it finds the program."""
    above = str(Path(__file__).parents[1])
    return {**os.environ, "PYTHONPATH": above, "PYTHONUTF8": "1", **more}


def sure(root: Path | str, *words: str | Path, now: str = NOW) -> Ran:
    """As ``call``, for what must go well."""
    ran = call(root, *words, now=now)
    if ran.code:
        raise AssertionError(f"{words} ended with {ran.code}:\n{ran.out}{ran.err}")
    return ran


def story(root: Path, *, git: bool = True) -> Path:
    """Make a ledger with three people, two customers, a unit, two open tickets and a closed one."""
    root.mkdir(parents=True, exist_ok=True)
    early = "2026-11-14T09:00:00+08:00"
    with_git = () if git else ("--no-commit",)

    def do(*words: str, now: str = early) -> None:
        sure(root, *words, "--no-commit", now=now)

    sure(root, "init", str(root), "--desk", "SHA", *with_git, now=early)
    do("staff", "new", "mgr1", "--name", "经理甲", "--role", "manager")
    do("staff", "new", "desk1", "--name", "协调员甲", "--role", "coordinator", "--by", "mgr1")
    do("staff", "new", "eng1", "--name", "工程师甲", "--role", "engineer", "--by", "mgr1")
    sure(root, "me", "desk1", now=early)
    do("customer", "new", "--name", "客户甲", "--phone", "13800138000", "--address", "中山路 1 号")
    do("customer", "new", "--name", "客户乙", "--phone", "13900139000")
    do(
        "unit",
        "new",
        UNIT,
        "--model",
        "KFR-35",
        "--customer",
        CUSTOMER,
        "--installed",
        "2026-05-01",
    )
    _closed(root)
    for subject in ("不制冷", "漏水"):
        do(
            *("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--unit", UNIT),
            *("--subject", subject),
            now="2026-11-16T09:00:00+08:00",
        )
    do("ticket", "contact", TICKET, "--result", "reached", now="2026-11-16T09:02:00+08:00")
    do("ticket", "review", TICKET, "--cover", "free", "--by", "mgr1", now=NOW)
    visit = "2026-11-16T14:00:00+08:00"
    do("ticket", "dispatch", TICKET, "--to", "eng1", "--visit", visit, now=NOW)
    if git:
        commit_all(root)
    return root


def _closed(root: Path) -> None:
    at = "2026-11-14T09:{}:00+08:00".format

    def do(*words: str, now: str) -> None:
        sure(root, "ticket", *words, "--no-commit", now=now)

    do("new", "--kind", "inquiry", "--customer", SECOND, "--subject", "问保修期", now=at("10"))
    do("contact", CLOSED, "--result", "reached", now=at("12"))
    do("finish", CLOSED, "--result", "by-phone", "--action", "已答复", now=at("14"))
    do("close", CLOSED, now=at("20"))


def commit_all(root: Path, message: str = "by hand") -> None:
    """Commit everything below ``root`` with git itself."""
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", message)


def git(root: Path | str, *words: str, check: bool = True) -> str:
    """What git prints when a person runs it in ``root``, the clock standing at ``NOW``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": str(GIT_SETTINGS), "GIT_CONFIG_NOSYSTEM": "1"}
    env |= {"GIT_AUTHOR_DATE": NOW, "GIT_COMMITTER_DATE": NOW}
    who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.com")
    done = subprocess.run(
        ["git", *who, *words], cwd=root, env=env, check=False, capture_output=True, text=True
    )
    if check and done.returncode:
        raise AssertionError(f"git {words} ended with {done.returncode}: {done.stderr}")
    return done.stdout


@functools.cache
def _template(with_git: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return story(folder / "ledger", git=with_git)


def copy(root: Path, *, git: bool = True) -> Path:
    """Put a copy of the ledger that ``story`` makes at ``root``, and let it be desk SHA there."""
    shutil.copytree(_template(git), root, symlinks=True)
    Ledger(root).note_station("SHA", "desk1")
    return root


@functools.cache
def _after(commands: tuple[str, ...], now: str) -> Path:
    root = Path(tempfile.mkdtemp(prefix="after-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with contextlib.chdir(root):
        for command in commands:
            ran = call_here("--lang", "en", *command.split(), now=now)
            if ran.code:
                raise AssertionError(f"{command} ended with {ran.code}:\n{ran.err}")
    return root


AT_HOME = (
    "init . --desk SHA",
    "staff new li.na --name 李娜 --role manager",
    "me li.na",
    "staff new wang.wei --name 王伟 --role engineer",
    "customer new --name 周兰 --phone 13800138000",
    "ticket new --kind repair --customer 周兰 --subject 不制冷 --at 2026-11-16T09:00",
)
"""Commands after which a manager and an engineer have one request of one customer."""


def after(root: Path, commands: Iterable[str], now: str = NOW) -> Path:
    """Put at ``root`` what these commands make of an empty folder; they are run once a process.

    The words of a command are parted by blanks; the first is ``init .``.
    """
    there = _after(tuple(commands), now)
    shutil.copytree(there, root, symlinks=True, dirs_exist_ok=True)
    station = Ledger(there).station()
    Ledger(root).note_station(station.desk, station.me)
    return root


def ticket_file(root: Path, identifier: str = TICKET) -> Path:
    """The file of a ticket."""
    day = identifier.split("-")[1]
    return root / f"records/tickets/20{day[:2]}/{day[2:4]}/{identifier}.yaml"


def temporaries(root: Path) -> list[str]:
    """Temporary files of a write that are still lying about below ``root``."""
    return [str(path.relative_to(root)) for path in root.rglob(".svcctl-*")]


def uncommitted(root: Path) -> str:
    """What git says is not committed below ``records``."""
    return git(root, "status", "--porcelain", "--untracked-files=all", "--", "records")


FEW_RULES = """\
obligations:
  first-call: {for: [repair], starts: opened, within: 3m, met-by: [contacted(result=reached)], owner: engineer}
  reply: {starts: opened, within: 24h, met-by: [contacted(result=reached), replied]}
  slip: {for: [repair], per: visit, starts: opened, within: 2d, met-by: [slip-returned], owner: engineer}
escalations:
  attitude: {of: [reply], for: [complaint], category: [态度], after: -24h, to: [manager]}
"""


def few_rules(root: Path) -> Path:
    """Put a ledger under few rules, which stay as they are when the shipped ones ask for more."""
    (policy,) = (root / "records/policy").glob("*.yaml")
    policy.write_text(
        policy.read_text("utf-8").partition("\nobligations:")[0] + "\n" + FEW_RULES, "utf-8"
    )
    return root
