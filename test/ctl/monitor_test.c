/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvctl as a person uses it, with a worker that has no child: starting,
 * watching, stopping, and every way in which a child can end.
 *
 * Usage: monitor_test HVCTL FAKE_WORKER
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static const char *hvctl, *worker;
static char directory[] = "/tmp/monitor_test.XXXXXX";

/* ---- Running hvctl ---- */

struct result {
	int status;
	char out[200000];
};

static struct result result;

/* Runs "hvctl COMMAND" by the shell, both outputs kept. */
__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
	char command[1024];
	int used =
		snprintf(command, sizeof(command), "{ timeout 40 %s ", hvctl);
	va_list arguments;
	size_t size;
	FILE *pipe;

	va_start(arguments, format);
	used += vsnprintf(command + used, sizeof(command) - (size_t)used,
			  format, arguments);
	va_end(arguments);
	snprintf(command + used, sizeof(command) - (size_t)used, "\n} 2>&1");
	pipe = popen(command, "re");
	assert_non_null(pipe);
	size = fread(result.out, 1, sizeof(result.out) - 1, pipe);
	result.out[size] = '\0';
	result.status = WEXITSTATUS(pclose(pipe));
	return result.status;
}

static void expect_status(int status)
{
	if (result.status != status)
		fail_msg("status %d instead of %d: %s", result.status, status,
			 result.out);
}

static void expect_text(const char *text)
{
	if (!strstr(result.out, text))
		fail_msg("\"%s\" is not in \"%s\"", text, result.out);
}

