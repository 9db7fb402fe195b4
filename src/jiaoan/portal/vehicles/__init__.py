"""Pages of the vehicle register 车辆档案."""
