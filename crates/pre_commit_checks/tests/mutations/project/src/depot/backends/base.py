from abc import ABC

KNOWN = []


class Backend(ABC):
    name = "base"


def register(backend):
    KNOWN.append(backend)
    return backend
