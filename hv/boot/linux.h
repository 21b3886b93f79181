/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing the machine to the parent: a Linux bzImage and its initramfs. */
#pragma once

#include "boot_info.h"

struct vp;

/*
 * Module 0 is the kernel, its string the command line; module 1, if there is
 * one, the initramfs. Leaves vp at the kernel's 32-bit entry. What cannot be
 * started ends in a panic that says why.
 */
void linux_load(struct boot_info *info, struct vp *vp);
