"""What each figure of the service must reach. The bars of the issue, as a table."""

from ..bars import Bar

BARS = (
    Bar("concurrency", "concurrency_speedup", least=1.5),
    Bar("peer", "peer_speedup", least=2.0),
    Bar("beside_upload", "interactive_p95_ratio", most=4.0),
    Bar("overload", "overload_errors", most=0),
    Bar("overload", "recovery_seconds", most=10.0),
    Bar("live", "live_wer_loss", most=0.02),
    Bar("live", "live_delay_p50_s", most=2.0),
    Bar("live", "live_delay_p95_s", most=4.0),
    Bar("live", "live_rewrites", most=0),
    Bar("live", "live_streams"),
    Bar("live_drift", "live_drift_mb", most=50.0),
)
