/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every hypercall: form, sizes, privilege, allowed states of its target. */
#include "hypercall_calls.h"

#include "../../abi/bulkhead.h"
#include "../../abi/cpuid.h"
#include "../../abi/register.h"

#define PARENT	     HV_PRIVILEGE_EBX_CREATE_PARTITIONS
#define CHILD_TARGET (HYPERCALL_TARGET | HYPERCALL_CHILD)
#define ANY_STATE                                                              \
	(HYPERCALL_CREATED | HYPERCALL_ACTIVE | HYPERCALL_FINALIZED |          \
	 HYPERCALL_DELETING)

struct nothing {
};

/* Rows by code: our own codes, far above the others, follow those. */
#define OWN	    0xb00
#define INDEX(code) ((code) < OWN ? (code) : (code)-OWN + HYPERCALL_STANDARD)

#define ROW(number, function, in, ...)                                         \
	[INDEX(HVCALL_##number)] = {.run = hypercall_##function,               \
				    .input = sizeof(struct in),                \
				    __VA_ARGS__}
/* Of the parent, on a child that lives. */
#define CHILD(number, function, in, ...)                                       \
	ROW(number, function, in, .form = CHILD_TARGET, .privilege = PARENT,   \
	    .states = HYPERCALL_LIVE, __VA_ARGS__)
/* And on one of its vps that is stopped. */
#define CHILD_VP(number, function, in, ...)                                    \
	ROW(number, function, in, .form = CHILD_TARGET | HYPERCALL_STOPPED,    \
	    .privilege = PARENT, .states = HYPERCALL_LIVE, __VA_ARGS__)
#define CHILD_REPS(number, function, in, ...)                                  \
	ROW(number, function, in, .form = CHILD_TARGET | HYPERCALL_REP,        \
	    .privilege = PARENT, .states = HYPERCALL_LIVE, __VA_ARGS__)

const struct hypercall hypercall_table[] = {
	ROW(POST_MESSAGE, post_message, hv_input_post_message,
	    .privilege = HV_PRIVILEGE_EBX_POST_MESSAGES),
	ROW(SIGNAL_EVENT, signal_event, hv_input_signal_event,
	    .privilege = HV_PRIVILEGE_EBX_SIGNAL_EVENTS),
	ROW(GET_PARTITION_ID, get_partition_id, nothing,
	    .privilege = HV_PRIVILEGE_EBX_PARTITION_ID,
	    .output = sizeof(struct hv_output_get_partition_id)),
	ROW(CREATE_PARTITION, create_partition, hv_input_create_partition,
	    .privilege = PARENT,
	    .output = sizeof(struct hv_output_create_partition)),
	ROW(INITIALIZE_PARTITION, initialize_partition,
	    hv_input_initialize_partition, .form = CHILD_TARGET,
	    .states = HYPERCALL_CREATED, .privilege = PARENT),
	ROW(FINALIZE_PARTITION, finalize_partition, hv_input_finalize_partition,
	    .form = CHILD_TARGET, .states = HYPERCALL_LIVE | HYPERCALL_DELETING,
	    .privilege = PARENT),
	ROW(DELETE_PARTITION, delete_partition, hv_input_delete_partition,
	    .form = CHILD_TARGET, .states = ANY_STATE, .privilege = PARENT),
	ROW(GET_PARTITION_PROPERTY, get_property,
	    hv_input_get_partition_property, .form = HYPERCALL_TARGET,
	    .states = HYPERCALL_LIVE, .privilege = PARENT,
	    .output = sizeof(struct hv_output_get_partition_property)),
	CHILD(SET_PARTITION_PROPERTY, set_property,
	      hv_input_set_partition_property),
	ROW(GET_PARTITION_PROPERTY_EX, get_property_ex,
	    hv_input_get_partition_property_ex, .form = HYPERCALL_TARGET,
	    .states = HYPERCALL_LIVE, .privilege = PARENT,
	    .output = sizeof(struct hv_vmm_capabilities)),
	CHILD(INSTALL_INTERCEPT, install_intercept, hv_input_install_intercept),
	CHILD(REGISTER_INTERCEPT_RESULT, register_intercept_result,
	      hv_input_register_intercept_result),
	CHILD_REPS(DEPOSIT_MEMORY, deposit_memory, hv_input_deposit_memory,
		   .rep_input = sizeof(uint64_t)),
	ROW(WITHDRAW_MEMORY, withdraw_memory, hv_input_withdraw_memory,
	    .form = CHILD_TARGET | HYPERCALL_REP, .states = ANY_STATE,
	    .privilege = PARENT, .rep_output = sizeof(uint64_t)),
	CHILD_REPS(MAP_GPA_PAGES, map_gpa_pages, hv_input_map_gpa_pages,
		   .rep_input = sizeof(uint64_t),
		   .finish = hypercall_map_finish),
	CHILD_REPS(UNMAP_GPA_PAGES, unmap_gpa_pages, hv_input_unmap_gpa_pages,
		   .finish = hypercall_map_finish),
	CHILD_VP(TRANSLATE_VIRTUAL_ADDRESS, translate,
		 hv_input_translate_virtual_address,
		 .output = sizeof(struct hv_output_translate_virtual_address)),
	CHILD(CREATE_VP, create_vp, hv_input_create_vp),
	CHILD(DELETE_VP, delete_vp, hv_input_delete_vp),
	CHILD_REPS(GET_VP_REGISTERS, get_registers, hv_input_get_vp_registers,
		   .rep_input = sizeof(uint32_t),
		   .rep_output = sizeof(struct hv_register_value)),
	CHILD_REPS(SET_VP_REGISTERS, set_registers, hv_input_set_vp_registers,
		   .rep_input = sizeof(struct hv_register_assoc)),
	CHILD_VP(MAP_VP_STATE_PAGE, map_state_page, hv_input_map_vp_state_page,
		 .output = sizeof(struct hv_output_map_vp_state_page)),
	CHILD_VP(UNMAP_VP_STATE_PAGE, unmap_state_page,
		 hv_input_unmap_vp_state_page),
	ROW(GET_VP_STATE, get_vp_state, hv_input_get_vp_state,
	    .form = CHILD_TARGET | HYPERCALL_VARIABLE | HYPERCALL_STOPPED,
	    .states = HYPERCALL_LIVE, .privilege = PARENT,
	    .output = sizeof(struct hv_output_get_vp_state)),
	ROW(SET_VP_STATE, set_vp_state, hv_input_set_vp_state,
	    .form = CHILD_TARGET | HYPERCALL_VARIABLE | HYPERCALL_STOPPED,
	    .states = HYPERCALL_LIVE, .privilege = PARENT),
	ROW(GET_VP_CPUID_VALUES, get_cpuid, hv_input_get_vp_cpuid_values,
	    .form = CHILD_TARGET | HYPERCALL_REP | HYPERCALL_STOPPED,
	    .states = HYPERCALL_LIVE, .privilege = PARENT,
	    .rep_input = sizeof(struct hv_cpuid_leaf_info),
	    .rep_output = sizeof(struct hv_output_get_vp_cpuid_values)),
	ROW(GET_VP_INDEX_FROM_APIC_ID, vp_from_apic_id,
	    hv_input_get_vp_index_from_apic_id,
	    .form = HYPERCALL_TARGET | HYPERCALL_REP, .states = HYPERCALL_LIVE,
	    .privilege = PARENT, .rep_input = sizeof(uint32_t),
	    .rep_output = sizeof(uint32_t)),
	CHILD(POST_MESSAGE_DIRECT, post_message_direct,
	      hv_input_post_message_direct),
	CHILD(SIGNAL_EVENT_DIRECT, signal_event_direct,
	      hv_input_signal_event_direct,
	      .output = sizeof(struct hv_output_signal_event_direct)),
	CHILD(ASSERT_VIRTUAL_INTERRUPT, assert_interrupt,
	      hv_input_assert_virtual_interrupt),
	CHILD(CLEAR_VIRTUAL_INTERRUPT, clear_interrupt,
	      hv_input_clear_virtual_interrupt),
	ROW(CREATE_PORT, create_port, hv_input_create_port,
	    .form = HYPERCALL_TARGET, .states = HYPERCALL_LIVE,
	    .privilege = HV_PRIVILEGE_EBX_CREATE_PORT),
	ROW(DELETE_PORT, delete_port, hv_input_delete_port,
	    .form = HYPERCALL_TARGET, .states = HYPERCALL_LIVE,
	    .privilege = HV_PRIVILEGE_EBX_CREATE_PORT),
	ROW(CONNECT_PORT, connect_port, hv_input_connect_port,
	    .form = CHILD_TARGET, .states = HYPERCALL_LIVE,
	    .privilege = HV_PRIVILEGE_EBX_CONNECT_PORT),
	ROW(DISCONNECT_PORT, disconnect_port, hv_input_disconnect_port,
	    .form = CHILD_TARGET,
	    .states = HYPERCALL_LIVE | HYPERCALL_FINALIZED,
	    .privilege = HV_PRIVILEGE_EBX_CONNECT_PORT),
	ROW(BULKHEAD_GET_STATS, get_stats, bulkhead_input_get_stats,
	    .form = HYPERCALL_TARGET, .states = HYPERCALL_LIVE,
	    .privilege = PARENT, .output = sizeof(struct bulkhead_stats)),
	ROW(BULKHEAD_READ_LOG, read_log, bulkhead_input_read_log,
	    .privilege = PARENT,
	    .output = sizeof(struct bulkhead_output_read_log)),
	CHILD(BULKHEAD_SET_SCHEDULE, set_schedule, bulkhead_input_set_schedule),
};

const struct hypercall *hypercall_find(uint16_t code)
{
	uint32_t index = INDEX((uint32_t)code);

	if ((code >= HYPERCALL_STANDARD && code < OWN) ||
	    index >= ARRAY_SIZE(hypercall_table) || !hypercall_table[index].run)
		return NULL;
	return &hypercall_table[index];
}
