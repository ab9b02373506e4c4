-- Health of a profile: it is read when a run begins and has no status, so it is well as soon as the API server has taken it.
return { status = "Healthy", message = "in effect for runs that begin from now on" }
