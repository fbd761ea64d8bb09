"""Documents: which language they are in, and where they go. Shared by slips and reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from svcctl.cli.session import session
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views import language
from svcctl.views.language import _
from svcctl.views.output import is_terminal
from svcctl.views.safe import line


@contextmanager
def document_language(policy: str) -> Iterator[None]:
    """Speak the department's language for a document, unless the user asked for another.

    ``policy`` is the policy's ``language``. ``--lang`` and SVCCTL_LANG win; a terminal's locale does
    not, so that the weekly summary from cron under LANG=C is the one everybody knows.
    """
    before = language.language()
    if policy and not session().language_asked:
        language.set_language(policy)
    try:
        yield
    finally:
        language.set_language(before)


def give(text: str, out: str) -> None:
    """Print a document to stdout, or write it whole to the file ``out`` (old or new, never half)."""
    run = session()
    if not out:
        run.print(text)
        return
    target = Path(out)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.exists() and not target.is_file():  # a device or a pipe takes it as it comes
            target.write_text(text, "utf-8")
            return
        temporary.write_text(text, "utf-8")
        os.replace(temporary, target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise Usage(
            "cannot-write",
            Message(
                N_("{path} cannot be written: {reason}"),
                {"path": out, "reason": error.strerror or str(error)},
            ),
        ) from None
    if is_terminal(sys.stderr):  # from cron, silence is what says that all went well
        run.tell(_("written to {path}").format(path=line(out)))
