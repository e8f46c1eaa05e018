// elf.c: from objects to the program: finds what is reached, gives it addresses, writes the ELF file.
// The file has two segments: what is only read and executed (headers, functions, constants), and what is
// written (data; after it, without bytes in the file, what is zero at the start).

enum { BASE_ADDRESS = 0x400000, PAGE_SIZE = 0x1000, HEADERS_SIZE = 0xB0 };   // 0x40 + 2 * 0x38

struct Object *first_reached;
struct Object *last_reached;
long missing_count;

// ---- What the program needs ----

void reach(struct Object *object) {
  if (object->is_reached)
    return;
  object->is_reached = 1;
  if (last_reached)
    last_reached->next_reached = object;
  else
    first_reached = object;
  last_reached = object;
}

void report_missing(struct Object *object) {
  missing_count++;
  print_message(object->at, "", "undefined", object->name);
}

// A tentative definition becomes an object of zeros.
void complete_object(struct Object *object) {
  if (object->state == OBJECT_REFERENCED)
    report_missing(object);
  if (object->state != OBJECT_TENTATIVE)
    return;
  struct Type *type = object->type;
  if (type->kind == TYPE_ARRAY && type->count == UNKNOWN)
    type = array_of(type->base, 1, object->at);
  if (!is_complete(type))
    fail_name(object->at, "a variable of an incomplete type", object->name);
  object->size = type->size;
  if (type->align > object->align)
    object->align = type->align;
}

// Follows all references from the start code on.
void reach_all(struct Object *start) {
  struct Object *object;
  struct Fixup *fixup;
  reach(start);
  for (object = first_reached; object; object = object->next_reached) {
    complete_object(object);
    for (fixup = object->fixups; fixup; fixup = fixup->next)
      reach(fixup->target);
  }
  if (missing_count)
    sys_exit(1);
}

// ---- Addresses ----

// Places the objects of a section from address on; the result is the end.
long place_section(long section, long address) {
  struct Object *object;
  for (object = first_reached; object; object = object->next_reached)
    if (object->section == section) {
      address = round_up(address, object->align);
      object->address = address;
      address += object->size;
      if (address > BASE_ADDRESS + MAX_OBJECT_SIZE)
        fail(object->at, "the program is too large");
    }
  return address;
}

// ---- The bytes ----

void pad_to(struct Buffer *file, long offset) {
  while (file->length < offset)
    append_byte(file, 0);
}

void apply_fixup(struct Object *object, struct Fixup *fixup) {
  long value = fixup->target->address + fixup->addend;
  if (fixup->kind == FIXUP_RELATIVE)
    put_bytes(object, fixup->offset, value - (object->address + fixup->offset + 4), 4);
  else if (fixup->kind == FIXUP_ABSOLUTE_32) {
    if (!fits_32(value))
      fail(object->at, "address out of range");
    put_bytes(object, fixup->offset, value, 4);
  } else
    put_bytes(object, fixup->offset, value, 8);
}

// The objects of a section, whose addresses lie `distance` above their places in the file.
void append_section(struct Buffer *file, long section, long distance) {
  struct Object *object;
  struct Fixup *fixup;
  for (object = first_reached; object; object = object->next_reached)
    if (object->section == section) {
      for (fixup = object->fixups; fixup; fixup = fixup->next)
        apply_fixup(object, fixup);
      pad_to(file, object->address - distance);
      append_bytes(file, object->bytes, object->size);
    }
}

// One of the two entries of the program header table.
void append_segment(struct Buffer *file, long flags, long offset, long address, long file_size, long memory_size) {
  append_little_endian(file, 1, 4);                   // PT_LOAD
  append_little_endian(file, flags, 4);               // 1 execute, 2 write, 4 read
  append_little_endian(file, offset, 8);
  append_little_endian(file, address, 8);
  append_little_endian(file, address, 8);
  append_little_endian(file, file_size, 8);
  append_little_endian(file, memory_size, 8);
  append_little_endian(file, PAGE_SIZE, 8);
}

void append_elf_header(struct Buffer *file, long entry) {
  append_little_endian(file, 0x464C457F, 4);          // 0x7F "ELF"
  append_little_endian(file, 0x00010102, 4);          // 64 bits, little endian, version 1
  append_little_endian(file, 0, 8);
  append_little_endian(file, 2, 2);                   // an executable
  append_little_endian(file, 62, 2);                  // x86_64
  append_little_endian(file, 1, 4);
  append_little_endian(file, entry, 8);
  append_little_endian(file, 0x40, 8);                // the program headers follow
  append_little_endian(file, 0, 8);                   // no section headers
  append_little_endian(file, 0, 4);
  append_little_endian(file, 0x40, 2);                // size of this header
  append_little_endian(file, 0x38, 2);                // size of a program header
  append_little_endian(file, 2, 2);                   // their number
  append_little_endian(file, 0x40, 2);
  append_little_endian(file, 0, 4);
}

// Writes the program that begins with the object start.
void write_program(char *path, struct Object *start) {
  reach_all(start);
  long code_end = place_section(SECTION_TEXT, BASE_ADDRESS + HEADERS_SIZE);
  long constants_end = place_section(SECTION_CONSTANT, code_end);
  // the second segment begins on a new page, at the same distance from it as in the file
  long data_start = round_up(constants_end, 16) + PAGE_SIZE;
  long data_end = place_section(SECTION_DATA, data_start);
  long zero_end = place_section(SECTION_ZERO, data_end);
  long data_offset = data_start - PAGE_SIZE - BASE_ADDRESS;
  struct Buffer *file = new_buffer();
  append_elf_header(file, start->address);
  append_segment(file, 5, 0, BASE_ADDRESS, constants_end - BASE_ADDRESS, constants_end - BASE_ADDRESS);
  append_segment(file, 6, data_offset, data_start, data_end - data_start, zero_end - data_start);
  append_section(file, SECTION_TEXT, BASE_ADDRESS);
  append_section(file, SECTION_CONSTANT, BASE_ADDRESS);
  append_section(file, SECTION_DATA, BASE_ADDRESS + PAGE_SIZE);
  pad_to(file, data_end - BASE_ADDRESS - PAGE_SIZE);
  write_whole_file(path, file, 0x1ED);                // mode 0755
}
