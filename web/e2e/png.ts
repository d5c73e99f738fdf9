/** A PNG of few colours: a screenshot of flat surfaces keeps its looks with 256 of them, at a third of the size. */
import { deflateSync, inflateSync, crc32 } from 'node:zlib'

type Pixels = { width: number; height: number; channels: number; data: Uint8Array }

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0

/** Reads what a browser writes: eight bits a channel, with or without alpha, not interlaced. */
function decode(png: Buffer): Pixels {
  const parts: Buffer[] = []
  let [width, height, channels] = [0, 0, 0]
  for (let offset = 8; offset < png.length;) {
    const length = png.readUInt32BE(offset)
    const type = png.toString('latin1', offset + 4, offset + 8)
    const body = png.subarray(offset + 8, offset + 8 + length)
    if (type === 'IHDR') {
      width = body.readUInt32BE(0)
      height = body.readUInt32BE(4)
      channels = body[9] === 6 ? 4 : 3
      if (body[8] !== 8 || (body[9] !== 2 && body[9] !== 6) || body[12] !== 0) throw new Error('not a browser’s PNG')
    }
    if (type === 'IDAT') parts.push(body)
    offset += length + 12
  }
  const raw = inflateSync(Buffer.concat(parts))
  const line = width * channels
  const data = new Uint8Array(line * height)
  for (let y = 0; y < height; y++) {
    const filter = at(raw, y * (line + 1))
    for (let x = 0; x < line; x++) {
      const left = x >= channels ? at(data, y * line + x - channels) : 0
      const up = y > 0 ? at(data, (y - 1) * line + x) : 0
      const corner = x >= channels && y > 0 ? at(data, (y - 1) * line + x - channels) : 0
      const guess = left + up - corner
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner
      const from = [0, left, up, (left + up) >> 1, paeth][filter] ?? 0
      data[y * line + x] = (at(raw, y * (line + 1) + 1 + x) + from) & 255
    }
  }
  return { width, height, channels, data }
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

const apart = (one: number, other: number) =>
  [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0)

/**
 * The 256 colours to keep: at first the most used ones that differ visibly, so that a small mark of its own colour is not
 * crowded out by a hundred shades of the same grey; then the most used of the rest.
 */
function paletteOf(uses: ReadonlyMap<number, number>): number[] {
  const byUse = [...uses].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([value]) => value)
  const kept: number[] = []
  for (const value of byUse.slice(0, 4_000)) {
    if (kept.length < 160 && kept.every((other) => apart(value, other) > 400)) kept.push(value)
  }
  const seen = new Set(kept)
  return [...kept, ...byUse.filter((value) => !seen.has(value))].slice(0, 256)
}

/** The same picture in 256 colours; every other pixel takes the nearest of them. */
export function fewColours(png: Buffer): Buffer {
  const { width, height, channels, data } = decode(png)
  const colour = (pixel: number) =>
    (at(data, pixel * channels) << 16) | (at(data, pixel * channels + 1) << 8) | at(data, pixel * channels + 2)
  const uses = new Map<number, number>()
  for (let pixel = 0; pixel < width * height; pixel++) uses.set(colour(pixel), (uses.get(colour(pixel)) ?? 0) + 1)
  const palette = paletteOf(uses)
  const index = new Map(palette.map((value, place) => [value, place]))
  for (const value of uses.keys()) {
    if (index.has(value)) continue
    let [best, least] = [0, Infinity]
    palette.forEach((other, place) => {
      const off = apart(value, other)
      if (off < least) [best, least] = [place, off]
    })
    index.set(value, best)
  }
  const lines = Buffer.alloc((width + 1) * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    lines[Math.floor(pixel / width) * (width + 1) + 1 + (pixel % width)] = index.get(colour(pixel)) ?? 0
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap((value) => [(value >> 16) & 255, (value >> 8) & 255, value & 255]))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
