#include "support.h"
int array[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }; long longs[4] = { 10, 20, 30, 40 }; char text[] = "pointer";
double doubles[3] = { 0.5, 1.5, 2.5 };
int length(const char *s) { const char *p = s; while (*p) p++; return p - s; } void exchange(int *a, int *b) {
    int t = *a; *a = *b; *b = t; } void **self(void **p) { return p; }
int main(void)
{
  int *p = array + 3, i = 2; long *l = longs; char *c = text; short offset = -1; unsigned char uc = 2; unsigned u = 1;
  show("*p", *p); show("p[2]", p[2]); show("p[-1]", p[-1]); show("*(p+i)", *(p + i)); show("i[p]", i[p]);
  show("p[offset]", p[offset]); show("p[uc]", p[uc]); show("p[u]", p[u]); show("*(i+p)", *(i + p)); show("p-array",
      p - array); show("&p[3]-p", &p[3] - p); show("*(l+3)", *(l + 3)); show("l[1]", l[1]); l += 2; show("*l", *l);
  l -= 1; show("*l", *l--); show("*l", *l); show("length", length(text)); c[0] = 'P'; *(c + 1) ^= 32; putstring(text);
  putstring("\n"); exchange(array, &array[9]); show("exchanged", array[0] * 10 + array[9]); void *v = p; show("void",
      *(int *)v); v = (char *)v + 4; show("void + 4", *(int *)v); int **pp = &p; **pp = 33; show("**pp", array[3]);
  *pp = array; show("*pp", *p); show("char view", ((char *)&array[3])[0]); long address = (long)p; show("integer",
      *(int *)(address + 4)); show("compare",
      (p < p + 1) + (p == array) * 10 + (p != &array[1]) * 100 + (c > text) * 1000); double *d = doubles + 2;
  showdouble("*d", *d); showdouble("d[-2]", d[-2]); showdouble("*--d", *--d); void *me = &me; show("self",
      *self(&me) == me); const char *const *names = (const char *const[]){ "one", "two", 0 };
  for (; *names; names++) putstring(*names); show("", names[-1][1]); int (*row)[5] = (int (*)[5])array; show("row",
      row[1][2]); row++; show("row", (*row)[0]); p = 0; show("null", p ? 1 : 2); p = (void *)0; show("null", !p);
  show("ternary", *(i ? &array[5] : 0)); p = &array[5]; show("p++ - p", *p++ + *p); show("&*", &*p == &p[0]);
  show("*&", *&i); show("void size", (char *)(v + 1) - (char *)v); char **end = &c; *(*end)++ = 'p'; show("c",
      c - text); unsigned long huge = 3; show("huge", array[huge] + *(array + huge)); i = -2; show("negative",
      *(p + i)); show("minus", *(p - 2)); show("minus i", *(p - -i));
  return 0;
}
