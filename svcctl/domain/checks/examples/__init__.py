"""One executable example per code: what must be wrong in a ledger, and where the audit then points.

Data only. ``svcctl explain`` plays an example in a folder of its own and shows what the audit says;
the tests play all of them; ``docs/errors.md`` is made from them.
"""

from __future__ import annotations

from svcctl.domain.checks.examples.bytes_and_yaml import EXAMPLES as BYTES_AND_YAML
from svcctl.domain.checks.examples.calendars import EXAMPLES as CALENDARS
from svcctl.domain.checks.examples.history import EXAMPLES as HISTORY
from svcctl.domain.checks.examples.identities import EXAMPLES as IDENTITIES
from svcctl.domain.checks.examples.owed import EXAMPLES as OWED
from svcctl.domain.checks.examples.schema import EXAMPLES as SCHEMA
from svcctl.domain.checks.examples.service import EXAMPLES as SERVICE
from svcctl.domain.checks.examples.sound import Edit, Example, Git, Later, Link, Put

__all__ = ["EXAMPLES", "Edit", "Example", "Git", "Later", "Link", "Put"]

EXAMPLES: dict[str, Example] = {
    example.code: example
    for example in (*BYTES_AND_YAML, *SCHEMA, *CALENDARS, *IDENTITIES, *SERVICE, *OWED, *HISTORY)
}
