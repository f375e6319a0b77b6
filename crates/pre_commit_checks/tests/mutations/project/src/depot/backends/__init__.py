from .base import Backend, register
from .file import FileBackend

for _backend in (Backend, FileBackend):
    register(_backend)
del _backend
