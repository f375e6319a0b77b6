"""In a folder without __init__.py: a part of a namespace inside the package."""

from ..models import Part
from .shared import frame

TEMPLATE = frame("{}")


def show(part: Part) -> str:
    return TEMPLATE.format(part.number)
