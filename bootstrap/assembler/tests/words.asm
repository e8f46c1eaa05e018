# Every kind of word.
DEFINE ret C3 ; a comment
DEFINE mov_eax, B8
:begin mov_eax, %-2 ret
mov_eax, %end %begin ~1 @0xFF !-128 !255
:end "a;#\n\t\r\0\\\"\x7fz" 'c3 C3' "" ''
DEFINE ret: 0F05
	ret: &begin %begin>end !begin
