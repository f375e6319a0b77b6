"""Names that are made when they are asked for."""

_MADE = {"answer": 42}


def __getattr__(name):
    try:
        return _MADE[name]
    except KeyError:
        raise AttributeError(name) from None
