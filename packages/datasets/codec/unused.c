/*
 * Parts of libjpeg-turbo that it names and that are left out: samples of more than 8 bits, lossless JPEGs, palettes. They
 * are not reached: `open_jpeg` tells such files apart.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"

#define OUT(name, ...) \
  GLOBAL(void) name(__VA_ARGS__) { __builtin_trap(); }

OUT(j12init_1pass_quantizer, j_decompress_ptr a)
OUT(j12init_2pass_quantizer, j_decompress_ptr a)
OUT(jinit_1pass_quantizer, j_decompress_ptr a)
OUT(jinit_2pass_quantizer, j_decompress_ptr a)
OUT(j12init_merged_upsampler, j_decompress_ptr a)
OUT(j12init_color_deconverter, j_decompress_ptr a)
OUT(j12init_upsampler, j_decompress_ptr a)
OUT(j16init_color_deconverter, j_decompress_ptr a)
OUT(j16init_upsampler, j_decompress_ptr a)
OUT(j12init_d_post_controller, j_decompress_ptr a, boolean b)
OUT(j16init_d_post_controller, j_decompress_ptr a, boolean b)
OUT(jinit_lossless_decompressor, j_decompress_ptr a)
OUT(j12init_lossless_decompressor, j_decompress_ptr a)
OUT(j16init_lossless_decompressor, j_decompress_ptr a)
OUT(jinit_lhuff_decoder, j_decompress_ptr a)
OUT(jinit_d_diff_controller, j_decompress_ptr a, boolean b)
OUT(j12init_d_diff_controller, j_decompress_ptr a, boolean b)
OUT(j16init_d_diff_controller, j_decompress_ptr a, boolean b)
OUT(j12init_inverse_dct, j_decompress_ptr a)
OUT(j12init_d_coef_controller, j_decompress_ptr a, boolean b)
OUT(j12init_d_main_controller, j_decompress_ptr a, boolean b)
OUT(j16init_d_main_controller, j_decompress_ptr a, boolean b)
OUT(jpeg_idct_float, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
OUT(jpeg_idct_ifast, j_decompress_ptr a, jpeg_component_info *b, JCOEFPTR c, JSAMPARRAY d, JDIMENSION e)
