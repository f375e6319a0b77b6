from depot import Store

SAMPLE = "[1, 2]"


def sample_store():
    return Store([1, 2])
