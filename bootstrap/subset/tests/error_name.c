long 5;
