// SPDX-License-Identifier: GPL-2.0-only
/* The only file that includes the kernel's Hyper-V headers: their names clash
 * with abi/. */
#include <linux/types.h>
#include <linux/version.h>
#include <asm/hypervisor.h>
#include <asm/mshyperv.h>

#include "synic.h"

/* The kernel recognised the interface and has set up hypercalls for itself. */
bool kernel_hyperv_present(void)
{
	return hypervisor_is_type(X86_HYPER_MS_HYPERV);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)

bool kernel_hyperv_handler_shared(void)
{
	return true;
}

void kernel_hyperv_attach(void (*handler)(void))
{
	hv_setup_mshv_handler(handler);
}

void kernel_hyperv_detach(void)
{
	hv_setup_mshv_handler(NULL);
}

#else

/* One slot, VMBus's: ours as long as this partition has no VMBus device. */
bool kernel_hyperv_handler_shared(void)
{
	return false;
}

void kernel_hyperv_attach(void (*handler)(void))
{
	hv_setup_vmbus_handler(handler);
}

void kernel_hyperv_detach(void)
{
	hv_remove_vmbus_handler();
}

#endif
