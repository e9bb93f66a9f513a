// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: not a test. A signal kills this program at its first access, of
 * which the kernel's log has a line: tests/bad_days looks for it.
 */
#include <stddef.h>

int main(void)
{
	*(volatile char *)NULL = 1;
	return 0;
}