static void expect_no_text(const char *text)
{
	if (strstr(result.out, text))
		fail_msg("\"%s\" is in \"%s\"", text, result.out);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Writes NAME.conf with that command line and starts it. */
static int start(const char *name, const char *cmdline)
{
	char file[64], text[512];

	snprintf(file, sizeof(file), "%s.conf", name);
	snprintf(text, sizeof(text),
		 "name = %s\nkernel = kernel\ncmdline = \"%s\"\n"
		 "serial { output = console }\n",
		 name, cmdline);
	put(file, text);
	return run("start %s", file);
}

/* The child's object in "list --json", the caller's. */
static json_t *listed(const char *name)
{
	json_t *list, *entry, *found = NULL;
	size_t i;

	assert_int_equal(run("list --json"), 0);
	list = json_loads(result.out, 0, NULL);
	assert_true(json_is_array(list));
	json_array_foreach(list, i, entry)
	{
		if (!strcmp(json_string_value(json_object_get(entry, "name")),
			    name))
			found = json_incref(entry);
	}
	json_decref(list);
	assert_non_null(found);
	return found;
}

static void expect_listed(const char *name, const char *key, const char *value)
{
	json_t *entry = listed(name);
	const char *is = json_string_value(json_object_get(entry, key));

	if (!is || strcmp(is, value) != 0)
		fail_msg("%s of %s is %s", key, name, is ? is : "nothing");
	json_decref(entry);
}

static pid_t pid_of(const char *name, const char *which)
{
	json_t *entry = listed(name);
	const pid_t pid = (pid_t)json_integer_value(
		json_object_get(json_object_get(entry, which), "pid"));

	json_decref(entry);
	assert_true(pid > 1);
	return pid;
}

static void pause_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- Ways to end ---- */

static void test_runs_and_powers_off(void **state)
{
	(void)state;
	assert_int_equal(start("web", "print=hello"), 0);
	expect_text("web: running");
	expect_listed("web", "state", "running");
	expect_listed("web", "cause", "none");
	run("list");
	expect_text("NAME");
	expect_text("HEARTBEAT");
	expect_text("web   running  -          enlightened     1    512M");
	assert_int_equal(run("stop web"), 0);
	expect_text("web: powered off");
	expect_listed("web", "state", "ended");
	expect_listed("web", "cause", "powered-off");
	run("list");
	expect_text("powered off");
	assert_int_equal(run("wait web"), 0);
}

static void test_ends_by_itself(void **state)
{
	(void)state;
	assert_int_equal(start("brief", "after=300"), 0);
	assert_int_equal(run("wait brief --timeout 0.05"), 124);
	assert_int_equal(run("wait brief --timeout 20"), 0);
	expect_text("brief: powered off");
}

static void test_start_wait(void **state)
{
	(void)state;
	put("w.conf", "name = w\nkernel = kernel\n"
		      "cmdline = \"after=200 exit=65 say=triple_fault\"\n");
	assert_int_equal(run("start w.conf --wait"), 5);
	expect_text("w: crashed: triple fault");
	put("w.conf", "name = w\nkernel = kernel\ncmdline = after=5000\n");
	assert_int_equal(run("start w.conf --wait --timeout 0.2"), 124);
	assert_int_equal(run("kill w"), 0);
}

static void test_crash(void **state)
{
	(void)state;
	start("crash", "say=crash_machine:_triple_fault after=100 exit=65");
	assert_int_equal(run("wait crash"), 5);
	expect_text("crash: crashed: machine: triple fault");
	expect_listed("crash", "cause", "crashed");
	expect_listed("crash", "reason", "machine: triple fault");
	run("list");
	expect_text("crashed: machine: triple fault");
}

static void test_bad_configuration(void **state)
{
	(void)state;
	assert_int_equal(
		start("conf", "silent say=kernel:_no_bzImage after=0 exit=67"),
		1);
	expect_text("could not be set up: kernel: no bzImage");
	expect_text("worker.log");
	expect_listed("conf", "cause", "configuration");
	assert_int_equal(run("wait conf"), 7);
}

static void test_worker_fails(void **state)
{
	(void)state;
	start("fails", "after=50 exit=70");
	assert_int_equal(run("wait fails"), 7);
	expect_text("worker failed: exit status 70");
	start("fails", "after=50 exit=3 say=oh");
	assert_int_equal(run("wait fails"), 7);
	expect_text("worker failed: oh");
}

static void test_kill_9(void **state)
{
	(void)state;
	start("nine", "print=x");
	start("other", "print=y");
	assert_int_equal(kill(pid_of("nine", "worker"), SIGKILL), 0);
	assert_int_equal(run("wait nine --timeout 20"), 7);
	expect_text("nine: worker killed by signal 9 (Killed)");
	expect_listed("nine", "cause", "worker-signal");
	expect_listed("other", "state", "running");
	/* Its socket stayed behind; the next one is not disturbed by it. */
	assert_int_equal(start("nine", ""), 0);
	assert_int_equal(run("stop nine"), 0);
	assert_int_equal(run("stop other"), 0);
}

static void test_dies_by_signal(void **state)
{
	(void)state;
	start("sig", "after=50 fault");
	assert_int_equal(run("wait sig"), 7);
	expect_text("signal 11 (Segmentation fault)");
}

static void test_kill_verb(void **state)
{
	(void)state;
	start("k", "");
	assert_int_equal(run("kill k"), 0);
	expect_listed("k", "cause", "killed");
	assert_int_equal(run("wait k"), 6);
	assert_int_equal(run("kill k"), 4);
	expect_text("does not run: killed");
}

/* A worker that does not listen is killed by its monitor. */
static void test_kill_deaf(void **state)
{
	(void)state;
	start("deaf", "deaf");
	assert_int_equal(run("stop deaf --timeout 0.2"), 124);
	expect_text("still runs");
	expect_listed("deaf", "state", "running");
	assert_int_equal(run("stop deaf --force --timeout 0.2"), 0);
	expect_text("deaf did not end in 0 s, asked by its power button");
	expect_text("killing deaf");
	expect_listed("deaf", "cause", "killed");
}

/* It is asked, and comes again with another worker. */
static void test_restart(void **state)
{
	json_t *entry;

	(void)state;
	start("again", "after=60000");
	assert_int_equal(run("restart again --timeout 20"), 0);
	expect_text("again: running");
	entry = listed("again");
	assert_int_equal(json_integer_value(json_object_get(entry, "resets")),
			 1);
	json_decref(entry);
	expect_listed("again", "state", "running");
	assert_int_equal(run("stop again"), 0);
	assert_int_equal(run("restart again"), 4);
	assert_int_equal(run("restart nobody"), 3);
}

static void test_restart_deaf(void **state)
{
	(void)state;
	start("dull", "deaf shutdown=asked");
	assert_int_equal(run("restart dull --timeout 0.2"), 124);
	expect_text("asked by its shutdown service: it does not answer");
	assert_int_equal(run("restart dull --force --timeout 0.2"), 0);
	expect_text("resetting dull");
	expect_text("dull: running");
	assert_int_equal(run("kill dull"), 0);
}

/* Why nothing may have come of it, as far as it shows. */
static void test_stop_explains(void **state)
{
	static const struct {
		const char *words, *text;
	} all[] = {
		{"heartbeat=lost shutdown=asked", "its heartbeat is lost"},
		{"shutdown=asked", "it does not answer"},
		{"shutdown=accepted", "it agreed, but is not done"},
		{"shutdown=refused", "it refuses"},
		{"crash=panic heartbeat=none", "its kernel has panicked"},
		{"shutdown=none", "it gives no sign"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char words[128];

		snprintf(words, sizeof(words), "deaf %s", all[i].words);
		start("mute", words);
		assert_int_equal(run("stop mute --timeout 0.1"), 124);
		expect_text(all[i].text);
		run("kill mute");
	}
}

static void test_heartbeat_and_pause(void **state)
{
	(void)state;
	start("beat", "heartbeat=ok");
	expect_listed("beat", "heartbeat", "ok");
	assert_int_equal(run("pause beat"), 0);
	expect_listed("beat", "state", "paused");
	run("list");
	expect_text("beat   paused  ok");
	assert_int_equal(run("resume beat"), 0);
	expect_listed("beat", "state", "running");
	assert_int_equal(run("stop beat"), 0);
	expect_listed("beat", "heartbeat", "-");
	expect_listed("beat", "state", "ended");
	assert_int_equal(run("pause beat"), 4);
	assert_int_equal(run("resume nobody"), 3);
}

static void test_info(void **state)
{
	(void)state;
	start("told", "heartbeat=ok kvp=known");
	assert_int_equal(run("info told"), 0);
	expect_text("state      running");
	expect_text("heartbeat  ok");
	expect_text("system     Debian 12");
	expect_text("IPv4       10.0.2.15");
	expect_text("02:00:00:00:00:01: 10.0.2.15, gateway 10.0.2.2, name "
		    "server 10.0.2.3, DHCP");
	assert_int_equal(run("info told --json"), 0);
	expect_text("\"OSName\": \"Debian\"");
	expect_text("\"heartbeat\": \"ok\"");
	expect_text("\"panic\": []");
	assert_int_equal(run("stop told"), 0);
	start("told", "kvp=no-daemon");
	assert_int_equal(run("info told"), 0);
	expect_text("the guest runs no KVP daemon");
	assert_int_equal(run("stop told"), 0);
	assert_int_equal(run("info told"), 0);
	expect_text("powered off");
	assert_int_equal(run("info nobody"), 3);
}

/* The last words of a kernel can be read while it hangs and afterwards. */
static void test_panic(void **state)
{
	(void)state;
	start("oops", "crash=Kernel_panic "
		      "say=oops_crash:_vp_0_reports_a_crash,_its_last_words:");
	run("list");
	expect_text("panicked: Kernel_panic");
	expect_listed("oops", "crash", "Kernel_panic");
	run("info oops");
	expect_text("panic");
	assert_int_equal(run("kill oops"), 0);
	assert_int_equal(run("info oops"), 0);
	expect_text("The last words of its kernel:");
	expect_text("vp 0 reports a crash");
	assert_int_equal(run("log oops"), 0);
	expect_text("oops crash: vp 0 reports a crash, its last words:");
	assert_int_equal(run("log oops --follow"), 2);
	assert_int_equal(run("log nobody"), 3);
}

static void test_reset(void **state)
{
	const double begun = seconds();
	json_t *entry;

	(void)state;
	start("reset", "print=again reset=2 after=100");
	assert_int_equal(run("wait reset --timeout 30"), 0);
	entry = listed("reset");
	assert_int_equal(json_integer_value(json_object_get(entry, "resets")),
			 2);
	json_decref(entry);
	/* Two runs that were over at once: two pauses of a second. */
	assert_true(seconds() - begun > 1.9);
	run("list");
	expect_text("powered off (2 resets)");
	run("console reset");
	expect_text("again\n\r\n[bulkhead: reset]\r\nagain\n");
}

/* ---- Names, and what is left over ---- */

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(start("twice", ""), 0);
	assert_int_equal(start("twice", ""), 4);
	expect_text("twice is running already");
	assert_int_equal(run("stop twice"), 0);
	assert_int_equal(start("twice", "after=0"), 0);
	assert_int_equal(run("stop nobody"), 3);
	expect_text("there is no child \"nobody\"");
	assert_int_equal(run("wait ../run/twice"), 3);
	assert_int_equal(run("console nobody"), 3);
	assert_int_equal(run("stop twice"), 4);
}

/* Killed with its monitor, a child is lost, and its worker goes as well. */
static void test_monitor_killed(void **state)
{
	pid_t process;

	(void)state;
	start("lost", "");
	process = pid_of("lost", "worker");
	assert_int_equal(kill(pid_of("lost", "monitor"), SIGKILL), 0);
	for (unsigned int i = 0; i < 100 && !kill(process, 0); i++)
		pause_ms(50);
	assert_int_equal(kill(process, 0), -1);
	expect_listed("lost", "state", "ended");
	expect_listed("lost", "cause", "lost");
	assert_int_equal(run("wait lost"), 1);
	expect_text("lost: lost: its monitor was killed");
	assert_int_equal(start("lost", ""), 0);
	assert_int_equal(run("stop lost"), 0);
}

/* Changes "key": old to new in a child's state.json. */
static void edit_state(const char *name, const char *key, json_t *value)
{
	char path[128];
	json_t *object;

	snprintf(path, sizeof(path), "run/%s/state.json", name);
	object = json_load_file(path, 0, NULL);
	assert_non_null(object);
	json_object_set_new(object, key, value);
	assert_int_equal(json_dump_file(object, path, 0), 0);
	json_decref(object);
}

/* What a reboot leaves: it says running, by a monitor of another boot. */
static void test_after_reboot(void **state)
{
	(void)state;
	start("old", "after=0");
	run("wait old");
	edit_state("old", "state", json_string("running"));
	edit_state("old", "boot_id", json_string("another"));
	edit_state("old", "monitor",
		   json_pack("{s:i,s:i}", "pid", 1, "start_time", 987654321));
	expect_listed("old", "cause", "lost");
	expect_listed("old", "reason", "the host was restarted");
	assert_int_equal(start("old", "after=0"), 0);
}

/* The pid is in use again, by somebody else. */
static void test_pid_reused(void **state)
{
	(void)state;
	start("reused", "after=0");
	run("wait reused");
	edit_state("reused", "state", json_string("running"));
	edit_state(
		"reused", "monitor",
		json_pack("{s:i,s:i}", "pid", (int)getpid(), "start_time", 1));
	edit_state(
		"reused", "worker",
		json_pack("{s:i,s:i}", "pid", (int)getpid(), "start_time", 1));
	expect_listed("reused", "cause", "lost");
}

static void test_orphan(void **state)
{
	(void)state;
	start("orphan", "after=0");
	run("wait orphan");
	{
		/* A worker whose monitor was killed: this sleep. */
		const pid_t pid = fork();
		char path[64];
		unsigned long long start_time = 0;
		FILE *file;

		if (pid == 0) {
			execlp("sleep", "sleep", "100", (char *)NULL);
			_exit(1);
		}
		pause_ms(100);
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		assert_int_equal(fscanf(file,
					"%*d (sleep) %*c %*s %*s %*s %*s %*s "
					"%*s %*s %*s %*s %*s %*s %*s %*s %*s "
					"%*s %*s %*s %*s %llu",
					&start_time),
				 1);
		fclose(file);
		edit_state("orphan", "state", json_string("running"));
		edit_state("orphan", "worker",
			   json_pack("{s:i,s:I}", "pid", (int)pid, "start_time",
				     (json_int_t)start_time));
		expect_listed("orphan", "state", "orphaned");
		assert_int_equal(start("orphan", ""), 4);
		assert_int_equal(run("kill orphan"), 0);
		waitpid(pid, NULL, 0);
		expect_listed("orphan", "cause", "lost");
	}
}

static void test_damaged_state(void **state)
{
	(void)state;
	start("damaged", "after=0");
	run("wait damaged");
	put("run/damaged/state.json", "{ not json");
	assert_int_equal(run("wait damaged"), 1);
	expect_text("damaged");
	assert_int_equal(run("list"), 0);
	assert_int_equal(start("damaged", "after=0"), 0);
}

/* ---- Consoles ---- */

static void test_console_ended(void **state)
{
	(void)state;
	start("said", "print=last_words after=50");
	run("wait said");
	assert_int_equal(run("console said"), 0);
	expect_text("last_words\n");
	expect_text("said: powered off");
}

static void test_console_attached(void **state)
{
	(void)state;
	start("talk", "print=before");
	/* Ctrl-] leaves; what was typed before came back as its echo. */
	assert_int_equal(run("console talk < /dev/null & sleep 0.3; "
			     "(sleep 0.3; echo typed; sleep 0.5; "
			     "printf '\\035') | %s console talk; "
			     "kill $!; wait $! 2>/dev/null; true",
			     hvctl),
			 0);
	expect_text("before\n");
	expect_text("typed\n");
	expect_listed("talk", "state", "running");
	assert_int_equal(run("console talk < /dev/null & sleep 0.5;"
			     "%s stop talk; wait $!",
			     hvctl),
			 0);
	expect_text("before\n");
	expect_text("[talk: powered off]");
}

static void test_console_escape(void **state)
{
	(void)state;
	start("tilde", "");
	assert_int_equal(run("list > /dev/null; (sleep 0.2; "
			     "printf 'a~.b\\r~~c\\r~d\\r'; sleep 0.5; "
			     "printf '~.'; sleep 5) | timeout 4 %s console "
			     "tilde",
			     hvctl),
			 0);
	expect_text("a~.b\r~c\r~d\r");
	assert_int_equal(run("stop tilde"), 0);
}

static void test_console_over_reset(void **state)
{
	(void)state;
	start("over", "print=hello reset=1 after=1500");
	run("console over < /dev/null");
	expect_status(0);
	expect_text("hello\n");
	expect_text("[over: powered off]");
}

static void test_console_all(void **state)
{
	(void)state;
	assert_int_equal(run("console --all --prefix"), 4);
	start("a", "print=from_a after=700");
	start("longer", "print=from_b after=700");
	assert_int_equal(run("console --all --prefix"), 0);
	expect_text("a      | from_a\n");
	expect_text("longer | from_b\n");
	expect_no_text("last_words");
	assert_int_equal(run("console a longer"), 0);
	expect_text("from_a\n");
	expect_no_text("| from_a");
	assert_int_equal(run("console"), 2);
	assert_int_equal(run("console --all a"), 2);
}

/* More than two logs full: the newest is kept, and the size is bounded. */
static void test_console_flood(void **state)
{
	struct stat log, old;

	(void)state;
	start("flood", "flood=40000 print=x after=100");
	assert_int_equal(run("wait flood --timeout 60"), 0);
	assert_int_equal(stat("run/flood/console.log", &log), 0);
	assert_int_equal(stat("run/flood/console.log.1", &old), 0);
	assert_true(log.st_size + old.st_size < 2200000);
	run("console flood | tail -c 200");
	expect_text("39999 ");
}

/* ---- The rest ---- */

static void test_stats(void **state)
{
	json_t *object;
	double share;
	int exits;

	(void)state;
	start("s1", "");
	start("s2", "");
	assert_int_equal(run("stats s1"), 0);
	expect_text("intercepts.io_port                      7\n");
	expect_text("hypervisor.exits.io_port                9\n");
	assert_int_equal(run("stats"), 0);
	expect_text("s1    s2\n");
	expect_text("75.0  75.0\n");
	assert_int_equal(run("stats --json"), 0);
	object = json_loads(result.out, 0, NULL);
	assert_int_equal(json_unpack(object, "{s:{s:{s:F,s:{s:i}}}, s:{}}",
				     "s1", "hypervisor", "mapped_2m_percent",
				     &share, "exits", "external_interrupt",
				     &exits, "s2"),
			 0);
	assert_true(share == 75.0);
	assert_int_equal(exits, 5);
	json_decref(object);
	run("stop s1");
	run("stop s2");
	assert_int_equal(run("stats s1"), 4);
	assert_int_equal(run("stats nobody"), 3);
}

static void test_link(void **state)
{
	(void)state;
	start("l1", "");
	assert_int_equal(run("link l1 down 1"), 0);
	assert_int_equal(run("link l1 up 1"), 1);
	expect_text("l1: no such network");
	assert_int_equal(run("link l1 down"), 1);
	assert_int_equal(run("link l1 off"), 2);
	expect_text("expected up or down, got \"off\"");
	assert_int_equal(run("link l1 up 8"), 2);
	expect_text("from 0 to 7, got \"8\"");
	assert_int_equal(run("link l1 up 1x"), 2);
	run("stop l1");
	assert_int_equal(run("link l1 up"), 4);
	assert_int_equal(run("link nobody up"), 3);
}

static void test_usage(void **state)
{
	static const char *const verbs[] = {
		"start", "list",  "console", "stop",   "kill",
		"wait",	 "stats", "log",     "check",  "link",
		"info",	 "pause", "resume",  "restart"};

	(void)state;
	assert_int_equal(run("--help"), 0);
	expect_text("Exit status:");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		expect_text(verbs[i]);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		char example[32];

		assert_int_equal(run("%s --help", verbs[i]), 0);
		snprintf(example, sizeof(example), "  hvctl %s", verbs[i]);
		expect_text("Example");
		expect_text(example);
		assert_int_equal(run("%s --nonsense", verbs[i]), 2);
		assert_int_equal(run("%s a b c d e", verbs[i]) != 0, 1);
	}
	assert_int_equal(run("frobnicate"), 2);
	assert_int_equal(run(" "), 2);
	assert_int_equal(run("wait a --timeout soon"), 2);
}

