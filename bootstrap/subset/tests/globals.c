// Variables of the program and of functions; the same name in both.
long x; char *s; long unused[3]; char buffer[13]; long after; long **deep;
long *holder[1]; long **p_global_holder(void) { holder[0] = &x; return holder; }
long get(void) { return x; }
long hidden(long x) { x += 1; { long s = x * 2; x = s; } return x + get(); }
long f(long f_arg) { long get_it = f_arg; return get_it; }
long main(long argc, char **argv) {
  long *p = &x;
  number(x); number(!s); number(unused[2]); number(buffer[12]); number(after); x = 41; number(get()); number(hidden(1)); number(x++); number(++x); number(x--); number(--x);
  *p = 7; number(x); deep = &p_global_holder()[0]; **deep = 12; number(x); s = "set"; text(s); s++; text(s); s += 1; text(s); number(s[0]); number(f(3)); line();
  buffer[0] = 'b'; buffer[12] = 'z'; number(after); number(buffer[0] + buffer[12]); after = 5; number(buffer[12]); unused[0] = unused[1] = unused[2] = 6; number(unused[0] + unused[1] + unused[2]);
  line();
  return x;
}
