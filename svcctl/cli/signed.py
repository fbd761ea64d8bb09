"""Verbs whose arguments may be negative: ``-3m`` is a span and no option. Knows no subject."""

from __future__ import annotations

import re
from typing import Any

import click

from svcctl.cli.lazy import Verb

_NEGATIVE = re.compile(r"-(?=\d)")
_SHIELD = "\N{MINUS SIGN}"


class Signed(Verb):
    """A verb that takes a word beginning with a minus and a digit for a value, wherever it stands.

    The parser would read ``-2mo`` as three short options. It is shown a typographic minus instead,
    and what it hands on has the minus that was typed.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        shielded = [
            _NEGATIVE.sub(_SHIELD, word, count=1) if _is_negative(word) else word for word in args
        ]
        rest = super().parse_args(ctx, shielded[:end] + args[end:])
        ctx.params = {name: _typed(value) for name, value in ctx.params.items()}
        return rest


def _is_negative(word: str) -> bool:
    return _NEGATIVE.match(word) is not None


def _typed(value: Any) -> Any:
    if isinstance(value, str):
        return "-" + value[1:] if value.startswith(_SHIELD) else value
    if isinstance(value, (list, tuple)):
        return type(value)(_typed(part) for part in value)
    return value
