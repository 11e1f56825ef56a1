/*
 * The blocks of a baseline JPEG with one scan, with the coefficients that jdhuff.c reads, in two thirds of its time, which was
 * half of a decoding's: one look at the next bits gives two coefficients, their runs and values. Before that the scan is laid
 * out backwards and without its stuffing, so that one load has the next eight bytes in their order.
 */
#define JPEG_INTERNALS
#include "huffman.h"
#include "jinclude.h"
#include "jerror.h"
#include <wasm_simd128.h>

#define AHEAD 11 /* bits that are looked at */
#define MOST 31  /* bits of one coefficient: 16 of its code, 15 of its value */
#define LAST (DCTSIZE2 - 1)
#define END 128   /* advance of what ends a block */
#define LONG LAST /* of what is longer than the bits that are looked at: no block has room for it */

/* Bits that it takes, by how much the place in the block advances to it, value. */
typedef struct {
  uint8_t length, advance;
  int16_t value;
} coefficient_t;

/* Two that follow each other; length and advance are both's. Where only one fits the bits it is there twice. */
typedef struct {
  uint8_t length, advance, first_advance;
  int16_t first_value, second_value;
} pair_t;

typedef struct {
  const JHUFF_TBL *code;
  coefficient_t singles[1 << AHEAD]; /* advance 0: longer, the value is the symbol; length 0: the code, too */
  pair_t pairs[1 << AHEAD];          /* advance LONG: longer */
  uint32_t ends[17];                 /* the code behind the last of each length, as 16 bits */
  int first[17];                     /* index of a length's first symbol, less its code */
} table_t;

/* Where the scan is read, which lies from `top` down to `bottom`, with zeros below. */
typedef struct {
  const uint8_t *next; /* the lowest of the eight bytes that follow */
  uint64_t bits;       /* that are read and not used, from the highest on */
  int count;           /* of them */
} reader_t;

static table_t dc_tables[NUM_HUFF_TBLS], ac_tables[NUM_HUFF_TBLS];
static reader_t scan;
static const uint8_t *top, *bottom;
static int ends_in_marker;
static uint32_t predictions[MAX_COMPS_IN_SCAN];
static JDIMENSION column; /* of the next MCU */

/* @param extra the bits behind the code, which say the value; length the code's */
static inline coefficient_t coefficient(int symbol, int extra, int length) {
  const int run = symbol >> 4, size = symbol & 15;
  if (size == 0) return (coefficient_t){length, run == 15 ? 16 : END, 0};
  const int value = extra >> (size - 1) ? extra : extra - (1 << size) + 1;
  return (coefficient_t){length + size, run + 1, value};
}

static void fill_singles(table_t *table, const JHUFF_TBL *code) {
  table->code = code;
  memset(table->singles, 0, sizeof table->singles);
  uint32_t next = 0;
  int index = 0;
  for (int length = 1; length <= 16; length++, next <<= 1) {
    table->first[length] = index - (int)next;
    for (int i = 0; i < code->bits[length]; i++, index++, next++) {
      if (length > AHEAD) continue;
      const int symbol = code->huffval[index], size = symbol & 15, rest = AHEAD - length - size;
      coefficient_t *single = table->singles + (next << (AHEAD - length));
      if (rest < 0)
        for (int j = 0; j < 1 << (AHEAD - length); j++) *single++ = (coefficient_t){length, 0, symbol};
      else
        for (int extra = 0; extra < 1 << size; extra++)
          for (int j = 0; j < 1 << rest; j++) *single++ = coefficient(symbol, extra, length);
    }
    table->ends[length] = next << (16 - length);
  }
}

static void fill_pairs(table_t *table) {
  for (uint32_t i = 0; i < 1 << AHEAD; i++) {
    const coefficient_t one = table->singles[i], two = table->singles[i << one.length & ((1 << AHEAD) - 1)];
    const int length = one.length + two.length, advance = one.advance + two.advance;
    if (one.advance == 0)
      table->pairs[i] = (pair_t){0, LONG, LONG, 0, 0};
    else if (one.advance == END || two.advance == 0 || length > AHEAD)
      table->pairs[i] = (pair_t){one.length, one.advance, one.advance, one.value, one.value};
    else
      table->pairs[i] = (pair_t){length, advance, one.advance, one.value, two.value};
  }
}

