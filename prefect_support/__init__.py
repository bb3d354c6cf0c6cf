"""What flows and tasks share: the bucket block, task policies, states, artifacts, heartbeat."""
