# verify: kcsan: enabled early
# verify: kcsan: selftest: 3/3 tests passed
