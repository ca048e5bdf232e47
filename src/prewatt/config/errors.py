"""What is wrong with the settings."""

from typing import ClassVar

from prewatt.kernel.errors import Refused


class WrongSetting(Refused):
    """A variable of the environment says something that cannot be used; the message names it."""

    code: ClassVar[str] = "wrong_setting"
