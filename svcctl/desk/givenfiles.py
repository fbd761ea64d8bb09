"""Files that the user names on the command line. Knows how one is read; not what is in it."""

from __future__ import annotations

from pathlib import Path

from svcctl.domain.problems import N_, Message, NotFound, Unreadable


def read_given(name: str) -> bytes:
    """Return the bytes of the file ``name``. Raises ``NotFound`` or ``Unreadable``."""
    try:
        return Path(name).expanduser().read_bytes()
    except FileNotFoundError:
        raise NotFound(
            "no-such-file", Message(N_("there is no file {path}"), {"path": name})
        ) from None
    except OSError as error:
        raise Unreadable(
            "unreadable-file",
            Message(
                N_("{path} cannot be read: {reason}"),
                {"path": name, "reason": error.strerror or str(error)},
            ),
        ) from error