static void test_check(void **state)
{
	(void)state;
	put("good.conf", "name = good\nkernel = kernel\nmemory = 1G\n");
	assert_int_equal(run("check good.conf"), 0);
	expect_text("good.conf: good, describes good");
	assert_int_equal(run("check good.conf --json"), 0);
	expect_text("\"memory\": 1073741824");
	put("bad.conf", "name = bad\nkernel = kernel\n\nmemory = lots\n");
	assert_int_equal(run("check bad.conf"), 2);
	expect_text("bad.conf:4: memory: expected a size");
	expect_text("got \"lots\"");
	assert_int_equal(run("start bad.conf"), 2);
	expect_text("bad.conf:4: memory:");
	assert_int_equal(run("check bad.conf --json 2>/dev/null"), 2);
	expect_text("\"line\": 4");
}

/* What the child with room for a few events got, as one line. */
static void expect_got(const char *name, const char *text)
{
	assert_int_equal(run("list >/dev/null; tr '\\n' ' ' "
			     "<run/%s/console.log",
			     name),
			 0);
	expect_text(text);
}

static void test_input(void **state)
{
	(void)state;
	assert_int_equal(start("typist", "room=3"), 0);
	assert_int_equal(run("sendkey typist ctrl-alt-del a"), 0);
	assert_int_equal(run("type typist 'Hi'"), 0);
	assert_int_equal(run("pointer typist 1 2"), 0);
	assert_int_equal(run("pointer typist 16384 0 left"), 0);
	assert_int_equal(run("pointer typist 3 4 middle"), 0);
	assert_int_equal(run("pointer typist 5 32767 down"), 0);
	expect_got("typist",
		   "keys 29 keys 56 keys 57427 keys 57555 keys 184 keys 157 "
		   "keys 30 keys 158 keys 42 keys 35 keys 163 keys 170 keys 23 "
		   "keys 151 pointer [1,2,0,0] pointer [16384,0,0,0] "
		   "pointer [16384,0,1,0] pointer [16384,0,0,0] "
		   "pointer [3,4,0,0] pointer [3,4,4,0] pointer [3,4,0,0] "
		   "pointer [5,32767,0,0] pointer [5,32767,0,-1] ");
	assert_int_equal(run("kill typist"), 0);
}

