"""What each figure of the service must reach. The bars of the issue, as a table."""

from ..bars import Bar

BARS = (
    Bar("concurrency", "concurrency_speedup", least=1.5),
    Bar("peer", "peer_speedup", least=2.0),
    Bar("beside_upload", "interactive_p95_ratio", most=4.0),
    Bar("overload", "overload_errors", most=0),
    Bar("overload", "recovery_seconds", most=10.0),
)
