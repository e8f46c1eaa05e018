#include "../support.h"
#include "shared.h"
int shared = 5, defined_in_first = 1; static int private = 100; static int hidden(void) { return private; }
int common; struct point origin = { 1, 2 }; const char *names[] = { "one", "two", 0 };
int main(void)
{
  show("hidden", hidden()); show("second", second()); show("shared", shared); show("private", private);
  show("pointer", pointer_to_hidden()()); show("common", common); show("array", array[2] + array_size()); show("move",
      move(origin, 3).y); show("square", square(5)); show("same function", &square == square_of_second());
  show("later", later_object.x);
  return private == 100;
}