static void test_input_from_standard_input(void **state)
{
	(void)state;
	assert_int_equal(start("typist", "room=100"), 0);
	put("text", "a\tb\n");
	assert_int_equal(run("type typist - <text"), 0);
	put("places", "1 2\n\n 3\t4 up\n5 6 right\n");
	assert_int_equal(run("pointer typist - <places"), 0);
	expect_got("typist",
		   "keys 30 keys 158 keys 15 keys 143 keys 48 keys 176 keys 28 "
		   "keys 156 pointer [1,2,0,0] pointer [3,4,0,0] "
		   "pointer [3,4,0,1] pointer [5,6,0,0] pointer [5,6,2,0] "
		   "pointer [5,6,0,0] ");
	assert_int_equal(run("kill typist"), 0);
}

static void test_no_input(void **state)
{
	(void)state;
	assert_int_equal(start("mute", ""), 0);
	assert_int_equal(run("sendkey mute a"), 1);
	expect_text("mute: the child has no driver");
	assert_int_equal(run("sendkey mute a nonsense"), 2);
	expect_text("there is no key \"nonsense\"");
	assert_int_equal(run("type mute 'a\xc3\xa4'"), 2);
	expect_text("character 2");
	assert_int_equal(run("pointer mute 1"), 2);
	assert_int_equal(run("pointer mute 1 32768"), 2);
	expect_text("expected 0 to 32767, got \"32768\"");
	assert_int_equal(run("pointer mute -- -1 0"), 2);
	assert_int_equal(run("pointer mute 1 1x"), 2);
	assert_int_equal(run("pointer mute 1 1 fire"), 2);
	expect_text("got \"fire\"");
	put("places", "1 2\n3\n");
	assert_int_equal(run("pointer mute - <places"), 2);
	expect_text("line 2");
	put("places", "1 2 left 4\n");
	assert_int_equal(run("pointer mute - <places"), 2);
	assert_int_equal(run("type mute - </dev/zero"), 1);
	assert_int_equal(run("kill mute"), 0);
	assert_int_equal(run("sendkey mute a"), 4);
	assert_int_equal(run("type nobody a"), 3);
}

