"""A depot of parts: the sample project that the mutations are made in."""

from .errors import DepotError, MissingPart
from .models import Part, make_part
from .store import *
from .units import GRAM, KILOGRAM as KG

__all__ = ["DepotError", "GRAM", "KG", "MissingPart", "Part", "Store", "make_part", "open_store"]
__version__ = "1.0"
