// ## needs two operands
#define m x ##
