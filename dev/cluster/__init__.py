"""The dev cluster: a real Kubernetes, MinIO and image registry on this machine, without Docker."""
