from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import MissingPart, explain
from .units import GRAM, convert

if TYPE_CHECKING:
    from .store import Store


def registered(kind):
    REGISTRY[kind.__name__] = kind
    return kind


REGISTRY: dict[str, type] = {}
DEFAULT_WEIGHT = convert(5, GRAM)


@registered
@dataclass
class Part:
    number: int
    weight: int = DEFAULT_WEIGHT

    def within(self, store: Store) -> bool:
        return self.number in store.numbers()


@registered
class Bolt(Part):
    thread = "M6"


class Nut(Part):
    fits = Bolt


def make_part(number: int) -> Part:
    if number < 0:
        raise MissingPart(explain(MissingPart(number)))
    return Part(number)
