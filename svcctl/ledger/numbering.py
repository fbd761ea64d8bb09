"""How the index numbers what is owed. Knows two numbers; no table and no file."""

from __future__ import annotations

PLACES = 24
"""``owing`` is the row number of the ticket in front of so many bits for the place among its own:
so what one ticket owes lies together and is found without an index."""


def owings_of(ticket: str) -> str:
    """Return the condition, in SQL, that ``o`` is owed on the ticket with the row number ``ticket``."""
    return f"o.owing between {ticket} << {PLACES} and ({ticket} << {PLACES}) + {(1 << PLACES) - 1}"