static void test_no_worker(void **state)
{
	(void)state;
	setenv("BULKHEAD_WORKER", "/nonexistent/worker", 1);
	assert_int_equal(start("none", ""), 1);
	expect_text("/nonexistent/worker: No such file or directory");
	setenv("BULKHEAD_WORKER", worker, 1);
}

static void test_no_log(void **state)
{
	(void)state;
	setenv("BULKHEAD_DEVICE", "/nonexistent", 1);
	assert_int_equal(run("log"), 1);
	expect_text("is the module loaded");
	setenv("BULKHEAD_DEVICE", "/dev/null", 1);
	assert_int_equal(run("log"), 1);
	expect_text("keeps no log");
	unsetenv("BULKHEAD_DEVICE");
}

/* Nobody of ours may be left, and no descriptor may have leaked to them. */
static void test_nothing_left(void **state)
{
	json_t *list, *entry;
	size_t i;

	(void)state;
	run("list --json");
	list = json_loads(result.out, 0, NULL);
	json_array_foreach(list, i, entry)
	{
		const char *phase =
			json_string_value(json_object_get(entry, "state"));

		assert_string_equal(phase, "ended");
	}
	json_decref(list);
}

static void test_monitor_descriptors(void **state)
{
	char command[128];
	FILE *pipe;
	int count = 0;

	(void)state;
	start("fds", "");
	snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l",
		 (int)pid_of("fds", "monitor"));
	pipe = popen(command, "r");
	assert_int_equal(fscanf(pipe, "%d", &count), 1);
	pclose(pipe);
	/* 0-2, lock, signals, two logs, pidfd, console, errors */
	assert_int_equal(count, 10);
	assert_int_equal(run("stop fds"), 0);
}

