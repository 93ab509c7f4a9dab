"""The client's colour, made readable: WCAG contrast between two colours, and the nearest shade that has enough."""

from __future__ import annotations

__all__ = ["contrast", "readable", "tint", "writing_on"]


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours `#rrggbb`, 1 to 21.

    Examples
    --------
    >>> round(contrast("#ffffff", "#000000"), 1)
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str = "#ffffff", ratio: float = 4.5) -> str:
    """Return a colour darkened until it can be read on a light ground.

    Examples
    --------
    >>> contrast(readable("#ffdd00"), "#ffffff") >= 4.5
    True
    """
    while contrast(colour, ground) < ratio:
        colour = _hex(part * 0.94 for part in _parts(colour))
    return colour


def tint(colour: str, share: float = 0.08) -> str:
    """Return a colour thinned with white.

    Examples
    --------
    >>> tint("#000000", .5)
    '#808080'
    """
    return _hex(255 - (255 - part) * share for part in _parts(colour))


def writing_on(ground: str) -> str:
    """Return white or near-black, whichever reads better on a colour."""
    return max("#ffffff", "#14181d", key=lambda ink: contrast(ink, ground))


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def _hex(parts) -> str:
    return "#" + "".join(f"{round(min(255, max(0, part))):02x}" for part in parts)


def _luminance(colour: str) -> float:
    linear = [part / 255 for part in _parts(colour)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in linear)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
