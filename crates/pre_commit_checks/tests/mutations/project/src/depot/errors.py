class DepotError(Exception):
    """Anything that goes wrong in the depot."""


class MissingPart(DepotError):
    def __init__(self, number):
        super().__init__(f"there is no part {number}")


class BrokenStore(DepotError):
    pass


def explain(error: DepotError) -> str:
    return str(error)
