# Writes OUT, a C file holding the text file TEXT as the string NAME, declared by HEADER. With BINARY, bytes and their
# number, NAME_len.
file(READ ${TEXT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
if(BINARY)
	file(WRITE ${OUT} "/* made by embed.cmake */\n#include \"${HEADER}\"\n"
		"const unsigned char ${NAME}[] = {${bytes}};\nconst size_t ${NAME}_len = sizeof ${NAME};\n")
	return()
endif()
file(WRITE ${OUT} "/* made by embed.cmake */\n#include \"${HEADER}\"\nconst char ${NAME}[] = {${bytes}0};\n")
