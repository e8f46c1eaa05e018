/*
 * A program for firmware: asks it for a verdict on every case of a file, and prints the answers.
 *
 * The file `oracle.dat` stands next to the program: a number of steps, the steps, and the octets
 * that they refer to. So one start of a machine judges thousands of images and lists.
 *
 * Freestanding; the layouts are those of the UEFI specification, of which only what is used is
 * named. Nothing here holds an address (no table of pointers, no pointer with a value), so that the
 * program runs wherever it is loaded, without relocations.
 */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EFI __attribute__((ms_abi))

typedef u64 EFI call();

struct guid {
	u64 low, high;
};

/* EFI_SYSTEM_TABLE, from ConOut on. */
struct system {
	u8 header[24];
	u64 vendor, revision, in_handle, in, out_handle;
	struct {
		call *reset, *output;
	} *out;
	u64 error_handle, error;
	struct runtime *runtime;
	struct boot *boot;
};

struct runtime {
	u8 header[24];
	call *time[4], *memory[2], *get_variable, *next_variable, *set_variable, *count, *reset;
};

struct boot {
	u8 header[24];
	call *level[2], *allocate_pages, *free_pages, *map, *allocate, *free, *events[6];
	call *install, *reinstall, *uninstall, *protocol, *reserved, *notify, *handles, *device_path;
	call *configuration, *load_image, *start_image, *exit, *unload_image, *exit_boot;
	call *count, *stall, *watchdog, *connect, *disconnect, *open, *close, *information, *per_handle;
	call *buffer, *locate;
};

struct image {
	u64 revision, parent, system;
	void *device;
};

struct file {
	u64 revision;
	call *open, *close, *remove, *read, *write, *position, *seek, *get_info;
};

struct volume {
	u64 revision;
	call *open;
};

/* Of shim: EFI_SHIM_LOCK_PROTOCOL. */
struct lock {
	u64 (*verify)(const void *, u32);
};

enum { SET_ASIDE = 1, LOAD, WRITE, VERIFY, TAKE_AWAY, FORGET };

struct step {
	u32 what;
	/* SET_ASIDE, TAKE_AWAY: which variable. WRITE: attributes. */
	u32 which;
	u64 number, offset, size;
};

/* At the begin of what WRITE and SET_ASIDE refer to; the value follows. */
struct variable {
	struct guid vendor;
	u16 name[24];
	u8 value[];
};

enum { SLOTS = 16 };

static struct {
	u8 set;
	struct system *system;
	call *get_variable;
	struct {
		const struct variable *variable;
		u64 size;
		u8 present;
	} aside[SLOTS];
} state __attribute__((section(".data"))) = { .set = 1 };

static void print(const char *text)
{
	u16 wide[2] = { 0, 0 };
	for (; *text; text++) {
		wide[0] = *text;
		state.system->out->output(state.system->out, wide);
	}
}

