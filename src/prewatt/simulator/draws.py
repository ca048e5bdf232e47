"""Seeded numbers: the same seed and place give the same number on every machine, in any order of asking."""

_MASK = (1 << 64) - 1


def draw(*parts: int) -> int:
    """This function will return 64 well-mixed bits that depend on all parts (the finaliser of splitmix64)."""
    state = 0
    for part in parts:
        state = (state + (part & _MASK) + 0x9E3779B97F4A7C15) & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def draw_between(low: int, high: int, *parts: int) -> int:
    """This function will return a number from ``low`` to ``high``, both in, that depends on the parts."""
    return low + draw(*parts) % (high - low + 1)


class Draws:
    """A stream of seeded numbers, for what depends on the order of events."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def between(self, low: int, high: int) -> int:
        """This method will return the next number from ``low`` to ``high``, both in."""
        self._count += 1
        return draw_between(low, high, self._seed, self._count)

    def octets(self, count: int) -> bytes:
        """This method will return the next ``count`` bytes."""
        return bytes(self.between(0, 255) for _ in range(count))
