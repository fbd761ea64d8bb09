"""JSON with a line for each value, as ``json.dumps`` writes it with ``indent=2``. Knows no item.

The writer of the standard library is quick in one line and many times slower in several.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring as quoted  # as `json.dumps` without `ensure_ascii`
from typing import Any


def indented(value: Any, depth: int = 0, default: Callable[[Any], Any] | None = None) -> str:
    """Return ``value`` as JSON whose own lines stand ``depth`` steps from the margin; the first has none.

    ``default`` says what stands for a value that JSON has no form for.
    """
    kind = type(value)
    if kind is str:
        return quoted(value)
    if value is None:
        return "null"
    if kind is int:
        return str(value)
    if kind is list and not value:
        return "[]"
    if kind is dict and value and set(map(type, value)) == _ONLY_TEXT:
        deeper = depth + 1
        inner = "\n" + "  " * deeper
        lines = [
            f"{quoted(key)}: {quoted(one) if type(one) is str else indented(one, deeper, default)}"
            for key, one in value.items()
        ]
        return "{" + inner + f",{inner}".join(lines) + "\n" + "  " * depth + "}"
    if kind is list and value:
        inner = "\n" + "  " * (depth + 1)
        lines = [indented(one, depth + 1, default) for one in value]
        return "[" + inner + f",{inner}".join(lines) + "\n" + "  " * depth + "]"
    # Anything else is rare, and what it becomes is the standard library's own affair.
    text = json.dumps(value, ensure_ascii=False, indent=2, default=default)
    return text.replace("\n", "\n" + "  " * depth)


_ONLY_TEXT = {str}
