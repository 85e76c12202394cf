# Writes OUT, a C file holding the text file TEXT as the string NAME, declared by HEADER.
file(READ ${TEXT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "/* made by embed.cmake */\n#include \"${HEADER}\"\nconst char ${NAME}[] = {${bytes}0};\n")
