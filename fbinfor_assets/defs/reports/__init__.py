"""The reports as pages: `report_pages/<name>`, drawn from the report tables of the last build."""
