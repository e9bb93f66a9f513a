# SPDX-License-Identifier: GPL-2.0-only
#
# How the guest's C programs are compiled: for Makefiles that build them out of tree, in
# OUT. TOP is the project.

OUT ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
CFLAGS ?= -O2 -g

override CFLAGS += -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow \
	-Wmissing-prototypes -Wstrict-prototypes -MMD -MP -pthread
# No build id and no build path, so that equal sources give equal programs.
override CFLAGS += -ffile-prefix-map=$(abspath $(TOP))=.
override LDFLAGS += -pthread -Wl,--build-id=none
