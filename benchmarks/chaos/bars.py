"""What each figure must reach. The bars of the issue, as a table."""

from ..bars import Bar

BARS = (
    Bar("kills", "kills", least=100),
    Bar("kills", "jobs_wrong", most=0),
    Bar("kills", "jobs_doubled", most=0),
    Bar("kills", "leftovers", most=0),
    Bar("faults", "faults_jobs_wrong", most=0),
    Bar("faults", "faults_jobs_doubled", most=0),
    Bar("pair", "pair_jobs_wrong", most=0),
    Bar("pair", "pair_jobs_doubled", most=0),
    Bar("server", "server_jobs_wrong", most=0),
    Bar("server", "server_jobs_doubled", most=0),
)
