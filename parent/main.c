// SPDX-License-Identifier: GPL-2.0-only
/* The /dev/mshv device: is the hypervisor there, what does the device
 * descriptor offer. */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/notifier.h>
#include <linux/path.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <asm/msr.h>

#include "abi/cpuid.h"
#include "abi/msr.h"
#include "partition.h"
#include "synic.h"

static long device_ioctl(struct file *file, unsigned int command,
			 unsigned long argument)
{
	void __user *arguments = (void __user *)argument;

	switch (command) {
	case MSHV_CREATE_PARTITION:
		return partition_create_fd(arguments);
	case MSHV_ROOT_HVCALL:
		return passthrough_hypercall(NULL, arguments);
	case MSHV_BULKHEAD_PROBE:
		return extension_probe(arguments);
	case MSHV_HV_LOG:
		return extension_log(arguments);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mshv",
	.fops = &device_operations,
	.mode = 0600,
};

/* Before a reboot or kexec the next kernel must find no child and no page of
 * ours in use. */
static int before_reboot(struct notifier_block *block, unsigned long action,
			 void *data)
{
	partition_delete_all();
	synic_exit();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = {
	.notifier_call = before_reboot,
};

static bool hypercalls_enabled(void)
{
	u32 low, high;

	if (rdmsr_safe(HV_MSR_GUEST_OS_ID, &low, &high))
		return false;
	return low || high;
}

/* A parent: the Hv#1 interface with the right to create partitions, in use by
 * this kernel. */
static int hypervisor_check(void)
{
	struct cpuid_result features;
	u32 interface;

	if (!kernel_hyperv_present()) {
		pr_err("mshv: no hypervisor with the Hv#1 interface below this "
		       "kernel\n");
		return -ENODEV;
	}
	interface = hypervisor_cpuid(HV_CPUID_INTERFACE).eax;
	if (interface != HV_CPUID_INTERFACE_HV1) {
		pr_err("mshv: the hypervisor's interface is not Hv#1 (%#x)\n",
		       interface);
		return -ENODEV;
	}
	features = hypervisor_cpuid(HV_CPUID_FEATURES);
	if (!(features.ebx & HV_PRIVILEGE_EBX_CREATE_PARTITIONS)) {
		pr_err("mshv: this partition may not create others: not a "
		       "parent\n");
		return -ENODEV;
	}
	if (!(features.eax & HV_PRIVILEGE_SYNIC) || !hypercalls_enabled()) {
		pr_err("mshv: no SynIC, or this kernel has hypercalls switched "
		       "off\n");
		return -ENODEV;
	}
	return 0;
}

/* Linux's own driver, or another copy of this one, has the name already. */
static int name_check(void)
{
	struct path path;

	if (kern_path("/dev/mshv", LOOKUP_FOLLOW, &path))
		return 0;
	path_put(&path);
	pr_err("mshv: /dev/mshv exists: another driver serves it\n");
	return -EBUSY;
}

static int __init module_start(void)
{
	int ret;

	ret = hypervisor_check();
	if (!ret)
		ret = name_check();
	if (ret)
		return ret;
	ret = hypercall_init();
	if (ret)
		return ret;
	extension_init();
	ret = synic_init();
	if (ret)
		goto undo_hypercall;
	ret = register_reboot_notifier(&reboot_block);
	if (ret)
		goto undo_synic;
	ret = misc_register(&device);
	if (ret)
		goto undo_notifier;
	return 0;

undo_notifier:
	unregister_reboot_notifier(&reboot_block);
undo_synic:
	synic_exit();
undo_hypercall:
	hypercall_exit();
	return ret;
}

/* Open descriptors hold the module: no partition is left here. */
static void __exit module_stop(void)
{
	misc_deregister(&device);
	unregister_reboot_notifier(&reboot_block);
	synic_exit();
	rcu_barrier();
	hypercall_exit();
}

module_init(module_start);
module_exit(module_stop);
MODULE_DESCRIPTION(
	"Partitions of an Hv#1 hypervisor as file descriptors (/dev/mshv)");
MODULE_AUTHOR("The Bulkhead project");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
MODULE_ALIAS("bulkhead-mshv");
