/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl: finds the verb, reads its options, runs it. */
#define _GNU_SOURCE
#include "verb.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *const verbs[] = {
	&verb_start,   &verb_list,  &verb_console, &verb_stop,	 &verb_kill,
	&verb_wait,    &verb_stats, &verb_log,	   &verb_check,	 &verb_sendkey,
	&verb_type,    &verb_info,  &verb_pause,   &verb_resume, &verb_restart,
	&verb_pointer, &verb_link,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

/* Each option's letter to getopt is its place in this table. */
static const struct {
	const char *name;
	enum verb_option option;
	bool has_value;
	const char *help;
} options[] = {
	{"json", VERB_JSON, false, "print JSON, for programs"},
	{"force", VERB_FORCE, false, "kill it when it does not power off"},
	{"all", VERB_ALL, false, "every child that runs, or starts meanwhile"},
	{"prefix", VERB_PREFIX, false, "the child's name before each line"},
	{"wait", VERB_WAIT, false, "until the child has ended"},
	{"timeout", VERB_TIMEOUT, true, "seconds to wait at most"},
	{"follow", VERB_FOLLOW, false, "go on with what is still to come"},
	{"no-input", VERB_NO_INPUT, false, "only watch"},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))
#define OPTION_HELP  'h'

void verb_complain(const char *format, ...)
{
	va_list arguments;

	fputs("hvctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void print_usage(FILE *out)
{
	fputs("hvctl - starts, watches and stops the children of this machine\n"
	      "\nUsage: hvctl VERB [options] [arguments]\n\nVerbs:\n",
	      out);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %-8s %-18s %s\n", verbs[i]->name,
			verbs[i]->arguments, verbs[i]->summary);
	fputs("\n\"hvctl VERB --help\" tells more, with an example.\n"
	      "\nExit status:\n"
	      "  0    done\n"
	      "  1    failed; the reason is on the error output\n"
	      "  2    the command line or the child file is wrong\n"
	      "  3    there is no child of that name\n"
	      "  4    the child is running already, or does not run\n"
	      "  5    (wait) the child crashed\n"
	      "  6    (wait) the child was killed\n"
	      "  7    (wait) the child's worker failed\n"
	      "  124  the time given by --timeout passed\n"
	      "\nExample:\n"
	      "  hvctl start web.conf && hvctl console web\n",
	      out);
}

static void print_help(const struct verb *verb)
{
	printf("Usage: hvctl %s%s %s\n\n%s.\n", verb->name,
	       verb->options ? " [options]" : "", verb->arguments,
	       verb->summary);
	printf("\n%s\n\nOptions:\n", verb->help);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char name[32];

		if (!(verb->options & options[i].option))
			continue;
		snprintf(name, sizeof(name), "--%s%s", options[i].name,
			 options[i].has_value ? " S" : "");
		printf("  %-12s %s\n", name, options[i].help);
	}
	printf("  %-12s %s\n", "--help", "this text");
}

static bool read_timeout(struct verb_call *call, const char *text)
{
	char *end;

	call->timeout = strtod(text, &end);
	if (*text && !*end && call->timeout >= 0 && call->timeout < 1e9)
		return true;
	verb_complain("--timeout: expected seconds, got \"%s\"", text);
	return false;
}

/* Fills the call; an exit status if it is not to be run, else -1. */
static int read_options(const struct verb *verb, struct verb_call *call,
			int argc, char **argv)
{
	struct option table[OPTION_COUNT + 2] = {0};
	size_t n = 0;
	int which;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (verb->options & options[i].option)
			table[n++] = (struct option){options[i].name,
						     options[i].has_value, NULL,
						     256 + (int)i};
	}
	table[n] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	while ((which = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (which == OPTION_HELP) {
			print_help(verb);
			return EXIT_OK;
		}
		if (which < 256) /* getopt has complained */
			return EXIT_USAGE;
		call->given |= options[which - 256].option;
		if (options[which - 256].option == VERB_TIMEOUT &&
		    !read_timeout(call, optarg))
			return EXIT_USAGE;
	}
	call->arguments = argv + optind;
	call->count = argc - optind;
	if (call->count >= verb->least &&
	    (verb->most < 0 || call->count <= verb->most))
		return -1;
	verb_complain("%s: expected %s, got %d argument%s", verb->name,
		      *verb->arguments ? verb->arguments : "nothing",
		      call->count, call->count == 1 ? "" : "s");
	return EXIT_USAGE;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct verb_call call = {.timeout = -1};
	int status;

	/* getopt's own messages begin with this. */
	argv[0] = (char[]){"hvctl"};
	status = read_options(verb, &call, argc, argv);
	if (status < 0)
		status = verb->run(&call);
	if (fflush(stdout) == EOF && status == EXIT_OK) {
		verb_complain("cannot write: %m");
		status = EXIT_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (!strcmp(argv[1], verbs[i]->name))
			return run_verb(verbs[i], argc - 1, argv + 1);
	}
	verb_complain("there is no verb \"%s\"; \"hvctl --help\" lists them",
		      argv[1]);
	return EXIT_USAGE;
}
