"""Where parts lie."""

import json

from depot.errors import BrokenStore
from depot.models import Part, make_part

from . import backends
from .backends import memory

__all__ = ["Store", "open_store"]

DEFAULT_BACKEND = memory.Memory
BACKENDS = {"memory": memory.Memory, "file": backends.FileBackend}


class Store:
    backend = DEFAULT_BACKEND

    def __init__(self, parts=()):
        self.parts = [make_part(number) for number in parts]

    def numbers(self):
        return {part.number for part in self.parts}

    def dump(self):
        return json.dumps([part.number for part in self.parts])


def open_store(text: str) -> Store:
    try:
        return Store(json.loads(text))
    except ValueError as error:
        raise BrokenStore(str(error)) from error


def heaviest(store: Store) -> Part:
    from .units import clamp

    return max(store.parts, key=lambda part: clamp(part.weight))
