"""TranscriptionSchedules: TranscriptionJobs made by the clock, with a reconcile function of their own."""
