"""The way in and the one way out. Knows how a run begins and ends; no command.

Lean on purpose: every import here is paid by every command, so most lie inside functions.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


def main() -> int:
    """The console script: run the command that was typed, and return the exit code."""
    # A short run makes almost no garbage: looking for it while modules load and again at the end
    # costs a tenth of the whole. The threshold still bounds what a long run may leave lying.
    gc.set_threshold(100_000, 10, 10)
    _prepare_streams()
    code = run(sys.argv[1:])
    gc.freeze()
    return code


def run(
    argv: Sequence[str],
    *,
    clock: Callable[[], datetime] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> int:
    """Run one command and return its exit code; nothing is raised and the process does not end.

    ``clock`` stands in for the system's clock and gives instants with an offset, ``sleep`` for its
    waiting (seconds).
    """
    words = list(argv)
    try:
        code = _version() if words == ["--version"] else _run(words, clock, sleep)
        sys.stdout.flush()
    except KeyboardInterrupt:
        from svcctl.cli.exits import tell_interrupted

        return tell_interrupted()
    except BrokenPipeError:
        from svcctl.cli.exits import silence_output

        # The reader has seen enough (`| head`); that is no failure of the command.
        silence_output()
        return 0
    except OSError as error:
        from svcctl.cli.exits import silence_output, tell_full

        code = tell_full(error)
        silence_output()
    return code


def _version() -> int:
    from svcctl import __version__

    sys.stdout.write(f"svcctl {__version__}\n")
    return 0


def _run(
    words: list[str],
    clock: Callable[[], datetime] | None,
    sleep: Callable[[float], None] | None,
) -> int:
    # Rich help pages cost several times the rest of the start; plain ones are enough.
    os.environ["TYPER_USE_RICH"] = "0"
    from svcctl.views.language import asked_language, choose_language, set_language

    set_language(choose_language(words, os.environ))
    from svcctl.cli.ahead import opened_ahead, system_clock

    ahead = None if "_SVCCTL_COMPLETE" in os.environ else opened_ahead(words, clock or system_clock)

    import click

    from svcctl.cli import exits
    from svcctl.cli.main import root
    from svcctl.cli.session import Session
    from svcctl.domain.problems import Stop

    try:
        if any("\ud800" <= character <= "\udfff" for character in "".join(words)):
            return exits.tell_not_text()
        program = root()
        if "_SVCCTL_COMPLETE" in os.environ:
            from svcctl.cli.completion import answer_the_shell

            return answer_the_shell(program)
        session = Session(clock, sleep)
        session.ahead = ahead
        session.language_asked = bool(asked_language(words, os.environ))
        session.run_again = lambda again: run(again, clock=clock, sleep=sleep)
        with program.make_context("svcctl", words, obj=session) as context:
            code = program.invoke(context)
        return code if isinstance(code, int) else exits.OK
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except Stop as stop:
        return exits.tell(stop)
    except click.ClickException as error:
        return exits.tell_usage(error, words)
    except (click.Abort, EOFError):
        return exits.tell_interrupted()
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else exits.OK
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            # The ledger's own writes end in a Stop; what is left is the answer's.
            raise
        return exits.tell_bug(error, words)
    finally:
        if ahead is not None:
            ahead[1].let_go()


def _prepare_streams() -> None:
    """Print UTF-8 whatever the locale, and never fail on a character that cannot be shown.

    A terminal that speaks another encoding of Chinese keeps it.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        own = (stream.encoding or "").lower().replace("-", "")
        keep = own in ("gbk", "gb2312", "gb18030", "cp936") and stream.isatty()
        stream.reconfigure(encoding=None if keep else "utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
