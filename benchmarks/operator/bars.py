"""What each figure of the operator must reach. The bars of the issue, as a table."""

from ..bars import Bar

BARS = (
    Bar("create", "create_ratio", most=1.5),
    Bar("growth", "growth_ratio_5000", most=1.3),
    Bar("latency", "latency_p50_ms", most=100),
    Bar("latency", "latency_p99_ms", most=300),
    Bar("writes", "writes_per_job", most=5),
    Bar("history", "history_memory_ratio", most=1.5),
    Bar("scale", "rss_mb_10k", most=250),
    Bar("scale", "restart_seconds_10k", most=20),
    Bar("scale", "idle_cpu_percent", most=2),
    Bar("many_objects", "first_transcript_seconds_200k", most=30),
    Bar("many_objects", "status_kb_200k", most=64),
    Bar("many_objects", "runner_listing_rss_growth_mb", most=100),
    Bar("fairness", "other_namespace_delay_s", most=2),
)
