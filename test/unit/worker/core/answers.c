/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the control socket, as control_verbs.c makes them. */
#include "worker/core/control_verb.h"

json_t *control_agreement(void)
{
	return json_pack("{s:b}", "ok", 1);
}

json_t *control_refusal(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}
