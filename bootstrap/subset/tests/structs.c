// Structs behind pointers.
struct Node;
struct List { struct Node *first; long length; };
struct Node { struct Node *next; long value; char *name; struct List *list; };
enum { SIZE = 100 };
char memory[10000];
long used;
struct List *lists[3];
char *get(long n) { char *p = &memory[used]; used += n; return p; }
struct Node *add(struct List *list, long value, char *name) {
  struct Node *node = (struct Node *)get(sizeof(struct Node));
  node->next = list->first; node->value = value; node->name = name; node->list = list;
  list->first = node; list->length++;
  return node;
}
long main(long argc, char **argv) {
  struct List *list = (struct List *)get(sizeof(struct List));
  struct Node *node;
  long i;
  number(sizeof(struct Node)); number(sizeof(struct List)); number(sizeof(struct Node *)); line();
  lists[1] = list;
  for (i = 0; i < 5; i++) add(list, i * 3, "abcdef" + i)->value += 100;
  for (node = list->first; node; node = node->next) { number(node->value); text(node->name); text(" "); number(node->name[0]); number(node->list == list); }
  line();
  number(list->length); number(lists[1]->first->next->value); number(list->first->next->next->list->length--); number(list->length);
  node = list->first; node->value++; ++node->value; node->value -= 7; number(node->value); number(*&node->value); *&node->value = 8; number(node->value);
  node->name++; text(node->name); number(*node->name); *node->name; node->next->name += 2; text(node->next->name);
  number((long)node->next - (long)node); number(node + 1 == (struct Node *)((char *)node + sizeof(struct Node))); number(&node[2] - node);
  (node + 1)->value = 5; number((&node[1])->value); line();
  return list->length;
}