static int enter(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || chdir(directory) < 0)
		return -1;
	setenv("BULKHEAD_RUN_DIR", "run", 1);
	{
		char run_directory[128];

		snprintf(run_directory, sizeof(run_directory), "%s/run",
			 directory);
		setenv("BULKHEAD_RUN_DIR", run_directory, 1);
	}
	setenv("BULKHEAD_WORKER", worker, 1);
	put("kernel", "no kernel");
	return 0;
}

static int leave(void **state)
{
	char command[256];

	(void)state;
	/* What a failed test left running. */
	snprintf(command, sizeof(command),
		 "for d in run/*; do timeout 20 %s kill ${d##*/}; done "
		 ">/dev/null 2>&1",
		 hvctl);
	(void)!system(command);
	snprintf(command, sizeof(command), "cd / && rm -r %s", directory);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_runs_and_powers_off),
		cmocka_unit_test(test_ends_by_itself),
		cmocka_unit_test(test_start_wait),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_bad_configuration),
		cmocka_unit_test(test_worker_fails),
		cmocka_unit_test(test_kill_9),
		cmocka_unit_test(test_dies_by_signal),
		cmocka_unit_test(test_kill_verb),
		cmocka_unit_test(test_kill_deaf),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_deaf),
		cmocka_unit_test(test_stop_explains),
		cmocka_unit_test(test_heartbeat_and_pause),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_monitor_killed),
		cmocka_unit_test(test_after_reboot),
		cmocka_unit_test(test_pid_reused),
		cmocka_unit_test(test_orphan),
		cmocka_unit_test(test_damaged_state),
		cmocka_unit_test(test_console_ended),
		cmocka_unit_test(test_console_attached),
		cmocka_unit_test(test_console_escape),
		cmocka_unit_test(test_console_over_reset),
		cmocka_unit_test(test_console_all),
		cmocka_unit_test(test_console_flood),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_input_from_standard_input),
		cmocka_unit_test(test_no_input),
		cmocka_unit_test(test_no_worker),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_monitor_descriptors),
		cmocka_unit_test(test_nothing_left),
	};

	if (argc != 3) {
		fprintf(stderr, "Usage: %s HVCTL FAKE_WORKER\n", argv[0]);
		return 2;
	}
	alarm(300); /* whatever hangs, not for ever */
	hvctl = argv[1];
	worker = argv[2];
	return cmocka_run_group_tests_name("hvctl", tests, enter, leave);
}
