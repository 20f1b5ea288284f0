"""Which concrete classes does this installation use? The only place that names them.

Everything is imported when it is needed: a command that opens no database pays for none, and one
that does imports the rest while the database opens.
"""

from cmdb.bootstrap.copying import backup_database, copy_database, restore_database
from cmdb.bootstrap.database import has_database, open_store
from cmdb.bootstrap.fast_start import can_start_fast, prepare_fast_start
from cmdb.bootstrap.formats import list_importers, load_importer
from cmdb.bootstrap.installation import SystemClock, open_operations, open_service, read_settings
from cmdb.bootstrap.serving import run_server

__all__ = [
    "SystemClock",
    "backup_database",
    "can_start_fast",
    "copy_database",
    "has_database",
    "list_importers",
    "load_importer",
    "open_operations",
    "open_service",
    "open_store",
    "prepare_fast_start",
    "read_settings",
    "restore_database",
    "run_server",
]
