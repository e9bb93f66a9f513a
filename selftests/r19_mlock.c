// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R19. mlock() and MAP_POPULATE of a page that cannot be read come to their
 * end.
 *
 * Fails in every arm, as in Linux without the series (docs/mainline.md): __mm_populate()
 * asks for the same page again for ever. Each time it is a first try, which lets its lock go,
 * and so may not tell of the error. Passes in none; here to notice when that changes.
 */
#include "t.h"

#define PAGE	32UL
#define LEN	(64 * T_PAGE)

static void bad_page(char sign)
{
	t_badblocks("bad", sign, PAGE * T_PAGE / 512, T_PAGE / 512);
}

static void ends(struct __test_metadata *_metadata, bool locks)
{
	pid_t pid;
	char *map;
	bool hung;
	int fd;

	bad_page('+');
	t_drop_caches();
	fd = open("/dev/bad", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		t_die("/dev/bad");
	pid = fork();
	if (!pid) {
		map = t_map(t_place(22), LEN, PROT_READ,
			    MAP_SHARED | (locks ? 0 : MAP_POPULATE), fd);
		_exit(locks && mlock(map, LEN) ? errno : 0);
	}
	t_child_end(pid, &hung);
	bad_page('-');
	close(fd);
	EXPECT_FALSE(hung);
}

TEST(by_mlock)
{
	ends(_metadata, true);
}

TEST(by_map_populate)
{
	ends(_metadata, false);
}

TEST_HARNESS_MAIN
