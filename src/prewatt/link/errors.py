"""What can go wrong between core and field.

::

    Unable
    ├── LinkFull          the other side takes nothing: its queue is full
    └── BadMessage        what came is not one of our messages, or of a version that we do not speak
"""

from typing import ClassVar

from prewatt.kernel.errors import Unable


class LinkFull(Unable):
    """The queue to the other side is full; the caller keeps what it had and tries again."""

    code: ClassVar[str] = "link_full"


class BadMessage(Unable):
    """The text is not one of our messages, or of a version that we do not speak."""

    code: ClassVar[str] = "bad_message"
