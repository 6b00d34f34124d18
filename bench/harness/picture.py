# SPDX-License-Identifier: MIT
"""Saves a picture so that it is small: bars and lines need few colours."""

COLOURS = 64


def save(pyplot, figure, path, dpi):
    from PIL import Image  # pylint: disable=import-outside-toplevel; matplotlib brings it
    figure.savefig(path, dpi=dpi)
    pyplot.close(figure)
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
