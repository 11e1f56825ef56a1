// Transforms: between maps and tiles, and of filters.
#pragma once
#include "lanes.h"

namespace winograd {
namespace {

/** Where a tile's results begin. */
struct Place { int64_t image, y, x; };

/** Calls f(index, place) for each of the tiles. */
template <class F>
inline void eachTile(const Maps& maps, Tiles tiles, F f) {
  const int64_t down = maps.down(), across = maps.across(), row = tiles.first / across;
  Place place{row / down, 2 * (row % down), 2 * (tiles.first % across)};
  for (int64_t t = 0; t < tiles.count; t++) {
    f(t, place);
    if ((place.x += 2) < 2 * across) continue;
    place.x = 0;
    if ((place.y += 2) < 2 * down) continue;
    place.y = 0;
    place.image++;
  }
}

/** out = Bᵀ d B */
inline void transform(const Lanes (&d)[4][4], float* to, int64_t part) {
  Lanes rows[4][4];
  for (int b = 0; b < 4; b++) {
    rows[0][b] = d[0][b] - d[2][b];
    rows[1][b] = d[1][b] + d[2][b];
    rows[2][b] = d[2][b] - d[1][b];
    rows[3][b] = d[1][b] - d[3][b];
  }
  for (int a = 0; a < 4; a++) {
    const Lanes(&r)[4] = rows[a];
    const Lanes out[4] = {r[0] - r[2], r[1] + r[2], r[2] - r[1], r[1] - r[3]};
    for (int b = 0; b < 4; b++) store(to + (4 * a + b) * part, out[b]);
  }
}

/** Transforms one tile; at(row, column) is where its input's channels lie. */
template <class At>
inline void transformTile(int64_t place, Transformed v, At at) {
  const int64_t part = v.part();
  for (int64_t c = 0; c < v.channels; c += kLanes) {
    Lanes d[4][4];
    for (int a = 0; a < 4; a++)
      for (int b = 0; b < 4; b++) d[a][b] = load(at(a, b, c));
    transform(d, v.values + (c / kBlock * v.capacity + place) * kBlock + c % kBlock, part);
  }
}

void transformInput(const Maps& maps, Tiles tiles, const float* x, Transformed v, int64_t from) {
  const int64_t channels = maps.channels, row = maps.width * channels;
  eachTile(maps, tiles, [&](int64_t t, Place place) {
    const int64_t top = place.y - maps.above, left = place.x - maps.before;
    const float* first = x + (place.image * maps.height + top) * row + left * channels;
    const bool inside = top >= 0 && left >= 0 && top + 4 <= maps.height && left + 4 <= maps.width;
    if (inside) return transformTile(from + t, v, [=](int a, int b, int64_t c) { return first + a * row + b * channels + c; });
    bool within[4][4];
    for (int a = 0; a < 4; a++)
      for (int b = 0; b < 4; b++)
        within[a][b] = top + a >= 0 && top + a < maps.height && left + b >= 0 && left + b < maps.width;
    transformTile(from + t, v, [&](int a, int b, int64_t c) {
      return within[a][b] ? first + a * row + b * channels + c : kZeros;
    });
  });
}

/** Z = A dy Aᵀ. What lies behind the map's edge has no gradient. */
void transformGradient(const Maps& maps, Tiles tiles, const float* dy, Transformed z, int64_t from) {
  const int64_t channels = maps.outChannels, row = maps.outWidth * channels, part = z.part();
  eachTile(maps, tiles, [&](int64_t t, Place place) {
    const float* first = dy + (place.image * maps.outHeight + place.y) * row + place.x * channels;
    const bool below = place.y + 1 < maps.outHeight, beside = place.x + 1 < maps.outWidth;
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Lanes d00 = load(first + c), d01 = load(beside ? first + channels + c : kZeros);
      const Lanes d10 = load(below ? first + row + c : kZeros);
      const Lanes d11 = load(below && beside ? first + row + channels + c : kZeros);
      const Lanes rows[4][2] = {{d00, d01}, {d00 + d10, d01 + d11}, {d00 - d10, d01 - d11}, {-d10, -d11}};
      float* to = z.values + (c / kBlock * z.capacity + from + t) * kBlock + c % kBlock;
      for (int a = 0; a < 4; a++) {
        const Lanes(&r)[2] = rows[a];
        const Lanes out[4] = {r[0], r[0] + r[1], r[0] - r[1], -r[1]};
        for (int b = 0; b < 4; b++) store(to + (4 * a + b) * part, out[b]);
      }
    }
  });
}

/** y = Aᵀ m A for `width` channels from `channel` on. m [16, capacity, width], a line more between the sixteen parts. */
inline void finishTiles(const Maps& maps, Tiles tiles, const float* m, int64_t part, int64_t channel, int64_t width, float* y) {
  const int64_t channels = maps.outChannels, row = maps.outWidth * channels;
  eachTile(maps, tiles, [&](int64_t t, Place place) {
    float* first = y + (place.image * maps.outHeight + place.y) * row + place.x * channels + channel;
    const bool below = place.y + 1 < maps.outHeight, beside = place.x + 1 < maps.outWidth;
    for (int64_t c = 0; c < width; c += kLanes) {
      const float* from = m + t * width + c;
      Lanes rows[2][4];
      for (int b = 0; b < 4; b++) {
        const Lanes m1 = load(from + (4 + b) * part), m2 = load(from + (8 + b) * part);
        rows[0][b] = load(from + b * part) + (m1 + m2);
        rows[1][b] = (m1 - m2) - load(from + (12 + b) * part);
      }
      for (int a = 0; a < (below ? 2 : 1); a++) {
        const Lanes(&r)[4] = rows[a];
        store(first + a * row + c, r[0] + (r[1] + r[2]));
        if (beside) store(first + a * row + channels + c, (r[1] - r[2]) - r[3]);
      }
    }
  });
}

/** Four from three: G of a row or a column. */
inline void spread(Lanes g0, Lanes g1, Lanes g2, Lanes (&to)[4]) {
  const Lanes outer = (g0 + g2) * 0.5f, inner = g1 * 0.5f;
  to[0] = g0;
  to[1] = outer + inner;
  to[2] = outer - inner;
  to[3] = g2;
}

/** Three from four: Gᵀ of a row or a column. */
inline void gather(const Lanes (&u)[4], Lanes (&to)[3]) {
  const Lanes sum = (u[1] + u[2]) * 0.5f;
  to[0] = u[0] + sum;
  to[1] = (u[1] - u[2]) * 0.5f;
  to[2] = sum + u[3];
}

/** G g Gᵀ of kLanes filters that lie side by side. to [16][16][16]: element, one channel, the other one. */
inline void transformLanes(const float* g, const Filter& filter, float (*to)[kBlock][kBlock], int64_t line, int64_t lane) {
  Lanes columns[3][4], out[4];
  for (int b = 0; b < 3; b++) {
    const float* p = g + b * filter.column;
    spread(load(p), load(p + filter.row), load(p + 2 * filter.row), columns[b]);
  }
  for (int a = 0; a < 4; a++) {
    spread(columns[0][a], columns[1][a], columns[2][a], out);
    for (int b = 0; b < 4; b++) store(&to[4 * a + b][line][lane], out[b]);
  }
}

/**
 * Panels of `panel` channels of the output, the last one perhaps narrower: [16][out / panel][in][panel]. For the channels from
 * `o` to `end`, whole panels.
 */
inline void transformFilterTo(int64_t panel, const Filter& filter, int64_t in, int64_t out, int64_t o, int64_t end, float* u) {
  const bool alongIn = filter.in == 1;
  const int64_t across = alongIn ? filter.out : filter.in;
  float block[kElements][kBlock][kBlock];
  for (; o < end; o += kBlock) {
    for (int64_t i = 0; i < in; i += kBlock) {
      const float* first = filter.values + i * filter.in + o * filter.out;
      for (int64_t line = 0; line < kBlock; line++)
        for (int64_t lane = 0; lane < kBlock; lane += kLanes)
          transformLanes(first + line * across + lane, filter, block, line, lane);
      for (int64_t element = 0; element < kElements; element++) {
        for (int64_t lane = 0; lane < kBlock; lane += std::min(panel, kBlock)) {
          const int64_t start = (o + lane) / panel * panel, width = std::min(panel, out - start);
          const int64_t count = std::min(width, kBlock);
          float* to = u + element * in * out + start * in + i * width + (o + lane - start);
          for (int64_t k = 0; k < kBlock; k++)
            for (int64_t j = 0; j < count; j++)
              to[k * width + j] = alongIn ? block[element][lane + j][k] : block[element][k][lane + j];
        }
      }
    }
  }
}

void finishFilter(const float* sums, int64_t in, int64_t outs, int64_t out, int64_t end, float* dg) {
  const int64_t part = in * outs;
  for (; out < end; out++) {
    for (int64_t i = 0; i < in; i += kLanes) {
      const float* from = sums + out * in + i;
      float* to = dg + 9 * out * in + i;
      Lanes columns[4][3], rows[3];
      for (int b = 0; b < 4; b++) {
        const Lanes u[4] = {load(from + b * part), load(from + (4 + b) * part), load(from + (8 + b) * part),
                            load(from + (12 + b) * part)};
        gather(u, columns[b]);
      }
      for (int a = 0; a < 3; a++) {
        gather({columns[0][a], columns[1][a], columns[2][a], columns[3][a]}, rows);
        for (int b = 0; b < 3; b++) store(to + (3 * a + b) * in, rows[b]);
      }
    }
  }
}

}  // namespace
}  // namespace winograd
