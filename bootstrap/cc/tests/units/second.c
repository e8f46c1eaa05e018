#include "shared.h"
static int private = 200; static int hidden(void) { return private++; } extern int shared, defined_in_first;
int common; int array[] = { 10, 20, 30 }; int array_size(void) { return sizeof array; }
int second(void) { shared += 2; common = 7; return hidden() + defined_in_first; }
int (*pointer_to_hidden(void))(void) { return hidden; }
struct point move(struct point p, int by) { p.x += by; p.y += by + origin.y; return p; }
int square(int x) { return x * x; } int (*square_of_second(void))(int) { return square; }
struct point later_object = { 9, 8 };
