import sys

from .base import KNOWN, Backend

if sys.version_info >= (3, 8):
    LIMIT = 100
else:
    LIMIT = 10


class Memory(Backend):
    name = "memory"
    limit = LIMIT
    rank = len(KNOWN)
