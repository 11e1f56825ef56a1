/*
 * The part of an image that is asked for, at the size that is asked for: JPEGs from their bytes, by libjpeg-turbo, other
 * images from their pixels. One image at a time: `input`, then `open_jpeg` and `jpeg_region`, or `pixels_region`.
 */
#include "memory.h"
#include "resample.h"
#define JPEG_INTERNALS
#include "huffman.h"
#include "jinclude.h"
#include "jpeglib.h"
#include "jversion.h"
#include "jerror.h"

#define EXPORT(name) __attribute__((export_name(#name)))

/* Ends the call by an exception. @param text of C, with %d, %u or %x for each of the numbers */
__attribute__((import_module("env"), import_name("refuse"), noreturn)) void refuse(const char *text, int first,
                                                                                   int second, int third);

#define JMESSAGE(code, string) string,
static const char *const messages[] = {
#include "jerror.h"
    NULL};

static struct jpeg_decompress_struct jpeg;
static struct jpeg_error_mgr errors;
static struct jpeg_source_mgr source;
static unsigned char *content;

__attribute__((noreturn)) static void fail(j_common_ptr common) {
  const struct jpeg_error_mgr *const error = common->err;
  const int *const numbers = error->msg_parm.i;
  refuse(messages[error->msg_code], numbers[0], numbers[1], numbers[2]);
}

/* A warning (level -1) is of damaged data, which libjpeg would fill with gray. */
static void on_message(j_common_ptr common, int level) {
  if (level < 0) fail(common);
}

static void ignore(j_common_ptr common) {}
static void ignore_source(j_decompress_ptr cinfo) {}

static boolean on_end(j_decompress_ptr cinfo) { WARNMS(cinfo, JWRN_JPEG_EOF); return FALSE; }

static void skip(j_decompress_ptr cinfo, long bytes) {
  if (bytes <= 0) return;
  if ((size_t)bytes > source.bytes_in_buffer) on_end(cinfo);
  source.next_input_byte += bytes;
  source.bytes_in_buffer -= bytes;
}

/* @returns where the image's bytes go; what was there of the last image is gone */
EXPORT(input) unsigned char *input(size_t bytes) {
  memory_reset();
  content = memory_take(bytes + 16);
  if (!content) refuse("%d bytes are too many", bytes, 0, 0);
  return content;
}

static void *take(size_t bytes) {
  void *const memory = memory_take(bytes);
  if (!memory) refuse("it unfolds to more memory than there is", 0, 0, 0);
  return memory;
}

/* @returns 0 for a JPEG that is not of 8-bit gray, RGB or YCbCr */
EXPORT(open_jpeg) int open_jpeg(size_t bytes) {
  memset(&jpeg, 0, sizeof jpeg);
  memset(&errors, 0, sizeof errors);
  errors.error_exit = fail;
  errors.emit_message = on_message;
  errors.output_message = errors.reset_error_mgr = ignore;
  jpeg.err = &errors;
  jpeg_create_decompress(&jpeg);
  source = (struct jpeg_source_mgr){.next_input_byte = content,
                                    .bytes_in_buffer = bytes,
                                    .init_source = ignore_source,
                                    .fill_input_buffer = on_end,
                                    .skip_input_data = skip,
                                    .resync_to_restart = jpeg_resync_to_restart,
                                    .term_source = ignore_source};
  jpeg.src = &source;
  jpeg_read_header(&jpeg, TRUE);
  const J_COLOR_SPACE colors = jpeg.jpeg_color_space;
  return jpeg.data_precision == 8 && !jpeg.master->lossless &&
         (colors == JCS_GRAYSCALE || colors == JCS_RGB || colors == JCS_YCbCr);
}

EXPORT(jpeg_width) int jpeg_width(void) { return jpeg.image_width; }
EXPORT(jpeg_height) int jpeg_height(void) { return jpeg.image_height; }

/* Columns that the upsampling of colors mixes into those that are needed. */
#define MARGIN 2

/*
 * Of the JPEG that was opened, decoded at one `denominator`th of its size: only rows and columns (by whole blocks) that are
 * needed. What lies behind the last row is not read.
 * @param left top width height of the box, from_x from_y to_x to_y of what the filter sees: in decoded pixels
 * @returns RGB, size * size * 3 bytes
 */
EXPORT(jpeg_region) uint8_t *jpeg_region(int denominator, double left, double top, double width, double height,
                                         int from_x, int from_y, int to_x, int to_y, int size) {
  jpeg.scale_num = 1;
  jpeg.scale_denom = denominator;
  jpeg.out_color_space = JCS_EXT_RGBX;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&jpeg);
  huffman_decode(&jpeg);
  const view_t view = {left, top, width, height, from_x, from_y, to_x, to_y};
  resample_begin(&view, size);
  const int first = resample_first_column();
  const int end = resample_end_column() + MARGIN;
  JDIMENSION column = first > MARGIN ? first - MARGIN : 0;
  JDIMENSION columns = (end < (int)jpeg.output_width ? end : (int)jpeg.output_width) - column;
  jpeg_crop_scanline(&jpeg, &column, &columns);
  if (resample_first_row() > 0) jpeg_skip_scanlines(&jpeg, resample_first_row());
  uint8_t *row = take(resample_row_bytes(jpeg.output_width));
  for (int y = resample_first_row(); y < resample_end_row(); y++) {
    jpeg_read_scanlines(&jpeg, &row, 1);
    resample_row(row + 4 * (first - column));
  }
  return resample_end();
}

/* As `jpeg_region`, of an image whose pixels are the input: RGB, rows of `columns` pixels. */
EXPORT(pixels_region) uint8_t *pixels_region(int columns, double left, double top, double width, double height,
                                             int from_x, int from_y, int to_x, int to_y, int size) {
  const view_t view = {left, top, width, height, from_x, from_y, to_x, to_y};
  resample_begin(&view, size);
  const int first = resample_first_column();
  const int needed = resample_end_column() - first;
  uint8_t *rgbx = take(resample_row_bytes(needed));
  for (int y = resample_first_row(); y < resample_end_row(); y++) {
    const uint8_t *in = content + ((size_t)y * columns + first) * 3;
    for (int x = 0; x < needed; x++, in += 3) {
      rgbx[4 * x] = in[0];
      rgbx[4 * x + 1] = in[1];
      rgbx[4 * x + 2] = in[2];
    }
    resample_row(rgbx);
  }
  return resample_end();
}
