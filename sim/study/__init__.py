"""The study room: what to run (`loading`, `factors`, `design`), running all of it (`sweep`), results on disk.

A study is a base scenario, what varies, and a design. `sweep` runs its points into a folder, `results` reads
the folder. Python users find `sweep`, `load_results` and `load_study` in `sim` itself.
"""
