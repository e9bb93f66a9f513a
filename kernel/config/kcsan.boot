# Its own tests, and how it says that it is there, are messages of level 6.
loglevel=7
# verify: kcsan: enabled early
# verify: kcsan: selftest: 3/3 tests passed
