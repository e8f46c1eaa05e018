x
#error in the header
