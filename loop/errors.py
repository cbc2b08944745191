"""What can go wrong, as exceptions with an exit code and a remedy."""

from __future__ import annotations


class LabelwrightError(Exception):
    """Root of everything raised on purpose.

    `message` names the place and what is wrong; `remedy` says what to do. `exit_code` is what the
    command line ends with.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class DataError(LabelwrightError):
    """A data file that cannot be used: names file, row and column."""


class PluginError(LabelwrightError):
    """A plug-in that does not exist, cannot be loaded, or broke its contract."""


class StrategyError(LabelwrightError):
    """A query strategy that failed: the round stops, nothing falls back."""


class StoreError(LabelwrightError):
    """The store cannot be read or written."""


class NotYet(LabelwrightError):
    """Part of the language that this version cannot run."""


class LockedError(LabelwrightError):
    """Another run holds the task."""

    exit_code = 5


class DefinitionChanged(LabelwrightError):
    """The task file changed its meaning since the campaign began."""

    exit_code = 6


class PlanOutdated(LabelwrightError):
    """A plan that would no longer do what it says."""

    exit_code = 6


class ConnectorError(LabelwrightError):
    """Something outside did not work; `retry` says whether trying again helps."""

    def __init__(self, message: str, remedy: str = "", *, retry: bool = False) -> None:
        super().__init__(message, remedy)
        self.retry = retry
