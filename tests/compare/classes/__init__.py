"""The classes of difference between the bundled stack and Linux, by what they are about.

`model` says what a class is; `link`, `sources`, `destinations`, `options`, `routes`, `fragments`
and `errors` hold them. Each is judged from its clause, and none takes what it was not made for: a
difference that fits no class is new.
"""

from tests.compare.classes import destinations, errors, fragments, link, options, routes, sources
from tests.compare.classes.model import Class, Right

CLASSES: tuple[Class, ...] = (
    *link.CLASSES,
    *sources.CLASSES,
    *destinations.CLASSES,
    *options.CLASSES,
    *routes.CLASSES,
    *fragments.CLASSES,
    *errors.CLASSES,
)
"""Every class, in the order of the page."""

__all__ = ["CLASSES", "Class", "Right"]
