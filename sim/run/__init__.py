"""The run room: one scenario, some seeds, tables in and out of folders.

`simulate` runs, `results` holds and saves, `replay` makes again; `frames`, `tables`, `folder` and `manifest`
are what they stand on. Python users find `simulate`, `Result` and `load_result` in `sim` itself.
"""
