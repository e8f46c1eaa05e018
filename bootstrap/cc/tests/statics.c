#include "support.h"
static int counter(void) { static int n = 10; static char *names[] = { "a", "b" }; static int uninitialised;
uninitialised += 2; return n++ + uninitialised * 100 + (names[1][0] == 'b'); } int tentative; int tentative;
extern int tentative; int tentative = 5; static int later; int get(void) { return later; } static int later = 6;
extern int array[]; int third(void) { return array[2]; } int array[3] = { 1, 2, 3 }; int zero[1000];
static int shadow = 1;
int main(void)
{
  counter(); counter(); show("counter", counter()); show("tentative", tentative); show("get", get()); show("third",
      third()); show("zero", zero[999]); int shadow = 2; { int shadow = 3; { extern int tentative;
  static int shadow = 4; show("shadow", shadow++ + tentative); } show("shadow", shadow); } show("shadow", shadow); {
      extern int elsewhere(int); show("elsewhere", elsewhere(4)); } for (int i = 0; i < 3; i++) { static int kept;
  int fresh = 0; kept++; fresh++; putnumber(kept * 10 + fresh); } putstring("\n"); typedef char shadowed; {
      int shadowed = 4; show("shadowed", shadowed * 2); } shadowed c = 300; show("c", c); enum { A = 5 }; { enum {
      A = 6 }; show("A", A); } show("A", A);
  return 0;
}
int elsewhere(int x) { return x + shadow; }
