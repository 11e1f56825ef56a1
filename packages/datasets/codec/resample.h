#pragma once
#include <stddef.h>
#include <stdint.h>

/* What of an image becomes an output of `size` by `size`, in its pixels. */
typedef struct {
  double left, top, width, height; /* of the box that is scaled */
  int from_x, from_y, to_x, to_y;  /* what the filter may see: whole pixels, `to` excluded */
} view_t;

/* Makes room for the output and the filters; rows follow. */
void resample_begin(const view_t *view, int size);
/* First row that is needed, and the one after the last. */
int resample_first_row(void);
int resample_end_row(void);
int resample_first_column(void);
int resample_end_column(void);
/* Room for a row of so many pixels: vectors read and write beyond its end. */
size_t resample_row_bytes(int pixels);
/* @param rgbx the pixel in column `resample_first_column()` and on; of each row from the first needed to the last, in order */
void resample_row(const uint8_t *rgbx);
/* @returns RGB, size * size * 3 bytes */
uint8_t *resample_end(void);
