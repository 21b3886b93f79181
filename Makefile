# SPDX-License-Identifier: GPL-2.0-or-later
# Calls each room's own Makefile; nothing is built here.
ROOMS := hv parent worker ctl test image

.PHONY: all clean $(ROOMS)
all: hv worker ctl

$(ROOMS):
	$(MAKE) -C $@

clean:
	rm -rf build