static void lay_out(j_decompress_ptr jpeg) {
  const uint8_t *from = jpeg->src->next_input_byte;
  const size_t bytes = jpeg->src->bytes_in_buffer;
  uint8_t *end = (uint8_t *)from + bytes;
  end[0] = 0xff, end[1] = JPEG_EOI; /* for what has no end */
  uint8_t *to = (uint8_t *)jpeg->mem->alloc_large((j_common_ptr)jpeg, JPOOL_IMAGE, bytes + 48) + bytes + 48;
  top = to;
  for (;;) {
    const v128_t next = wasm_v128_load(from);
    wasm_v128_store(to - 16, wasm_i8x16_shuffle(next, next, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    const uint32_t marks = wasm_i8x16_bitmask(wasm_i8x16_eq(next, wasm_i8x16_splat(-1)));
    const int plain = marks ? __builtin_ctz(marks) : 16;
    from += plain, to -= plain;
    if (!marks) continue;
    while (*++from == 0xff) {}
    if (*from++ != 0) break;
    *--to = 0xff;
  }
  bottom = to;
  ends_in_marker = from <= end;
  wasm_v128_store(to - 16, wasm_i8x16_splat(0));
  scan = (reader_t){.next = top - 8};
}

static inline void refill(j_decompress_ptr jpeg, reader_t *in) {
  if (in->next < bottom - 16) WARNMS(jpeg, JWRN_HIT_MARKER);
  uint64_t next;
  __builtin_memcpy(&next, in->next, 8);
  in->bits |= next >> in->count;
  in->next -= (63 - in->count) >> 3;
  in->count |= 56;
}

static inline void use(reader_t *in, int length) {
  in->bits <<= length;
  in->count -= length;
}

/* What is longer than the bits that are looked at. */
static __attribute__((noinline)) coefficient_t long_coefficient(j_decompress_ptr jpeg, const table_t *table,
                                                                uint64_t bits) {
  const coefficient_t known = table->singles[bits >> (64 - AHEAD)];
  int length = known.length, symbol = known.value;
  if (length == 0) {
    const uint32_t code = bits >> 48;
    for (length = AHEAD + 1; length <= 16 && code >= table->ends[length];) length++;
    if (length > 16) WARNMS(jpeg, JWRN_HUFF_BAD_CODE);
    symbol = table->code->huffval[(int)(code >> (16 - length)) + table->first[length]];
  }
  const int size = symbol & 15;
  return coefficient(symbol, size ? (int)(bits << length >> (64 - size)) : 0, length);
}

static inline coefficient_t read_one(j_decompress_ptr jpeg, const table_t *table, reader_t *in) {
  if (in->count < MOST) refill(jpeg, in);
  coefficient_t one = table->singles[in->bits >> (64 - AHEAD)];
  if (one.advance == 0) one = long_coefficient(jpeg, table, in->bits);
  use(in, one.length);
  return one;
}

/* All but the first of a block; jpeg_natural_order goes on behind its end, for damaged ones. @param block NULL: unneeded */
static inline __attribute__((always_inline)) void read_block(j_decompress_ptr jpeg, const table_t *table, reader_t *in,
                                                             JCOEF *block) {
  for (int place = 0; place < LAST;) {
    if (in->count < AHEAD) refill(jpeg, in);
    const pair_t pair = table->pairs[in->bits >> (64 - AHEAD)];
    const int first = place + pair.first_advance, second = place + pair.advance;
    if (second < LAST) {
      use(in, pair.length);
      if (block) {
        block[jpeg_natural_order[first]] = pair.first_value;
        block[jpeg_natural_order[second]] = pair.second_value;
      }
      place = second;
    } else if (second >= END && (first < LAST || first >= END)) {
      use(in, pair.length);
      if (block && first < LAST) block[jpeg_natural_order[first]] = pair.first_value;
      return;
    } else { /* it is long, or the last: what follows is another block's */
      const coefficient_t one = read_one(jpeg, table, in);
      place += one.advance;
      if (block && place < END) block[jpeg_natural_order[place]] = one.value;
    }
  }
}

/* One MCU, as decode_mcu of jdhuff.c. @param blocks zeroed; NULL where none is needed */
static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *blocks) {
  const int is_needed = blocks && column >= jpeg->master->first_iMCU_col && column <= jpeg->master->last_iMCU_col;
  column = column + 1 < jpeg->MCUs_per_row ? column + 1 : 0;
  reader_t in = scan;
  for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
    const int ci = jpeg->MCU_membership[i];
    const jpeg_component_info *component = jpeg->cur_comp_info[ci];
    const table_t *ac = &ac_tables[component->ac_tbl_no];
    predictions[ci] += read_one(jpeg, &dc_tables[component->dc_tbl_no], &in).value;
    if (is_needed) blocks[i][0][0] = predictions[ci];
    if (is_needed && component->DCT_scaled_size > 1)
      read_block(jpeg, ac, &in, blocks[i][0]);
    else
      read_block(jpeg, ac, &in, NULL);
  }
  scan = in;
  const int64_t unread = 8 * (int64_t)(in.next + 8 - bottom) + in.count;
  if (unread < 0) WARNMS(jpeg, JWRN_HIT_MARKER);
  if (unread < 57 && !ends_in_marker) WARNMS(jpeg, JWRN_JPEG_EOF); /* as jdhuff.c, which reads so far ahead */
  return TRUE;
}

void huffman_decode(j_decompress_ptr jpeg) {
  if (jpeg->progressive_mode || jpeg->arith_code || jpeg->restart_interval || jpeg->inputctl->has_multiple_scans)
    return;
  for (int i = 0; i < NUM_HUFF_TBLS; i++) dc_tables[i].code = ac_tables[i].code = NULL;
  for (int ci = 0; ci < jpeg->comps_in_scan; ci++) {
    const int dc = jpeg->cur_comp_info[ci]->dc_tbl_no, ac = jpeg->cur_comp_info[ci]->ac_tbl_no;
    if (!dc_tables[dc].code) fill_singles(&dc_tables[dc], jpeg->dc_huff_tbl_ptrs[dc]);
    if (!ac_tables[ac].code) fill_singles(&ac_tables[ac], jpeg->ac_huff_tbl_ptrs[ac]), fill_pairs(&ac_tables[ac]);
    predictions[ci] = 0;
  }
  column = 0;
  lay_out(jpeg);
  jpeg->entropy->decode_mcu = decode_mcu;
}
