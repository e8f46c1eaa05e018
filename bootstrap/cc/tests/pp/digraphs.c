// Digraphs are what they stand for, but keep their spelling.
%:define str(x) #x
%:define cat(a, b) a %:%: b
str(<: :> <% %> %: %:%:) cat(x, y)
int a<:3:> = <%1%>;
