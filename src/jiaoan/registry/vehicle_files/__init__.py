"""Excel and CSV files of vehicles 车辆档案, read row by row; the template and the export.

The head is found by its plate column, in Chinese, English or our field names; columns may stand in
any order and unknown ones are named, not refused. An empty cell leaves a registered vehicle's field
as it is, ``-`` clears it. A row with a cell that cannot be read is refused by itself.

``reading`` makes rows of a file, ``writing`` the template and the export of vehicles; both know the
columns of ``columns``, whose cells ``cells`` reads and writes.
"""

from __future__ import annotations

from jiaoan.registry.vehicle_files.cells import periods_text as periods_text
from jiaoan.registry.vehicle_files.cells import read_days as read_days
from jiaoan.registry.vehicle_files.cells import read_periods as read_periods
from jiaoan.registry.vehicle_files.columns import COLUMNS as COLUMNS
from jiaoan.registry.vehicle_files.columns import label_of as label_of
from jiaoan.registry.vehicle_files.reading import MOST_ROWS as MOST_ROWS
from jiaoan.registry.vehicle_files.reading import FileRefused as FileRefused
from jiaoan.registry.vehicle_files.reading import VehicleFile as VehicleFile
from jiaoan.registry.vehicle_files.reading import VehicleRow as VehicleRow
from jiaoan.registry.vehicle_files.reading import read_vehicles as read_vehicles
from jiaoan.registry.vehicle_files.writing import write_vehicles as write_vehicles
