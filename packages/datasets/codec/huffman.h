#pragma once
#include <stddef.h>
#include <stdio.h>
#include "jpeglib.h"

/*
 * Has the blocks decoded by huffman.c, where the JPEG is of the usual kind: baseline, one scan, no restarts. To be called when
 * decompression has started and nothing is read. All of the file is there, and 16 bytes behind it that may be written.
 */
void huffman_decode(j_decompress_ptr jpeg);
