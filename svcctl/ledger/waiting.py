"""How a command waits for another one: how often it looks again, and what it tells. Knows no lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from svcctl.domain.problems import Message

FIRST, MOST, FACTOR = 0.002, 0.1, 1.5
"""Seconds between two looks: at first, at most, and how much longer each is than the one before."""
TELL_AFTER = 1.0
"""Seconds of waiting after which a person is told what is waited for."""


class Waiting:
    """What a waiting command has at hand: a clock (seconds), a way to sleep, somebody to tell.

    ``command`` is what others are told when they wait for this one: ``ticket new``, nothing of its
    arguments.
    """

    __slots__ = ("_clock", "_sleep", "_tell", "command")

    def __init__(
        self,
        tell: Callable[[Message], None] | None = None,
        command: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self.command = command

    def turns(self, timeout: float, why: Callable[[], Message]) -> Iterator[None]:
        """Yield at once, and after every pause, until ``timeout`` seconds have passed.

        The pauses grow and differ: those who wait look at different moments, or one could be passed
        over for ever. After a second ``why`` is told, once.
        """
        started = self._clock()
        pause, told = FIRST, self._tell is None
        yield
        while (waited := self._clock() - started) < timeout:
            if not told and waited >= TELL_AFTER and self._tell is not None:
                self._tell(why())
                told = True
            chance = time.monotonic_ns() % 1000 / 1000
            self._sleep(min(pause * (0.5 + 0.5 * chance), timeout - waited))
            pause = min(pause * FACTOR, MOST)
            yield
