/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the rows of hypercall_table.c, one file a family. */
#pragma once

#include "hypercall.h"

/* hypercall_partition.c */
enum hv_status hypercall_create_partition(struct hypercall_call *call);
enum hv_status hypercall_initialize_partition(struct hypercall_call *call);
enum hv_status hypercall_finalize_partition(struct hypercall_call *call);
enum hv_status hypercall_delete_partition(struct hypercall_call *call);
enum hv_status hypercall_get_partition_id(struct hypercall_call *call);
enum hv_status hypercall_install_intercept(struct hypercall_call *call);
enum hv_status hypercall_register_intercept_result(struct hypercall_call *call);

/* hypercall_property.c */
enum hv_status hypercall_get_property(struct hypercall_call *call);
enum hv_status hypercall_set_property(struct hypercall_call *call);
enum hv_status hypercall_get_property_ex(struct hypercall_call *call);

/* hypercall_memory.c */
enum hv_status hypercall_deposit_memory(struct hypercall_call *call);
enum hv_status hypercall_withdraw_memory(struct hypercall_call *call);
enum hv_status hypercall_map_gpa_pages(struct hypercall_call *call);
enum hv_status hypercall_unmap_gpa_pages(struct hypercall_call *call);
void hypercall_map_finish(struct hypercall_call *call);
enum hv_status hypercall_translate(struct hypercall_call *call);

/* hypercall_vp.c */
enum hv_status hypercall_create_vp(struct hypercall_call *call);
enum hv_status hypercall_delete_vp(struct hypercall_call *call);
enum hv_status hypercall_get_registers(struct hypercall_call *call);
enum hv_status hypercall_set_registers(struct hypercall_call *call);
enum hv_status hypercall_map_state_page(struct hypercall_call *call);
enum hv_status hypercall_unmap_state_page(struct hypercall_call *call);
enum hv_status hypercall_get_vp_state(struct hypercall_call *call);
enum hv_status hypercall_set_vp_state(struct hypercall_call *call);
enum hv_status hypercall_get_cpuid(struct hypercall_call *call);
enum hv_status hypercall_vp_from_apic_id(struct hypercall_call *call);

/* hypercall_synic.c */
enum hv_status hypercall_post_message(struct hypercall_call *call);
enum hv_status hypercall_signal_event(struct hypercall_call *call);
enum hv_status hypercall_post_message_direct(struct hypercall_call *call);
enum hv_status hypercall_signal_event_direct(struct hypercall_call *call);
enum hv_status hypercall_assert_interrupt(struct hypercall_call *call);
enum hv_status hypercall_clear_interrupt(struct hypercall_call *call);
enum hv_status hypercall_create_port(struct hypercall_call *call);
enum hv_status hypercall_delete_port(struct hypercall_call *call);
enum hv_status hypercall_connect_port(struct hypercall_call *call);
enum hv_status hypercall_disconnect_port(struct hypercall_call *call);

/* hypercall_bulkhead.c */
enum hv_status hypercall_get_stats(struct hypercall_call *call);
enum hv_status hypercall_read_log(struct hypercall_call *call);
enum hv_status hypercall_set_schedule(struct hypercall_call *call);
