// What is evaluated, and when.
long calls;
long yes(long n) { calls = calls * 10 + n; return 1; }
long no(long n) { calls = calls * 10 + n; return 0; }
void told(long n) { number(n); number(calls); calls = 0; line(); }
long main(long argc, char **argv) {
  long x = 5;
  told(yes(1) && yes(2)); told(no(1) && yes(2)); told(yes(1) || yes(2)); told(no(1) || yes(2)); told(no(1) || no(2) || yes(3) || yes(4));
  told(yes(1) && no(2) || yes(3)); told(yes(1) ? no(2) : yes(3)); told(no(1) ? no(2) : yes(3)); told(!yes(1) || !no(2));
  if (no(1) || yes(2)) told(1); else told(2);
  if (yes(1) && !yes(2)) told(1); else told(2);
  while (x > 2 && yes(1)) x--;
  told(x);
  for (x = 0; x < 3 && yes(x); x++) ;
  told(x);
  told((x = 7) && x == 7);
  told(x < 9 == 1);
  if (x) if (!x) told(1); else told(2);
  return calls;
}
