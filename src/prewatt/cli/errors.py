"""What the command line could not do.

::

    Unable
    └── UnableToStart          a process, folder, port or server is not as it must be
        ├── UnableToRunPostgres    the embedded database cannot be found, made, started or stopped
        ├── DataFolderInUse        another Prewatt works in this data folder
        └── PortInUse              somebody else listens there
    Refused
    └── WrongUse               the command was given something that it cannot do
"""

from typing import ClassVar

from prewatt.kernel.errors import Refused, Unable


class UnableToStart(Unable):
    """A process, folder, port or server is not as it must be."""

    code: ClassVar[str] = "unable_to_start"


class UnableToRunPostgres(UnableToStart):
    """The embedded database cannot be found, made, started or stopped."""

    code: ClassVar[str] = "unable_to_run_postgres"


class DataFolderInUse(UnableToStart):
    """Another Prewatt works in this data folder."""

    code: ClassVar[str] = "data_folder_in_use"


class PortInUse(UnableToStart):
    """Somebody else listens on this port."""

    code: ClassVar[str] = "port_in_use"


class WrongUse(Refused):
    """The command was given something that it cannot do."""

    code: ClassVar[str] = "wrong_use"
