"""Physical constants and conversions shared by the technology submodels."""

SECONDS_PER_MONTH = 365.25 * 86400 / 12
H100_TFLOPS = 989.0
"""Dense BF16 TFLOP/s of an H100, by which compute is reported in H100-equivalents."""
H100_BANDWIDTH = 3.35
"""Memory bandwidth of an H100 in TB/s, by which serving compute is reported in H100-equivalents."""
TERA = 1e12
THOUSAND = 1e3
