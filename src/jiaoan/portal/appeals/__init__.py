"""我的报警: what the bureau asks an enterprise about its alarms, and its answer, on a phone."""
