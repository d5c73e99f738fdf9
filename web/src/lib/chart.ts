import { max, min } from './amount'

/** Layout, not money: places are whole parts of 10,000 of a picture's width or height. */
export const WHOLE = 10_000

/** Where a moment lies between two. */
export const across = (at: number, from: number, to: number): number =>
  to <= from ? 0 : Math.round((Math.min(Math.max(at - from, 0), to - from) * WHOLE) / (to - from))

/** Where a value lies between two, from the top. */
export function down(value: bigint, low: bigint, high: bigint): number {
  if (high <= low) return WHOLE / 2
  const kept = max(low, min(value, high))
  return WHOLE - Number(((kept - low) * BigInt(WHOLE)) / (high - low))
}

export type Sample = { at: number; value: bigint | null }

/** Lines of what was measured, `x,y` by `x,y`; where nothing was, a line ends and another begins. */
export function linesOf(samples: readonly Sample[], from: number, to: number, low: bigint, high: bigint): string[] {
  const lines: string[] = []
  let line: string[] = []
  for (const { at, value } of samples) {
    if (value === null) {
      if (line.length > 0) lines.push(line.join(' '))
      line = []
    } else {
      line.push(`${across(at, from, to)},${down(value, low, high)}`)
    }
  }
  if (line.length > 0) lines.push(line.join(' '))
  return lines
}

/** The lowest and highest value, a tenth of their distance further apart, so that no line lies on the edge. */
export function rangeOf(values: Iterable<bigint | null>): { low: bigint; high: bigint } | null {
  let range: { low: bigint; high: bigint } | null = null
  for (const value of values) {
    if (value === null) continue
    range = range ? { low: min(range.low, value), high: max(range.high, value) } : { low: value, high: value }
  }
  if (!range) return null
  const air = (range.high - range.low) / 10n
  return { low: max(0n, range.low - air), high: range.high + air }
}

/**
 * Layers on top of each other, from the bottom: each an area `x,y` around. `shares[i][k]` is the part of layer `k` at
 * `times[i]` in basis points; a time at which some part was not measured is left out.
 */
export function layersOf(times: readonly number[], shares: readonly (readonly (number | null)[])[], count: number) {
  const from = times[0] ?? 0
  const to = times[times.length - 1] ?? from
  const known = times.flatMap((at, i) => {
    const row = shares[i] ?? []
    const parts = Array.from({ length: count }, (_, k) => row[k] ?? null)
    return parts.some((part) => part === null) ? [] : [{ x: across(at, from, to), parts: parts as number[] }]
  })
  return Array.from({ length: count }, (_, k) => {
    const at = (row: { x: number; parts: number[] }, layers: number) =>
      `${row.x},${
        WHOLE -
        Math.min(
          WHOLE,
          row.parts.slice(0, layers).reduce((sum, part) => sum + part, 0),
        )
      }`
    return [...known.map((row) => at(row, k + 1)), ...known.map((row) => at(row, k)).reverse()].join(' ')
  })
}
