# An access in so many is watched, for so many microseconds: long enough for another of the
# CPUs that take turns to come by (deterministic runs).
kcsan.skip_watch=50000 kcsan.udelay_task=1000
# verify: kcsan: enabled early
# verify: kcsan: selftest: 3/3 tests passed
