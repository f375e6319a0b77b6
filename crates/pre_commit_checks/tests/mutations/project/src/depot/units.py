GRAM = 1
KILOGRAM = 1000 * GRAM
TON = 1000 * KILOGRAM

_SMALL, _LARGE = GRAM, TON


def convert(value, unit=GRAM):
    return value * unit


def clamp(value, low=_SMALL, high=_LARGE):
    return max(low, min(high, value))
