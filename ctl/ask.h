/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking a child to end in order, and saying what came of it. */
#pragma once

/*
 * Sends "stop" or "restart"; says itself why it could not. An exit status,
 * in *by a word for whom it was asked by.
 */
int ask_child(const char *name, const char *verb, const char **by);

/* Says why a child that was asked may not have ended, as far as it shows. */
void ask_explain(const char *name, double waited, const char *by);
