int main(int n) { switch (3) { case n: return 0; } }
