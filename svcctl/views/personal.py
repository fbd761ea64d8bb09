"""Which parts of an answer are personal, and how they look where they are nobody's business.

Knows keys of machine output; not who may see what: a command decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from svcctl.views.figures import mask_address, mask_email, mask_phone

Item = Mapping[str, object]

MASKS: Mapping[str, Callable[[str], str]] = {
    "phone": mask_phone,
    "address": mask_address,
    "email": mask_email,
}


def without_personal(items: Sequence[Item]) -> list[dict[str, object]]:
    """Return ``items`` with phone numbers, addresses and e-mail addresses masked."""
    return [{key: _masked(key, value) for key, value in item.items()} for item in items]


def _masked(key: str, value: object) -> object:
    mask = MASKS.get(key)
    return mask(value) if mask is not None and isinstance(value, str) else value
