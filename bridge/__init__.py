"""Arrivals become Prefect events, and runs start in a warm process.

Announcing is `watch`, from what `outstanding` lists (which clears `stale_claims` away) and `sqs`
receives. Running is `worker`, by `launch` from `warm`. Both end silent runs (`watchdog`) and ask
for `runs`. What Prefect must know before either can begin is in `registration`.
"""
