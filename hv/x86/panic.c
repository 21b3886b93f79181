/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a logical processor: what it was doing, for whoever reads it. */
#include "panic.h"
#include "../lib/print.h"
#include "image.h"
#include "processor.h"
#include "register.h"

#define BACKTRACE_MAX 24

/* Called by functions compiled with a stack guard; seeded in entry.S. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0x595e9fbd94fda766;
void __stack_chk_fail(void) __attribute__((noreturn));

static void stop(void) __attribute__((noreturn));
static void stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Follows frame pointers as long as they stay on this stack. */
static void print_backtrace(uintptr_t frame)
{
	uintptr_t bottom = (uintptr_t)processor_this();

	print("backtrace:");
	for (unsigned int i = 0; i < BACKTRACE_MAX; i++) {
		const uintptr_t *words = (const uintptr_t *)frame;

		if (frame % 8 != 0 || frame < bottom + PROCESSOR_GUARD_OFFSET ||
		    frame > bottom + PROCESSOR_AREA_SIZE - 16)
			break;
		print(" %lx", words[1]);
		frame = words[0];
	}
	print("\n");
}

static void print_registers(const struct interrupt_frame *frame)
{
	static const char *const names[] = {"r15", "r14", "r13", "r12", "r11",
					    "r10", "r9 ", "r8 ", "rbp", "rdi",
					    "rsi", "rdx", "rcx", "rbx", "rax"};

	print("rip %016lx cs %lx rflags %lx rsp %016lx ss %lx\n", frame->rip,
	      frame->cs, frame->rflags, frame->rsp, frame->ss);
	for (size_t i = ARRAY_SIZE(names); i-- > 0;)
		print("%s %016lx%s", names[i], (&frame->r15)[i],
		      i % 4 == 0 ? "\n" : " ");
}

static void print_control(void)
{
	print("cr0 %lx cr2 %016lx cr3 %lx cr4 %lx efer %lx\n",
	      register_read_cr0(), register_read_cr2(), register_read_cr3(),
	      register_read_cr4(), register_read_msr(MSR_EFER));
}

void panic_exception(const struct interrupt_frame *frame)
{
	print_panicking();
	print("\nlp%u: PANIC: exception %lu, error %lx\n", cpu_lp(),
	      frame->vector, frame->error);
	print_registers(frame);
	print_control();
	print_backtrace(frame->rbp);
	stop();
}

void panic(const char *format, ...)
{
	va_list arguments;

	print_panicking();
	print("\nlp%u: PANIC: ", cpu_lp());
	va_start(arguments, format);
	vprint(format, arguments);
	va_end(arguments);
	print("\n");
	print_control();
	print_backtrace((uintptr_t)__builtin_frame_address(0));
	stop();
}

void __stack_chk_fail(void)
{
	panic("a stack guard was overwritten, called from %lx",
	      (uintptr_t)__builtin_return_address(0));
}
