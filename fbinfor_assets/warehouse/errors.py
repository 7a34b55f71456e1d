"""What can go wrong with the warehouse, as sentences for the person who must act.

Belongs here: the error classes of this folder, and nothing else.
Does not belong here: errors of vendors (clients/errors.py) and of the operational store (store/).

    WarehouseError
      WarehouseBusy        somebody else holds the lock, or has the live file open
      WarehouseInUse       the same thread has a connection open that the call cannot share
      LandingRefused       a record that cannot be landed (no key, a float, an unknown name)
      UnreadableLanding    a Parquet file under var/raw cannot be read
      OpsCopyRefused       a row of the operational store that does not fit its column in schema ops
      DbtBroken            the dbt project cannot be parsed, or dbt stopped before it ran anything
      BuildNotComplete     outbound rows were asked for while the last build cannot be relied on
      UnknownObject        there is no outbound model of that name
      SnapshotMissing      nothing was published yet
      SnapshotRefused      a question to the snapshot that would write, is no query, or failed
      PublishFailed        the copy did not verify; the old snapshot is untouched
"""

from __future__ import annotations


class WarehouseError(Exception):
    """Anything of this folder that a person must know of. The text says what happened and what to do next."""


class WarehouseBusy(WarehouseError):
    """The bounded wait for the warehouse ended. The text names the holder, since when, and what for."""


class WarehouseInUse(WarehouseError):
    """This thread already has a connection open; close it first."""


class LandingRefused(WarehouseError):
    """A record that cannot be landed. Nothing of the landing was written and the cursor was not moved."""


class UnreadableLanding(WarehouseError):
    """A landing file that cannot be read. Nothing was loaded from it, nor from the others of that call."""


class OpsCopyRefused(WarehouseError):
    """A row of the operational store that does not fit. Nothing was copied."""


class DbtBroken(WarehouseError):
    """dbt could not start its work: a parse error, a missing macro, a failing on-run-start hook."""


class BuildNotComplete(WarehouseError):
    """The outbound tables do not stand for what is loaded; delivering from them could write wrong things."""


class UnknownObject(WarehouseError):
    """No outbound model of that name."""


class SnapshotMissing(WarehouseError):
    """No snapshot was published yet."""


class SnapshotRefused(WarehouseError):
    """A question that cannot be answered. `exit_code`: 2 for a wrong question, 1 where only its data made it fail."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class PublishFailed(WarehouseError):
    """The new snapshot was not put in place; readers keep the old one."""
