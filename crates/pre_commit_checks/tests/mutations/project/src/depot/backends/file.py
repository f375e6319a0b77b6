from pathlib import Path

from ..errors import BrokenStore, DepotError
from .base import Backend, register

try:
    from ..fast import read_fast
except ImportError:
    read_fast = None

SUFFIX = ".depot"
ERRORS = (DepotError, OSError)


@register
class FileBackend(Backend):
    name = "file"
    suffix = SUFFIX
    failures = ERRORS

    def read(self, path: Path) -> str:
        if path.suffix != self.suffix:
            raise BrokenStore(path)
        return (read_fast or Path.read_text)(path)
