import argparse

import depot.plugins.printer as printer
from depot import DepotError, Part, Store, make_part, open_store
from depot.backends.memory import LIMIT, Memory
from depot.lazy import answer
from depot.models import Bolt, Nut
from depot.plugins.shared import WIDTH

PARSER = argparse.ArgumentParser()
COMMANDS = {}


def command(function):
    COMMANDS[function.__name__] = function
    return function


@command
def show(number=answer):
    print(printer.show(make_part(number)))


@command
def count(text, limit=LIMIT):
    return min(limit, len(open_store(text).parts))


class Shell(Memory):
    width = WIDTH
    kinds = (Bolt, Nut, Part)
    store = Store
    errors = (DepotError,)


def main():
    from depot.store import heaviest
    from depot.units import TON

    return heaviest, TON
