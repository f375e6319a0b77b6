WIDTH = 8


def frame(text, width=WIDTH):
    return text.center(width)
