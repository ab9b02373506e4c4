"""Where objects live: a small port of our own, and what implements it. No other room knows which store it is."""
