int main(void)
{
  switch (3) {
  case 1: case 2: return 0;
  case 2: return 1;
  }
}
