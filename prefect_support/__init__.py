"""What flows and tasks share: the bucket block, retries, final states, artifacts, heartbeat."""
