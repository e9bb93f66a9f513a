# Words on the kernel's command line, and `verify:` lines: text that must then be
# in the kernel log, else a boot does not count.
numa=fake=2
# verify: Faking node 1 at
