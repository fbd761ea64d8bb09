"""One executable example per code: what must be wrong in a ledger, and where the audit then points.

Data only. ``svcctl explain`` plays an example in a folder of its own and shows what the audit says;
the tests play all of them; ``docs/errors.md`` is made from them.
"""

from __future__ import annotations

from svcctl.domain.checks.examples import bytes_and_yaml, calendars, identities, schema, service
from svcctl.domain.checks.examples.sound import Edit, Example, Git, Link, Put

__all__ = ["EXAMPLES", "Edit", "Example", "Git", "Link", "Put"]

EXAMPLES: dict[str, Example] = {
    example.code: example
    for family in (bytes_and_yaml, schema, calendars, identities, service)
    for example in family.EXAMPLES
}
