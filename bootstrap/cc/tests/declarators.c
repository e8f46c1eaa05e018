#include "support.h"
int *a[3], (*b)[3], **c, (*d)(void), *(*e[2])(int), (*(*f)(int))(char), matrix[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
char *(*(*g)[2])(void); int (*h(void))[3] { return &matrix[1]; } int seven(void) { return 7; } int x = 9;
int *address(int n) { return &x + n; } int code(char k) { return k; } int (*pick(int n))(char) { return n ? code : 0;
} char *letter(void) { return "z"; } typedef int row[3], *pointer, (*callback)(void); row r = { 7, 8, 9 };
pointer p = r; callback cb = seven; const int *const volatile q = &x; unsigned long int long ull = 1;
short unsigned su = 2; long int signed sl = 3; extern int later; int const static ci = 4; int (parenthesized) = 5;
int ((*((twice)))) = &x; void takes(int [], int (int), int n[static 3], row); void takes(int *a, int (*f)(int),
    int *n, int *r) { show("takes", a[0] + f(n[1]) + r[2] + (sizeof a == 8)); } int inc(int n) { return n + 1; }
int abstract(int (*)(void), int (*)[3], char **, int *[]); int abstract(int (*a)(void), int (*b)[3], char **c,
    int *d[]) { return a() + (*b)[1] + **c + *d[0]; }
int main(void)
{
  a[1] = &x; b = &matrix[1]; c = a; d = seven; e[1] = address; f = pick; char *(*array[2])(void) = { letter, letter };
  g = &array; show("a", *a[1]); show("b", (*b)[2] + b[-1][0]); show("c", *c[1]); show("d", d() + (*d)()); show("e",
      *(*e[1])(0)); show("f", (*(*f)(1))('k')); show("g", *(*g)[1]()); show("h", (*h())[0]); show("typedefs",
      r[1] + p[2] + cb() + *q); show("words", ull + su + sl + ci); show("parentheses", parenthesized + *twice);
  takes(r, inc, r, r); char *text = "t"; show("abstract", abstract(seven, &matrix[0], &text, (int *[]){ &x }));
  show("sizes",
      sizeof a + sizeof b * 100 + sizeof matrix * 10000 + sizeof(int (*)[5]) + sizeof(int *[5]) + sizeof(row));
  show("later", later);
  for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++) putnumber(matrix[i][j] + *(*(matrix + i) + j)); show("",
      sizeof matrix[0] + sizeof *matrix[0] + sizeof(char[2][3][4])); int cube[2][2][2]; int n = 0;
  for (int i = 0; i < 8; i++) ((int *)cube)[i] = i; show("cube", cube[1][0][1] * 10 + cube[0][1][1]);
  int (*plane)[2] = cube[1]; show("plane", plane[1][0]); show("difference", &cube[1] - &cube[0]); show("n", n);
  return 0;
}
int later = 11;
