"""One mapping given from outside, as JSON or YAML: the same strict reading as the ledger's own files."""

from __future__ import annotations

from svcctl.domain.checks.catalogue import CODES
from svcctl.domain.problems import N_, Message, Said, Usage
from svcctl.ledger.cardfile import read_card
from svcctl.ledger.rows import is_error


def mapping(data: bytes, name: str) -> dict[str, str]:
    """Return the flat mapping in ``data``. Raises ``Usage`` with line and column of the first fault."""
    if not data.endswith(b"\n"):
        data += b"\n"
    raw = read_card(data, name)
    errors = [problem for problem in raw.problems if is_error(problem)]
    if errors:
        first = errors[0]
        code = CODES[first.code]
        raise Usage(
            "bad-input",
            Message(
                N_("{label}: {text}"),
                {
                    "label": f"{name}:{first.line}:{first.column}",
                    "text": Said.of(Message(code.message, first.args)),
                },
            ),
            Message(code.remedy, first.args),
        )
    found = {}
    for key, value in raw.fields().items():
        if not isinstance(value, str):
            line, column = raw.place((key,))
            raise Usage(
                "bad-input",
                Message(
                    N_("{place}: {key} is not one value"),
                    {"place": f"{name}:{line}:{column}", "key": key},
                ),
            )
        found[key] = value
    return found
