long f(long a) {
  text("abc
");
