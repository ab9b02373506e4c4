"""The page at `/`: its files, and what they are served with."""
