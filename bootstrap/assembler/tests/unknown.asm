DEFINE a 00
a

b