static void number(u64 value, u32 base)
{
	char text[24];
	u32 at = sizeof text;
	text[--at] = 0;
	do {
		text[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	print(text + at);
}

static void stop(const char *why, u64 status)
{
	print("oracle: cannot ");
	print(why);
	print(": ");
	number(status, 16);
	print("\r\n");
	for (;;)
		state.system->boot->stall(1000000);
}

static int same_name(const u16 *one, const u16 *other)
{
	while (*one && *one == *other)
		one++, other++;
	return *one == *other;
}

/*
 * Stands in for GetVariable: firmware reads its lists through the table for every image that it
 * judges, and so does shim. What was set aside is answered from memory; so lists that firmware does
 * not take through SetVariable can be tried too, and nothing is written to the flash.
 */
static u64 EFI get_variable(const u16 *name, const struct guid *vendor, u32 *attributes,
			    u64 *size, u8 *data)
{
	for (u32 slot = 0; slot < SLOTS; slot++) {
		const struct variable *variable = state.aside[slot].variable;
		if (!variable || variable->vendor.low != vendor->low || variable->vendor.high != vendor->high
		    || !same_name(variable->name, name))
			continue;
		if (!state.aside[slot].present)
			return 0x800000000000000e; /* EFI_NOT_FOUND */
		u64 wanted = state.aside[slot].size, room = *size;
		if (attributes)
			*attributes = 0x27;
		*size = wanted;
		if (room < wanted || !data)
			return 0x8000000000000005; /* EFI_BUFFER_TOO_SMALL */
		for (u64 at = 0; at < wanted; at++)
			data[at] = variable->value[at];
		return 0;
	}
	return state.get_variable(name, vendor, attributes, size, data);
}

static void *protocol(void *handle, u64 low, u64 high)
{
	struct guid guid = { low, high };
	void *found = 0;
	u64 status = state.system->boot->protocol(handle, &guid, &found);
	if (status)
		stop("find a protocol", status);
	return found;
}

static u8 *read_cases(void *device)
{
	struct volume *volume = protocol(device, 0x11d26459964e5b22, 0x3b7269c9a000398e);
	struct file *root, *cases;
	static const u16 name[] = { 'o', 'r', 'a', 'c', 'l', 'e', '.', 'd', 'a', 't', 0 };
	u64 status = volume->open(volume, &root);
	if (!status)
		status = root->open(root, &cases, name, 1ull, 0ull);
	if (status)
		stop("open oracle.dat", status);
	/* To the end, to learn the size. */
	u64 size;
	cases->seek(cases, ~0ull);
	cases->position(cases, &size);
	cases->seek(cases, 0ull);
	u8 *data;
	status = state.system->boot->allocate(4u, size, &data);
	if (!status)
		status = cases->read(cases, &size, data);
	if (status)
		stop("read oracle.dat", status);
	return data;
}

u64 EFI efi_main(void *self, struct system *system)
{
	state.system = system;
	struct boot *boot = system->boot;
	struct runtime *runtime = system->runtime;
	boot->watchdog(0ull, 0ull, 0ull, 0ull);
	struct image *image = protocol(self, 0x11d295625b1b31a1, 0x3b7269c9a0003f8e);
	void *path = protocol(image->device, 0x11d26d3f09576e91, 0x3b7269c9a000398e);
	u8 *data = read_cases(image->device);
	u64 count = *(u64 *) data;
	struct step *steps = (struct step *) (data + 8);
	struct lock *lock = 0;

	state.get_variable = runtime->get_variable;
	runtime->get_variable = get_variable;
	print("\r\noracle: begin\r\n");
	for (u64 at = 0; at < count; at++) {
		u8 *octets = data + steps[at].offset;
		u64 size = steps[at].size, status, handle = 0;
		struct variable *variable = (struct variable *) octets;
		u32 which = steps[at].which;
		switch (steps[at].what) {
		case SET_ASIDE:
		case TAKE_AWAY:
			state.aside[which].variable = variable;
			state.aside[which].size = size - sizeof *variable;
			state.aside[which].present = steps[at].what == SET_ASIDE;
			continue;
		case FORGET:
			for (u32 slot = 0; slot < SLOTS; slot++)
				state.aside[slot].variable = 0;
			continue;
		case LOAD:
			status = boot->load_image((u8) 0, self, path, octets, size, &handle);
			if (handle)
				boot->unload_image(handle);
			break;
		case WRITE:
			status = runtime->set_variable(variable->name, &variable->vendor, which,
						       size - sizeof *variable, variable->value);
			break;
		case VERIFY:
			if (!lock) {
				struct guid shim = { 0x4300e046605dab50, 0x238bdd10d83db6ab };
				status = boot->locate(&shim, 0ull, &lock);
				if (status)
					stop("find shim", status);
			}
			status = lock->verify(octets, size);
			break;
		default:
			stop("understand a step", at);
		}
		print("= ");
		number(steps[at].number, 10);
		print(" ");
		number(status, 16);
		print(" .\r\n");
	}
	runtime->get_variable = state.get_variable;
	print("oracle: end\r\n");
	for (;;)
		boot->stall(1000000);
}

/* Without this section firmware believes that the program cannot be moved. */
__asm__(".section .reloc, \"a\"\n.long 0, 10\n.word 0\n.text\n");
