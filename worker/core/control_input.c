/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's "keys" and "pointer": what a person does. */
#include "control_verb.h"
#include "machine.h"

#define KEY_RELEASE   0x80
#define KEY_PREFIX_E0 0xe000
#define KEY_PREFIX_E1 0xe100

static bool read_key(const json_t *event, struct input_key *key)
{
	const json_int_t code = json_integer_value(event);
	const json_int_t prefix = code & ~(json_int_t)0xff;

	*key = (struct input_key){
		.code = (uint8_t)(code & ~KEY_RELEASE),
		.e0 = prefix == KEY_PREFIX_E0,
		.e1 = prefix == KEY_PREFIX_E1,
		.release = code & KEY_RELEASE,
	};
	return key->code && (!prefix || key->e0 || key->e1);
}

static enum input_result put_key(const struct input *input, const json_t *event)
{
	struct input_key key;

	read_key(event, &key);
	return input->key(input->keyboard, &key);
}

static bool key_is_valid(const json_t *event)
{
	struct input_key key;

	return read_key(event, &key);
}

static bool read_pointer(const json_t *event, struct input_pointer *at)
{
	static const struct {
		json_int_t least, most;
	} limits[] = {
		{0, INPUT_POINTER_MAX},
		{0, INPUT_POINTER_MAX},
		{0, INPUT_BUTTONS},
		{-127, 127},
	};
	json_int_t values[4];

	if (json_array_size(event) != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		const json_t *value = json_array_get(event, i);

		values[i] = json_integer_value(value);
		if (!json_is_integer(value) || values[i] < limits[i].least ||
		    values[i] > limits[i].most)
			return false;
	}
	*at = (struct input_pointer){
		.x = (uint16_t)values[0],
		.y = (uint16_t)values[1],
		.buttons = (uint8_t)values[2],
		.wheel = (int8_t)values[3],
	};
	return true;
}

static enum input_result put_pointer(const struct input *input,
				     const json_t *event)
{
	struct input_pointer at;

	read_pointer(event, &at);
	return input->point(input->pointer, &at);
}

static bool pointer_is_valid(const json_t *event)
{
	struct input_pointer at;

	return read_pointer(event, &at);
}

struct kind {
	bool (*is_valid)(const json_t *event);
	enum input_result (*put)(const struct input *input,
				 const json_t *event);
	const char *absent;
};

/* All are looked at before the first is passed on. */
static json_t *pass_on(const struct input *input, const struct kind *kind,
		       const json_t *events)
{
	const size_t count = json_array_size(events);
	enum input_result result = INPUT_TAKEN;
	json_t *answer;
	size_t taken = 0;

	if (!json_is_array(events))
		return control_refusal("\"events\" is not a list");
	for (size_t i = 0; i < count; i++)
		if (!kind->is_valid(json_array_get(events, i)))
			return control_refusal("an event is not valid");
	while (taken < count && result == INPUT_TAKEN) {
		result = kind->put(input, json_array_get(events, taken));
		if (result == INPUT_TAKEN)
			taken++;
	}
	if (result == INPUT_ABSENT && !taken)
		return control_refusal(kind->absent);
	answer = control_agreement();
	json_object_set_new(answer, "taken", json_integer((json_int_t)taken));
	return answer;
}

json_t *control_keys(struct control_client *client, const json_t *request)
{
	static const struct kind keys = {key_is_valid, put_key,
					 "the child has no keyboard driver"};
	const struct input *input = &client->control->machine->input;

	if (!input->key)
		return control_refusal("this child has no keyboard");
	return pass_on(input, &keys, json_object_get(request, "events"));
}

json_t *control_pointer(struct control_client *client, const json_t *request)
{
	static const struct kind pointers = {pointer_is_valid, put_pointer,
					     "the child has no mouse driver"};
	const struct input *input = &client->control->machine->input;

	if (!input->point)
		return control_refusal("this child has no mouse");
	return pass_on(input, &pointers, json_object_get(request, "events"));
}
